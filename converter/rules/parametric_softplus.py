"""ParametricSoftplus.

What it sees: the activation ``alpha * softplus(beta * x)`` of Keras 1, with an alpha and a beta for
each feature.

Why Keras 3 trips: "Unknown layer: ParametricSoftplus". Keras 2 dropped it too.

What kfix changes: writes it as two EinsumDense that multiply by beta, with a softplus, and by
alpha. One that shares its numbers along all axes, and one that hands on a mask, are refused.

Links: https://arxiv.org/abs/1508.04035
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from converter.model.description import Model, TensorRef, Weight
from converter.rules._learned_activations import Features, as_graph
from converter.rules._rebuilding import rebuilt
from converter.rules.base import Context, ModelChange, Rule, Stage


def rewrite(model: Model, context: Context) -> Iterator[ModelChange]:
    """Writes each such layer as a small model."""
    return rebuilt(model, context, as_graph("ParametricSoftplus", 2, _softplus))


def _softplus(x: Features, weights: Mapping[str, Weight]) -> TensorRef:
    inside = x.scaled(weights["betas"], activation="softplus")
    return inside.scaled(weights["alphas"]).tensor


RULE = Rule(
    code="KF154",
    stage=Stage.MEANING,
    summary="ParametricSoftplus is a model of stock layers today",
    generations=frozenset({1}),
    model=rewrite,
)
