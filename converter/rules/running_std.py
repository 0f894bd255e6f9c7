"""BatchNormalization of the first releases of Keras 1.

What it sees: BatchNormalization in files of Keras 1.0 to 1.0.7. A file that names no version is
from before 1.0.4.

Why it matters: its last weight is called running_std. Up to 1.0.5, and in 1.0.6 on Theano, it is a
standard deviation, to which epsilon is added; in 1.0.7 on Theano epsilon is added to the root of
the variance. Everything later takes the root of variance and epsilon together. No error says so.

What kfix changes: the variance becomes the one whose root, with epsilon, is what the layer divided
by.

Links: https://github.com/keras-team/keras/releases/tag/1.0.8
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from converter.layouts.floats import narrowed, widened
from converter.model.description import Array, Layer, Weight, Writer
from converter.model.findings import Severity
from converter.rules._asking import which_backend
from converter.rules.base import Change, Context, Rule, Stage

SETTLED = (1, 0, 8)
NAME = "moving_variance"


def rewrite(layer: Layer, context: Context) -> Change | None:
    """The layer with the variance that Keras 3 needs."""
    divisor = _divisor(context.writer)
    epsilon = layer.config.get("epsilon")
    if divisor is None or layer.config.get("mode", 0) != 0:
        return None
    message = f"{layer.class_name} of Keras {context.writer.label or '1.0'} keeps no variance"
    if not isinstance(epsilon, (int, float)) or context.writer.backend == "":
        remedy = which_backend(context.writer)
        return Change(Severity.REFUSED, message, remedy=remedy)
    weights = tuple(
        _variance(each, divisor, float(epsilon)) if each.name == NAME else each
        for each in layer.weights
    )
    new = replace(layer, weights=weights)
    return Change(Severity.SILENT, message, (new,), "its variance is computed")


def _divisor(writer: Writer) -> Callable[[Array, float], Array] | None:
    """What the layer divided by, of its last weight and epsilon; None where that is as today."""
    if writer.version[:3] >= SETTLED or (
        writer.version >= (1, 0, 6) and writer.backend != "theano"
    ):
        return None
    if writer.version[:3] == (1, 0, 7):
        return lambda variance, epsilon: np.sqrt(variance) + epsilon
    return lambda deviation, epsilon: deviation + epsilon


def _variance(weight: Weight, divisor: Callable[[Array, float], Array], epsilon: float) -> Weight:
    def compute(values: Array) -> Array:
        return narrowed(divisor(widened(values), epsilon) ** 2 - epsilon, values)

    return weight.map(compute)


RULE = Rule(
    code="KF217",
    stage=Stage.MEANING,
    summary="BatchNormalization before Keras 1.0.8 kept a deviation, or added epsilon elsewhere",
    generations=frozenset({1}),
    classes=frozenset({"BatchNormalization"}),
    layer=rewrite,
)
