"""SReLU.

What it sees: the S-shaped ReLU of Keras 1: linear in the middle, with another slope below and above
thresholds that are learned for each feature.

Why Keras 3 trips: "Unknown layer: SReLU". Keras 2 dropped it too.

What kfix changes: writes it as a sum of stock layers: the input, and for each side an EinsumDense
with a ReLU that says how far the input is beyond the threshold, and one that multiplies this by
what the slope is more than 1. On Theano a falling slope on the left was cut at the right threshold,
which takes one more. One that shares its numbers along all axes, and one that hands on a
mask, are refused.

Links: https://arxiv.org/abs/1512.07030
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from converter.layouts.combining import constant, of_several
from converter.layouts.floats import narrowed, widened
from converter.model.description import Array, Model, TensorRef, Weight
from converter.rules._learned_activations import Features, as_graph
from converter.rules._rebuilding import rebuilt
from converter.rules.base import Context, ModelChange, Rule, Stage


def rewrite(model: Model, context: Context) -> Iterator[ModelChange]:
    """Writes each such layer as a small model."""
    on_theano = context.writer.backend == "theano"
    build = _s_relu_of_theano if on_theano else _s_relu
    return rebuilt(model, context, as_graph("SReLU", 4, build))


def _s_relu(x: Features, weights: Mapping[str, Weight]) -> TensorRef:
    left, right = weights["t_left"], weights["t_right"]
    minus, plus = (constant("kernel", sign, left.shape, left.dtype) for sign in (-1.0, 1.0))
    behind = of_several("bias", [left, right], _minus_right_threshold, left.shape)
    below = x.scaled(minus, left, activation="relu")
    above = x.scaled(plus, behind, activation="relu")
    parts = [
        x,
        below.scaled(weights["a_left"].map(lambda slope: 1 - slope)),
        above.scaled(weights["a_right"].map(lambda slope: slope - 1)),
    ]
    return x.graph.layer("Add", [each.tensor for each in parts])


def _s_relu_of_theano(x: Features, weights: Mapping[str, Weight]) -> TensorRef:
    """There the part on the left goes no higher than the right threshold either."""
    left, right = weights["t_left"], weights["t_right"]
    minus, plus = (constant("kernel", sign, left.shape, left.dtype) for sign in (-1.0, 1.0))
    behind = of_several("bias", [left, right], _minus_right_threshold, left.shape)
    below = x.scaled(minus, left, activation="relu")
    leaky = below.scaled(weights["a_left"].map(lambda slope: 1 - slope))
    bent = replace(x, tensor=x.graph.layer("Add", [x.tensor, leaky.tensor]))
    too_high = bent.scaled(plus, behind, activation="relu").scaled(minus)
    above = x.scaled(plus, behind, activation="relu").scaled(weights["a_right"])
    return x.graph.layer("Add", [bent.tensor, too_high.tensor, above.tensor])


def _minus_right_threshold(left: Array, right: Array) -> Array:
    """The right threshold was stored by its distance from the left one, with any sign."""
    return narrowed(-(widened(left) + np.abs(widened(right))), left)


RULE = Rule(
    code="KF155",
    stage=Stage.MEANING,
    summary="SReLU is a model of stock layers today",
    generations=frozenset({1}),
    model=rewrite,
)
