"""Convolutions turned around, in steps, and across blocks; with kernels that are constants."""

# The functions of the table have the names and the meaning of TensorFlow's.
# ruff: noqa: D103

from __future__ import annotations

import math
from typing import Any

import numpy as np

from converter.model.description import TensorRef
from converter.ops.elementwise import pair, tensor
from converter.ops.nn import TABLE as NN
from converter.ops.nn import kernel_of, numbers_of, padding_of, spatial_format, steps_of
from converter.ops.nodes import Nodes, NoForm, Result, Size, Table, function, plain, span

TABLE: Table = {}


def _transposed(dimensions: int | None) -> Any:
    def write(
        g: Nodes,
        input: Any,
        filters: Any = None,
        output_shape: Any = None,
        strides: Any = None,
        padding: Any = "SAME",
        data_format: Any = None,
        dilations: Any = None,
        filter: Any = None,
    ) -> Result:
        x = tensor(g, input)
        spatial = dimensions or g.rank(x) - 2
        if spatial_format(data_format) != "channels_last":
            raise NoForm(f"its data format is {data_format}")
        kernel = kernel_of(g, x, filters if filters is not None else filter)
        steps = numbers_of(strides, spatial, data_format)
        spread = numbers_of(dilations or 1, spatial, data_format)
        if set(spread) != {1}:
            raise NoForm("it is dilated")
        return _turned(g, x, kernel, steps, padding_of(padding), output_shape)

    return write


def _turned(
    g: Nodes, x: TensorRef, kernel: Any, steps: list[int], padding: str, output_shape: Any
) -> TensorRef:
    """Zeros between the inputs, and a plain convolution with the kernel the other way round.

    Keras's own op for it takes its arguments in a wrong order when a graph runs.
    """
    known, sizes = g.shape(x), g.shape(kernel)
    if known is None or sizes is None or None in (*known[1:], *sizes):
        raise NoForm("the shape of its input or kernel is not known")
    if isinstance(kernel, TensorRef):
        raise NoForm("its kernel is a tensor of the graph")
    lengths, window = [each or 0 for each in known[1:-1]], [each or 0 for each in sizes[:-2]]
    x = _spread(g, x, lengths, steps)
    width = [[0, 0]]
    wanted = _wanted(output_shape, lengths)
    for length, size, step, end in zip(lengths, window, steps, wanted, strict=True):
        before = max((length - 1) * step + size - end, 0) // 2 if padding == "same" else 0
        width.append([size - 1 - before, end + before - length * step])
    x = _padded(g, x, [*width, [0, 0]])
    around = tuple(range(len(window)))
    turned = np.flip(kernel, around).swapaxes(-1, -2)
    return g.op(
        "Conv",
        x,
        turned,
        sized=(known[0], *wanted, sizes[-2]),
        strides=1,
        padding="valid",
        data_format="channels_last",
        dilation_rate=1,
    )


def _spread(g: Nodes, x: TensorRef, lengths: list[int], steps: list[int]) -> TensorRef:
    """Zeros behind each place, as many as a step leaves out."""
    if set(steps) == {1}:
        return x
    wide = [*lengths, (g.shape(x) or ())[-1] or 0]
    for place, (length, step) in enumerate(zip(lengths, steps, strict=True)):
        behind = math.prod(wide[place + 1 :])
        x = g.op("Reshape", x, newshape=[-1, length, 1, behind])
        x = g.op("Pad", x, pad_width=[[0, 0], [0, 0], [0, step - 1], [0, 0]], mode="constant")
        wide[place] = length * step
    return g.op("Reshape", x, newshape=[-1, *wide])


def _padded(g: Nodes, x: TensorRef, width: list[list[int]]) -> TensorRef:
    """Zeros around; a number below zero cuts off."""
    kept = [
        span(-first if first < 0 else None, last if last < 0 else None) for first, last in width
    ]
    if any(min(each) < 0 for each in width):
        x = g.op("GetItem", x, kept)
    return g.op("Pad", x, pad_width=np.maximum(width, 0).tolist(), mode="constant")


def _wanted(output_shape: Any, lengths: list[int]) -> list[int]:
    """Height, width and so on of the result."""
    told = output_shape if isinstance(output_shape, list) else []
    if len(told) != len(lengths) + 2 or any(isinstance(each, Size) for each in told[1:-1]):
        raise NoForm("the shape of its result is not known")
    return [int(plain(each)) for each in told[1:-1]]


