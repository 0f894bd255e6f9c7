"""Deconvolution2D, which was told its output's shape.

What it sees: ``output_shape`` of Deconvolution2D, in files of Keras 1.

Why Keras 3 trips: Conv2DTranspose works its output's shape out, and takes no such argument.

What kfix changes: removes it where it is what Conv2DTranspose finds itself. Where strides leave
several lengths open, ``output_padding`` says which it was. A shape that this can't say is refused.

Links: https://keras.io/api/layers/convolution_layers/convolution2d_transpose/
"""

from __future__ import annotations

from converter.model.description import Json, Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage
from converter.rules.theano_padding import numbers


def rewrite(layer: Layer, context: Context) -> Change | None:
    """The layer with ``output_padding`` in place of ``output_shape``."""
    if "output_shape" not in layer.config:
        return None
    message = f"{layer.class_name} states output_shape={layer.config['output_shape']}"
    told = _spatial(layer)
    if told is None:
        remedy = "It does not say how long its output is."
        return Change(Severity.REFUSED, message, remedy=remedy)
    kernel = numbers(layer.config.get("kernel_size"), 2)
    strides = numbers(layer.config.get("strides"), 2)
    same = layer.config.get("padding") == "same"
    axes = [
        _axis(length, size, stride, same)
        for length, size, stride in zip(told, kernel, strides, strict=True)
    ]
    if all(found == length for (found, _), length in zip(axes, told, strict=True)):
        new = layer.with_config(drop=["output_shape"])
        return Change(Severity.BREAKS, message, (new,), "removed, Keras 3 finds the same shape")
    padding = [more for _, more in axes]
    if any(not 0 <= more < stride for more, stride in zip(padding, strides, strict=True)):
        return Change(Severity.REFUSED, message, remedy="No output_padding makes this shape.")
    new = layer.with_config(drop=["output_shape"], output_padding=padding)
    return Change(Severity.BREAKS, message, (new,), f"written as output_padding={padding}")


def _spatial(layer: Layer) -> list[int] | None:
    shape: Json = layer.config["output_shape"]
    if not isinstance(shape, list) or len(shape) != 4:
        return None
    first = layer.config.get("data_format") == "channels_first"
    lengths = shape[2:] if first else shape[1:3]
    return lengths if all(isinstance(each, int) for each in lengths) else None


def _axis(length: int, size: int, stride: int, same: bool) -> tuple[int, int]:
    """How long Keras 3 makes the output by itself, and the padding that makes it ``length``."""
    if same:
        steps = -(-length // stride)
        return steps * stride, length - ((steps - 1) * stride + size - 2 * (size // 2))
    steps = -(-(length - size + 1) // stride)
    least = (steps - 1) * stride + size
    return least + max(stride - size, 0), length - least


RULE = Rule(
    code="KF141",
    stage=Stage.CLASSES,
    summary="Deconvolution2D was told its output's shape",
    generations=frozenset({1}),
    classes=frozenset({"Conv2DTranspose"}),
    layer=rewrite,
)
