"""WeightNormalization of TensorFlow Addons.

What it sees: the wrapper, around a layer with a kernel or a recurrent layer.

Why Keras 3 trips: "Unknown layer: 'Addons>WeightNormalization'".

What kfix changes: writes the layer inside, with the kernel that the wrapper gave it: the direction
``v`` times ``g`` over its length. Training goes on with that kernel, no more with length and
direction apart. A wrapper that never saw data took the length of its kernel at its first call,
which leaves the kernel as it is; one with ``data_init`` took it from its first batch, so nobody can
say what it computes, and nothing is written.

Links: https://arxiv.org/abs/1602.07868
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from converter.errors import NotExactError
from converter.layouts.addons import held_index
from converter.layouts.combining import of_several
from converter.layouts.floats import narrowed, widened
from converter.model.description import Array, Layer
from converter.model.findings import Severity
from converter.rules._addons import name_in_addons, of_addons, was_in_addons
from converter.rules.base import Change, Context, Rule, Stage


def rewrite(layer: Layer, context: Context) -> Change | None:
    """The layer inside, with the normalised kernel."""
    name = name_in_addons(layer, context)
    if not name:
        return None
    message = was_in_addons(name)
    inner = layer.inner.get("layer")
    weights = {weight.name: weight for weight in layer.weights}
    if inner is None or not inner.weights or not {"g", "initialized"} <= set(weights):
        remedy = "Its file does not hold its weights."
        return Change(Severity.REFUSED, message, remedy=remedy)
    index = held_index(layer)
    held = inner.weights[index]
    parts = [held, weights["g"], weights["initialized"]]
    normalised = _by_data(layer) if layer.config.get("data_init", True) else _normalised
    kernel = of_several(held.name, parts, normalised, held.shape)
    inner = replace(
        inner,
        name=layer.name,
        calls=layer.calls,
        weights=(*inner.weights[:index], kernel, *inner.weights[index + 1 :]),
    )
    if layer.config.get("trainable") is False:
        inner = inner.with_config(trainable=False)
    remedy = f"written as {inner.class_name} with the normalised kernel"
    return Change(Severity.BREAKS, message, (inner,), remedy)


def _normalised(direction: Array, length: Array, initialized: Array) -> Array:
    if not initialized:
        return direction
    values = widened(direction)
    square = np.sum(values**2, axis=tuple(range(values.ndim - 1)), keepdims=True)
    # The limit is that of TensorFlow's l2_normalize.
    return narrowed(values / np.sqrt(np.maximum(square, 1e-12)) * widened(length), direction)


def _by_data(layer: Layer) -> Callable[[Array, Array, Array], Array]:
    def normalised(direction: Array, length: Array, initialized: Array) -> Array:
        if not initialized:
            raise NotExactError(
                f"{layer.name} (WeightNormalization) takes its weights from the first batch that "
                "it gets, and it never got one",
                "Call the original model on data once and save it again.",
            )
        return _normalised(direction, length, initialized)

    return normalised


RULE = Rule(
    code="KF172",
    stage=Stage.CLASSES,
    summary="WeightNormalization of TensorFlow Addons",
    generations=frozenset({2}),
    classes=of_addons("WeightNormalization"),
    layer=rewrite,
)
