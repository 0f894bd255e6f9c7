"""Transposed convolutions whose output padding shows in the shapes of a file.

What it sees: Conv1D/2D/3DTranspose of Keras 3 before 3.15, which does not save ``output_padding``,
in front of a layer for which the file records the shape of its input.

Why it matters: read without it, the output is shorter, also by the writer's own reader. Models in
which a later layer depends on the length do not load; others compute something else.

What kfix changes: the output padding is computed from the shapes before and behind the layer. It is
refused where they show it on some axes only.

Links: https://keras.io/api/layers/convolution_layers/convolution2d_transpose/
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from converter.model.description import Json, Layer, Model, TensorRef
from converter.model.findings import Severity
from converter.rules.base import Context, ModelChange, Rule, Stage
from converter.rules.theano_padding import numbers

RANKS = {"Conv1DTranspose": 1, "Conv2DTranspose": 2, "Conv3DTranspose": 3}


def fill_in(model: Model, context: Context) -> Iterator[ModelChange]:
    """Gives each such layer of one graph the padding that the shapes show."""
    for index, layer in enumerate(model.layers):
        rank = RANKS.get(layer.class_name)
        if rank is None or "output_padding" in layer.config:
            continue
        given = _lengths(layer, _received(layer), rank)
        made = _lengths(layer, _made(model, index), rank)
        padding = _padding(layer, given, made) if given and made else None
        if padding is None:
            continue
        message = f"{layer.class_name} does not say its output padding, but shapes in the file do"
        if any(each is None or each < 0 for each in padding):
            remedy = "They leave some axes open."
            yield ModelChange(Severity.REFUSED, message, remedy=remedy, layer=layer.name)
            continue
        new = layer.with_config(output_padding=padding)
        layers = tuple(new if each is layer else each for each in model.layers)
        model = replace(model, layers=layers)
        yield ModelChange(Severity.SILENT, message, model, f"output_padding={padding}", layer.name)


def _received(layer: Layer) -> Json:
    return layer.build_config.get("input_shape") if isinstance(layer.build_config, dict) else None


def _made(model: Model, index: int) -> Json:
    """The shape that the file records for what comes out of a layer's first call, or None."""
    if model.kind == "sequential":
        return _received(model.layers[index + 1]) if index + 1 < len(model.layers) else None
    output = TensorRef(model.layers[index].name)
    for layer in model.layers:
        if not layer.calls or not layer.calls[0].args:
            continue
        first, shape = layer.calls[0].args[0], _received(layer)
        if first == output and shape:
            return shape
        if isinstance(first, list) and output in first and shape and len(shape) == len(first):
            return shape[first.index(output)]
    return None


def _lengths(layer: Layer, shape: Json, rank: int) -> list[int | None] | None:
    """The axes of a shape that the convolution moves along."""
    if not isinstance(shape, list | tuple) or len(shape) != rank + 2:
        return None
    first = layer.config.get("data_format") == "channels_first"
    return list(shape[2:] if first else shape[1:-1])


def _padding(
    layer: Layer, given: Sequence[int | None], made: Sequence[int | None]
) -> list[int | None] | None:
    """The padding on each axis, None for one that is open; None where all may be the default."""
    rank = len(given)
    sizes = numbers(layer.config.get("kernel_size"), rank)
    strides = numbers(layer.config.get("strides"), rank)
    dilation = numbers(layer.config.get("dilation_rate"), rank)
    found: list[int | None] = []
    usual: list[int] = []
    for axis, (before, after) in enumerate(zip(given, made, strict=True)):
        reach, stride = (sizes[axis] - 1) * dilation[axis] + 1, strides[axis]
        same = layer.config.get("padding") == "same"
        least = reach % 2 if same else reach
        usual.append(stride - least if same else max(stride - reach, 0))
        if before is None or after is None:
            found.append(None)
        else:
            found.append(after - (before - 1) * stride - least)
    default = all(each in (None, by_default) for each, by_default in zip(found, usual, strict=True))
    return None if default else found


RULE = Rule(
    code="KF242",
    stage=Stage.CLASSES,
    summary="output padding that only the shapes of a file show",
    generations=frozenset({3}),
    model=fill_in,
)