for _n in (1, 2, 3):
    TABLE[f"nn.conv{_n}d_transpose"] = TABLE[f"compat.v1.nn.conv{_n}d_transpose"] = _transposed(_n)
TABLE["nn.conv_transpose"] = _transposed(None)


@function(TABLE, "nn.convolution", "compat.v1.nn.convolution")
def convolution(
    g: Nodes,
    input: Any,
    filters: Any = None,
    strides: Any = None,
    padding: Any = "VALID",
    data_format: Any = None,
    dilations: Any = None,
    filter: Any = None,
    dilation_rate: Any = None,
) -> Result:
    spatial = g.rank(input) - 2
    if spatial not in (1, 2, 3):
        raise NoForm("it has no 1, 2 or 3 spatial axes")
    spread = dilations if dilations is not None else dilation_rate
    kernel = filters if filters is not None else filter
    return NN[f"nn.conv{spatial}d"](g, input, kernel, strides, padding, data_format, spread)


@function(TABLE, "nn.atrous_conv2d")
def atrous(g: Nodes, value: Any, filters: Any, rate: Any, padding: Any) -> Result:
    return NN["nn.conv2d"](g, value, filters, 1, padding, None, rate)


@function(TABLE, "nn.separable_conv2d", "compat.v1.nn.separable_conv2d")
def separable(
    g: Nodes,
    input: Any,
    depthwise_filter: Any,
    pointwise_filter: Any,
    strides: Any,
    padding: Any,
    data_format: Any = None,
    dilations: Any = None,
    rate: Any = None,
) -> Result:
    spread = dilations if dilations is not None else rate
    return g.op(
        "SeparableConv",
        tensor(g, input),
        kernel_of(g, input, depthwise_filter),
        kernel_of(g, input, pointwise_filter),
        strides=steps_of(strides, 2, data_format),
        padding=padding_of(padding),
        data_format=spatial_format(data_format),
        dilation_rate=steps_of(1 if spread is None else spread, 2, data_format),
    )


@function(TABLE, "nn.pool", "compat.v1.nn.pool")
def pool(
    g: Nodes,
    input: Any,
    window_shape: Any,
    pooling_type: Any,
    strides: Any = None,
    padding: Any = "VALID",
    data_format: Any = None,
    dilations: Any = None,
    dilation_rate: Any = None,
) -> Result:
    spatial = len(plain(window_shape))
    spread = dilations if dilations is not None else dilation_rate
    if spread is not None and set(numbers_of(spread, spatial, data_format)) != {1}:
        raise NoForm("it is dilated")
    name = {"MAX": "max_pool", "AVG": "avg_pool"}[pooling_type]
    steps = 1 if strides is None else strides
    write = NN[f"nn.{name}{spatial}d"]
    return write(g, input, window_shape, steps, padding, data_format)


@function(TABLE, "compat.v1.nn.xw_plus_b")
def xw_plus_b(g: Nodes, x: Any, weights: Any, biases: Any) -> Result:
    of = g.dtype(x, weights, biases)
    product = g.op("Matmul", g.tensor(x, of), g.tensor(weights, of), gives=of)
    return pair(g, "Add", product, biases)


@function(TABLE, "compat.v1.nn.relu_layer")
def relu_layer(g: Nodes, x: Any, weights: Any, biases: Any) -> Result:
    return g.op("Relu", xw_plus_b(g, x, weights, biases))


