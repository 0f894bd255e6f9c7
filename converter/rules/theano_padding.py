"""Padding as Theano did it.

What it sees: ``same`` (and Keras 1's ``full``) on convolutions and pooling layers in files of the
Theano backend.

Why it matters: Theano pads the same number of steps on both sides whatever the input's length, and
cuts what is too much off the end. TensorFlow, and Keras 3 on every backend, pad as little as the
strides allow, the odd step behind. With an even kernel, or with strides, everything moves by one
step. No error says so.

What kfix changes: nothing where both do the same (odd kernels without strides). A convolution gets
its padding from a ZeroPadding layer in front, a transposed one loses it in a Cropping layer behind,
a ConvLSTM2D gets kernels of odd length, with zeros at the end. Pooling layers are padded by
operations that leave maxima and averages as they are; a model with these converts to ``.keras``.
What was cut off wrongly there is refused. So is what depends on something that the file does not
say, unless the user does: the backend of a model of Keras 1 without weights (``--writer
keras-1.2.2-theano``), and the release of Theano where Keras 1.2 pads the volumes of an even kernel
(``--writer keras-1.2.2-theano-0.8``).

Links: https://github.com/keras-team/keras/issues/4609
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from converter.layouts.kernels import extended
from converter.model.building import GraphBuilder
from converter.model.description import Json, Layer
from converter.model.findings import Severity
from converter.rules._asking import which_backend, which_writer
from converter.rules.base import Change, Context, Rule, Stage

CONVOLUTIONS = {
    "Conv1D": 1,
    "Conv2D": 2,
    "Conv3D": 3,
    "SeparableConv1D": 1,
    "SeparableConv2D": 2,
    "DepthwiseConv2D": 2,
}
TRANSPOSED = {"Conv2DTranspose": 2, "Conv3DTranspose": 3}
POOLING = {f"{kind}Pooling{rank}D": rank for kind in ("Max", "Average") for rank in (1, 2, 3)}
CLASSES = {**CONVOLUTIONS, **TRANSPOSED, **POOLING, "ConvLSTM2D": 2}
"""The layers that pad, and how many axes each has for that."""

PADS_BY_ITSELF_SINCE = (0, 9)
"""The release of Theano that pads volumes; before it Keras did."""

LOWEST = -3.4028234663852886e38
"""The least float32: in front of and behind a tensor it is never the maximum."""

MESSAGE = "is padded as Theano does it, which is not as Keras 3 does"


def align(layer: Layer, context: Context) -> Change | None:
    """The layer with its padding written out."""
    if context.writer.backend == "theano":
        return _aligned(layer, context)
    if context.writer.generation == 1 and not context.writer.backend and _aligned(layer, context):
        return Change(
            Severity.REFUSED,
            f"{layer.class_name} may be from Theano, which pads otherwise",
            remedy=which_backend(context.writer),
        )
    return None


def _aligned(layer: Layer, context: Context) -> Change | None:
    """What becomes of a layer of Theano; None where it is padded as Keras 3 does."""
    config, rank = layer.config, CLASSES[layer.class_name]
    padding = config.get("padding", "valid")
    if layer.class_name == "ConvLSTM2D":
        return _conv_lstm(layer, padding)
    if padding not in ("same", "full"):
        return None
    strides = numbers(config.get("strides"), rank)
    if layer.class_name in POOLING:
        size = numbers(config.get("pool_size", 2), rank)
        return _pooling(layer, size, size if config.get("strides") is None else strides)
    kernel = numbers(config.get("kernel_size"), rank)
    if layer.class_name in TRANSPOSED:
        return _transposed(layer, kernel, strides)
    return _convolution(layer, context, kernel, strides)


def _convolution(
    layer: Layer, context: Context, kernel: Sequence[int], strides: Sequence[int]
) -> Change | None:
    dilation = numbers(layer.config.get("dilation_rate"), len(kernel))
    reach = [(size - 1) * rate + 1 for size, rate in zip(kernel, dilation, strict=True)]
    if layer.config["padding"] == "full":
        return _padded_first(layer, [[each - 1, each - 1] for each in reach])
    if all(each % 2 for each in reach) and set(strides) == {1}:
        return None
    if layer.class_name == "Conv3D" and context.writer.generation == 1:
        return _conv3d_of_keras1(layer, context, strides)
    if layer.class_name.startswith("Separable"):
        # Keras forgot to cut the output of an even kernel.
        return _padded_first(layer, [[each // 2, each // 2] for each in reach])
    return _padded_first(layer, [[each // 2, (each - 1) // 2] for each in reach])


def numbers(value: Json, rank: int) -> list[int]:
    """An argument for each axis, given as one number or as several; 1 where it is missing."""
    if isinstance(value, (list, tuple)):
        return [int(each) for each in value]
    return [1 if value is None else int(value)] * rank


def _conv3d_of_keras1(layer: Layer, context: Context, strides: Sequence[int]) -> Change | None:
    """Before Theano 0.9 Keras padded by itself, as TensorFlow does, and took no strides."""
    writer = context.writer
    if writer.version and writer.version < (1, 2):
        return None
    if set(strides) == {1}:
        if not writer.backend_version:
            message = f"{layer.class_name} is padded otherwise by Theano 0.9 than before"
            release = f"keras-{writer.label or '1.2'}-theano"
            remedy = which_writer(f"{release}-0.9", f"{release}-0.8")
            return Change(Severity.REFUSED, message, remedy=remedy)
        if writer.backend_version < PADS_BY_ITSELF_SINCE:
            return None
    kernel = numbers(layer.config.get("kernel_size"), 3)
    return _padded_first(layer, [[each // 2, (each - 1) // 2] for each in kernel])


def _padded_first(layer: Layer, padding: list[list[int]]) -> Change:
    pad = _neighbour(layer, "ZeroPadding", "padding", padding)
    new = (pad, layer.with_config(padding="valid"))
    remedy = f"{pad.class_name} in front pads {padding}"
    return Change(Severity.SILENT, f"{layer.class_name} {MESSAGE}", new, remedy)


def _neighbour(layer: Layer, kind: str, argument: str, sides: list[list[int]]) -> Layer:
    """A layer that adds or takes steps on the sides of each axis."""
    common = {key: layer.config[key] for key in ("data_format", "dtype") if key in layer.config}
    config = {**common, argument: sides[0] if len(sides) == 1 else sides}
    name = f"{layer.name}_{argument}"
    return Layer(name, f"{kind}{len(sides)}D", config)


def _conv_lstm(layer: Layer, padding: str) -> Change | None:
    """Its states are always padded like ``same``; an odd kernel with a zero at the end does that.

    Where it does not do for the input, the input is padded in front of the layer.
    """
    kernel = numbers(layer.config.get("kernel_size"), 2)
    strides = numbers(layer.config.get("strides"), 2)
    more = [1 - size % 2 for size in kernel]
    if not any(more) and (padding != "same" or set(strides) == {1}):
        return None
    sizes = [size + each for size, each in zip(kernel, more, strict=True)]
    new = replace(
        layer.with_config(kernel_size=sizes),
        weights=tuple(
            extended(each, more) if each.name.endswith("kernel") else each for each in layer.weights
        ),
    )
    message = f"{layer.class_name} {MESSAGE}"
    remedy = "its kernels are longer by a zero where their length was even"
    if padding == "same" and set(strides) == {1}:
        return Change(Severity.SILENT, message, (new,), remedy)
    before = [size // 2 if padding == "same" else 0 for size in kernel]
    after = [
        ((size - 1) // 2 if padding == "same" else 0) + each
        for size, each in zip(kernel, more, strict=True)
    ]
    sides = [list(each) for each in zip(before, after, strict=True)]
    each_step = _neighbour(layer, "ZeroPadding", "padding", sides)
    pad = Layer(f"{each_step.name}_steps", "TimeDistributed", {}, inner={"layer": each_step})
    layers = (pad, new.with_config(padding="valid"))
    return Change(Severity.SILENT, message, layers, f"{remedy}; padded in front: {sides}")


def _transposed(layer: Layer, kernel: Sequence[int], strides: Sequence[int]) -> Change | None:
    """Without padding it computes the same and more; the rest is cut off behind it."""
    message = f"{layer.class_name} {MESSAGE}"
    if not all(size % 2 for size in kernel):
        remedy = "Keras cut its output off at the length of its input."
        return Change(Severity.REFUSED, message, remedy=remedy)
    if set(strides) == {1}:
        return None
    told = layer.config.get("output_padding")
    cut, more = [], []
    for axis, (size, stride) in enumerate(zip(kernel, strides, strict=True)):
        half = size // 2
        # How much longer the output is than what the kernel reaches without its padding.
        extra = stride - 1 if told is None else numbers(told, len(kernel))[axis]
        cut.append([half, max(half - extra, 0)])
        more.append(max(extra - half, 0))
    crop = _neighbour(layer, "Cropping", "cropping", cut)
    inside = replace(layer, name=f"{layer.name}_full", calls=())
    inside = inside.with_config(padding="valid", output_padding=more)
    layers = (inside, replace(crop, name=layer.name))
    return Change(Severity.SILENT, message, layers, f"{crop.class_name} behind cuts {cut} off")


def _pooling(layer: Layer, size: Sequence[int], strides: Sequence[int]) -> Change | None:
    """Padded by what changes neither a maximum nor an average; the rest is cut off."""
    pads = [each - 2 if each > 2 and each % 2 else each - 1 for each in size]
    if set(strides) == {1} and all(
        2 * pad == each - 1 for pad, each in zip(pads, size, strict=True)
    ):
        return None
    # Windows begin every stride from -pad on, as many as there are strides in the input.
    sides = [[pad, max(each - pad - 1, 0)] for pad, each in zip(pads, size, strict=True)]
    graph = GraphBuilder(layer.name)
    x = graph.input([None] * (len(size) + 2), str(layer.config.get("dtype") or "float32"))
    config = dict(layer.config) | {"padding": "valid", "strides": list(strides)}
    whole = _all_axes(layer, sides)
    if layer.class_name.startswith("Max"):
        padded = graph.op(
            "Pad", x, pad_width=whole, mode="constant", kwargs={"constant_values": LOWEST}
        )
        output = graph.layer(layer.class_name, padded, **config)
    else:
        ones = graph.op("OnesLike", x)
        sums, counts = (
            graph.layer(
                layer.class_name, graph.op("Pad", each, pad_width=whole, mode="constant"), **config
            )
            for each in (x, ones)
        )
        output = graph.op("Divide", sums, counts)
    new = graph.instead_of(layer, output)
    return Change(Severity.SILENT, f"{layer.class_name} {MESSAGE}", (new,), f"padded {sides}")


def _all_axes(layer: Layer, sides: list[list[int]]) -> list[list[int]]:
    nothing = [0, 0]
    if layer.config.get("data_format") == "channels_first":
        return [nothing, nothing, *sides]
    return [nothing, *sides, nothing]


RULE = Rule(
    code="KF216",
    stage=Stage.MEANING,
    summary="same padding is not where Theano had it",
    generations=frozenset({1, 2}),
    classes=frozenset(CLASSES),
    layer=align,
    tf_keras_agrees=False,
)
