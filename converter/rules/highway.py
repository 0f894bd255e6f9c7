"""Highway.

What it sees: Highway of Keras 1, which Keras 2 kept up to 2.3.

Why Keras 3 trips: "Unknown layer: Highway".

What kfix changes: writes it as a model of stock layers: one Dense computes what is new, another
with a sigmoid how much of it counts, a Rescaling how much of the input, and Multiply and Add put
them together.

Links: https://arxiv.org/abs/1505.00387
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from converter.model.building import GraphBuilder
from converter.model.description import Layer, TensorRef
from converter.model.findings import Severity
from converter.rules._removed import is_the_users, not_kerass
from converter.rules.base import Change, Context, Rule, Stage
from converter.rules.keras1_words import ARGUMENTS

OF_KERNEL = tuple(
    f"{weight}_{what}"
    for weight in ("kernel", "bias")
    for what in ("initializer", "regularizer", "constraint")
)
"""What regularized the layer; the carry had none of it."""


def rewrite(layer: Layer, context: Context) -> Change | None:
    """The layer as a small model."""
    if is_the_users(layer, context):
        return None
    if other := not_kerass(layer, ("W", "W_carry")):
        return other
    message = f"{layer.class_name} was removed from Keras"
    if not layer.weights:
        remedy = "Its file does not hold its weights."
        return Change(Severity.REFUSED, message, remedy=remedy)
    config = {ARGUMENTS.get(key, key): value for key, value in layer.config.items()}
    weights = {weight.name: weight for weight in layer.weights}
    units = weights["W"].shape[1]
    graph = GraphBuilder(layer.name)
    x = graph.input((None, units))

    def dense(suffix: str, **more: Any) -> TensorRef:
        named = (("kernel", f"W{suffix}"), ("bias", f"b{suffix}"))
        own = [replace(weights[old], name=new) for new, old in named if old in weights]
        return graph.layer("Dense", x, weights=own, units=units, use_bias=len(own) == 2, **more)

    kept = {key: config[key] for key in (*OF_KERNEL, "activation") if key in config}
    new = dense("", inner=layer.inner, **kept)
    share = dense("_carry", activation="sigmoid")
    left = graph.layer("Rescaling", share, scale=-1.0, offset=1.0)
    parts = [graph.layer("Multiply", [new, share]), graph.layer("Multiply", [left, x])]
    model = graph.instead_of(layer, graph.layer("Add", parts))
    return Change(Severity.BREAKS, message, (model,), "written as a model of stock layers")


RULE = Rule(
    code="KF153",
    stage=Stage.CLASSES,
    summary="Highway is a model of stock layers today",
    generations=frozenset({1, 2}),
    classes=frozenset({"Highway"}),
    layer=rewrite,
)