@function(TABLE, "space_to_batch_nd", "space_to_batch")
def space_to_batch(g: Nodes, input: Any, block_shape: Any, paddings: Any) -> Result:
    """Each place within blocks becomes a batch of its own."""
    blocks = plain(block_shape)
    known = list(g.shape(input) or ())
    width = [[0, 0], *plain(paddings)]
    width += [[0, 0]] * (len(known) - len(width))
    padded = [None if n is None else n + sum(more) for n, more in zip(known, width, strict=True)]
    if not known or None in padded[1:]:
        raise NoForm("the size of its pictures is not known")
    x = g.op("Pad", tensor(g, input), sized=tuple(padded), pad_width=width, mode="constant")
    rows = [(length or 0) // block for length, block in zip(padded[1:], blocks, strict=False)]
    rest = padded[1 + len(blocks) :]
    split = [each for pair_ in zip(rows, blocks, strict=True) for each in pair_]
    x = g.op("Reshape", x, newshape=[-1, *split, *rest])
    n = len(blocks)
    order = [2 * k + 2 for k in range(n)] + [0] + [2 * k + 1 for k in range(n)]
    order += list(range(1 + 2 * n, 1 + 2 * n + len(rest)))
    x = g.op("Transpose", x, axes=order)
    return g.op("Reshape", x, sized=(None, *rows, *rest), newshape=[-1, *rows, *rest])


@function(TABLE, "batch_to_space", "compat.v1.batch_to_space_nd", "compat.v1.batch_to_space")
def batch_to_space(
    g: Nodes, input: Any, block_shape: Any = None, crops: Any = None, block_size: Any = None
) -> Result:
    """The way back: batches become the places within blocks again."""
    blocks = plain(block_shape)
    if blocks is None:
        blocks = [plain(block_size)] * 2
    known = list(g.shape(input) or ())
    if not known or None in known[1:]:
        raise NoForm("the size of its pictures is not known")
    n, rows, rest = len(blocks), known[1 : 1 + len(blocks)], known[1 + len(blocks) :]
    x = g.op("Reshape", tensor(g, input), newshape=[*blocks, -1, *rows, *rest])
    order = [n] + [each for k in range(n) for each in (n + 1 + k, k)]
    order += list(range(2 * n + 1, 2 * n + 1 + len(rest)))
    x = g.op("Transpose", x, axes=order)
    wide = [(length or 0) * block for length, block in zip(rows, blocks, strict=True)]
    x = g.op("Reshape", x, sized=(None, *wide, *rest), newshape=[-1, *wide, *rest])
    cut = plain(crops)
    kept = [span(first, length - last) for (first, last), length in zip(cut, wide, strict=True)]
    ends = [length - first - last for (first, last), length in zip(cut, wide, strict=True)]
    return g.op("GetItem", x, [span(), *kept], sized=(None, *ends, *rest))


@function(
    TABLE,
    "nn.weighted_moments",
    "compat.v1.nn.weighted_moments",
)
def weighted_moments(
    g: Nodes,
    x: Any,
    axes: Any,
    frequency_weights: Any,
    keepdims: Any = False,
    keep_dims: Any = None,
) -> Result:
    of = g.dtype(x)
    weights = g.tensor(frequency_weights, of)
    gone = plain(axes)
    keep = bool(keepdims or keep_dims)
    spread = g.op("Add", weights, g.op("ZerosLike", tensor(g, x)), gives=of)

    def total(value: TensorRef, kept: bool) -> TensorRef:
        return g.op("Sum", value, axis=gone, keepdims=kept)

    def mean(kept: bool) -> TensorRef:
        parts = g.op("Multiply", weights, x, gives=of)
        return g.op("DivideNoNan", total(parts, kept), total(spread, kept))

    squares = g.op("Square", g.op("Subtract", x, mean(True)))
    distances = g.op("Multiply", weights, squares, gives=of)
    variance = g.op("DivideNoNan", total(distances, keep), total(spread, keep))
    return [mean(keep), variance]


@function(TABLE, "quantization.fake_quant_with_min_max_args")
def fake_quant_args(
    g: Nodes,
    inputs: Any,
    min: Any = -6,
    max: Any = 6,
    num_bits: Any = 8,
    narrow_range: Any = False,
) -> Result:
    return fake_quant(g, inputs, min, max, num_bits, narrow_range)


@function(TABLE, "quantization.fake_quant_with_min_max_vars")
def fake_quant(
    g: Nodes, inputs: Any, min: Any, max: Any, num_bits: Any = 8, narrow_range: Any = False
) -> Result:
    """Rounded to steps between two ends that are moved until zero is one of the steps."""
    low, high = np.float32(plain(min)), np.float32(plain(max))
    first = np.float32(1 if narrow_range else 0)
    last = np.float32(2 ** plain(num_bits) - 1)
    scale = (high - low) / (last - first)
    zero = first - low / scale
    zero = np.clip(np.floor(zero + np.float32(0.5)), first, last)
    least, most = float((first - zero) * scale), float((last - zero) * scale)
    inside = g.op("Clip", tensor(g, inputs), x_min=least, x_max=most)
    steps = pair(g, "Multiply", pair(g, "Subtract", inside, least), float(np.float32(1) / scale))
    whole = g.op("Floor", pair(g, "Add", steps, 0.5))
    scaled = pair(g, "Multiply", whole, float(scale))
    return g.op("Add", scaled, least, sized=g.shape(inputs))
