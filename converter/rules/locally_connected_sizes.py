"""LocallyConnected2D whose weights do not say how large its output is.

What it sees: such a layer without a bias, whose kernel has one axis for all rows and columns.

Why it matters: 12 positions may be 3 by 4 or 2 by 6. Keras 2 knew it from the input; what stands
for the layer today has to know it too.

What kfix changes: notes the layer's input shape, which follows from the model's input and the
layers in between, as far as those are convolutions, poolings, paddings and layers that leave shapes
as they are. ``locally-connected`` reads it. What can't be followed is left to be refused there.

Links: https://github.com/keras-team/keras/blob/2.2.4/keras/layers/local.py
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import prod

from converter.model.description import Layer, Model, TensorRef
from converter.model.findings import Severity
from converter.rules._input_shapes import ELEMENTWISE, length_behind
from converter.rules.base import Context, ModelChange, Rule, Stage
from converter.rules.theano_padding import numbers

CLASS = "LocallyConnected2D"
SAME = ELEMENTWISE | {"BatchNormalization", "LayerNormalization", "PReLU", "Softmax", "Dense"}
"""Layers behind which rows and columns are as many as in front; Dense is none of channels first."""
MOVING = ("Conv2D", "SeparableConv2D", "DepthwiseConv2D", "MaxPooling2D", "AveragePooling2D") + (
    *("ZeroPadding2D", "Cropping2D", "UpSampling2D"),
    CLASS,
)

Lengths = tuple[int, int]


def note(model: Model, context: Context) -> Iterator[ModelChange]:
    """Gives each such layer the shape of its input."""
    for layer in model.layers:
        if layer.class_name != CLASS or len(layer.weights) != 1 or layer.build_config:
            continue
        lengths = _before(model, layer, _is_first(layer))
        if lengths is None:
            continue
        kernel = layer.weights[0].shape
        channels = kernel[1] // prod(numbers(layer.config.get("kernel_size"), 2))
        shape = (channels, *lengths) if _is_first(layer) else (*lengths, channels)
        new = replace(layer, build_config={"input_shape": [None, *shape]})
        layers = tuple(new if each is layer else each for each in model.layers)
        model = replace(model, layers=layers)
        message = f"{CLASS} has no bias that says how large its output is"
        remedy = f"its input has {lengths[0]} rows and {lengths[1]} columns"
        yield ModelChange(Severity.NOTICE, message, model, remedy, layer.name)


def _is_first(layer: Layer) -> bool:
    return layer.config.get("data_format") == "channels_first"


def _before(model: Model, layer: Layer, first: bool) -> Lengths | None:
    """Rows and columns of what a layer gets."""
    source = _source(model, layer)
    return None if source is None else _behind(model, source, first)


def _source(model: Model, layer: Layer) -> Layer | None:
    """The layer whose only output another one gets in its first call."""
    if model.kind == "sequential":
        index = model.layers.index(layer)
        return model.layers[index - 1] if index else None
    given = layer.calls[0].args[0] if layer.calls and layer.calls[0].args else None
    if not isinstance(given, TensorRef) or given.call:
        return None
    return next((each for each in model.layers if each.name == given.layer), None)


def _behind(model: Model, layer: Layer, first: bool) -> Lengths | None:
    if layer.class_name == "InputLayer":
        shape = layer.config.get("batch_shape") or layer.config.get("batch_input_shape")
        if not isinstance(shape, list | tuple) or len(shape) != 4:
            return None
        rows, columns = shape[2:] if first else shape[1:3]
        return (rows, columns) if rows and columns else None
    known = layer.class_name in SAME and not (first and layer.class_name == "Dense")
    moving = layer.class_name in MOVING and _is_first(layer) == first
    lengths = _before(model, layer, first) if known or moving else None
    if lengths is None or known:
        return lengths
    rows, columns = (length_behind(layer, axis, lengths[axis]) for axis in range(2))
    return rows, columns


RULE = Rule(
    code="KF149",
    stage=Stage.CLASSES,
    summary="how large the output of a LocallyConnected2D without a bias is",
    generations=frozenset({1, 2}),
    model=note,
)
