"""``tf.nn``: activations, normalization, pooling, convolutions with constant kernels."""

# The functions of the table have the names and the meaning of TensorFlow's.
# ruff: noqa: D103

from __future__ import annotations

import math
from typing import Any

import numpy as np

from converter.model.description import TensorRef
from converter.ops.elementwise import pair, tensor
from converter.ops.nodes import Nodes, NoForm, Result, Table, axes, function, plain, room
from converter.ops.reductions import reduced

TABLE: Table = {}

Shape = tuple[int | None, ...] | None

ACTIVATIONS = {
    "Relu": "nn.relu",
    "Relu6": "nn.relu6",
    "Elu": "nn.elu",
    "Selu": "nn.selu",
    "Softsign": "nn.softsign",
}
"""Functions of one tensor that one op computes."""


def _activation(class_name: str) -> Any:
    def write(g: Nodes, features: Any) -> Result:
        return g.op(class_name, tensor(g, features), sized=g.shape(features))

    return write


for _class, _name in ACTIVATIONS.items():
    TABLE[_name] = _activation(_class)


@function(TABLE, "nn.silu")
def silu(g: Nodes, features: Any, beta: Any = 1.0) -> Result:
    if beta in (1, 1.0):
        return g.op("Silu", tensor(g, features), sized=g.shape(features))
    gate = g.op("Sigmoid", pair(g, "Multiply", features, beta))
    return g.op("Multiply", features, gate, sized=g.shape(features))


@function(TABLE, "nn.leaky_relu")
def leaky_relu(g: Nodes, features: Any, alpha: Any = 0.2) -> Result:
    slope = plain(alpha)
    return g.op("LeakyRelu", tensor(g, features), sized=g.shape(features), negative_slope=slope)


@function(TABLE, "nn.gelu")
def gelu(g: Nodes, features: Any, approximate: Any = False) -> Result:
    smooth = bool(approximate)
    return g.op("Gelu", tensor(g, features), sized=g.shape(features), approximate=smooth)


@function(TABLE, "nn.crelu", "compat.v1.nn.crelu")
def crelu(g: Nodes, features: Any, axis: Any = -1) -> Result:
    both = g.op("Concatenate", [features, g.op("Negative", features)], axis=axes(axis))
    return g.op("Relu", both)


def _over_axis(class_name: str) -> Any:
    def write(g: Nodes, logits: Any, axis: Any = None, dim: Any = None) -> Result:
        place = axis if axis is not None else dim
        place = -1 if place is None else axes(place)
        return g.op(class_name, tensor(g, logits), sized=g.shape(logits), axis=place)

    return write


for _class, _name in {"Softmax": "nn.softmax", "LogSoftmax": "nn.log_softmax"}.items():
    TABLE[_name] = TABLE[f"compat.v1.{_name}"] = _over_axis(_class)


@function(TABLE, "math.l2_normalize", "compat.v1.math.l2_normalize")
def l2_normalize(
    g: Nodes, x: Any, axis: Any = None, epsilon: Any = 1e-12, dim: Any = None
) -> Result:
    place = axis if axis is not None else dim
    total = reduced(g, "Sum", g.op("Square", tensor(g, x), sized=g.shape(x)), place, True)
    scale = g.op("Rsqrt", g.op("Maximum", total, float(epsilon)))
    return g.op("Multiply", x, scale, sized=g.shape(x))


@function(TABLE, "nn.bias_add")
def bias_add(g: Nodes, value: Any, bias: Any, data_format: Any = None) -> Result:
    if _is_first(data_format) and g.rank(value) > 2:
        spread = g.tensor(bias, g.dtype(value))
        shape = [-1] + [1] * (g.rank(value) - 2)
        bias = (
            g.op("Reshape", spread, newshape=shape)
            if isinstance(spread, TensorRef)
            else spread.reshape(shape).tolist()
        )
    return pair(g, "Add", value, bias)


@function(TABLE, "nn.space_to_depth", "compat.v1.nn.space_to_depth")
def space_to_depth(g: Nodes, input: Any, block_size: Any, data_format: Any = "NHWC") -> Result:
    return _blocks(g, "SpaceToDepth", input, block_size, data_format)


@function(TABLE, "nn.depth_to_space", "compat.v1.nn.depth_to_space")
def depth_to_space(g: Nodes, input: Any, block_size: Any, data_format: Any = "NHWC") -> Result:
    return _blocks(g, "DepthToSpace", input, block_size, data_format)


def _blocks(g: Nodes, class_name: str, x: Any, size: Any, data_format: Any) -> TensorRef:
    if data_format != "NHWC":
        raise NoForm(f"its data format is {data_format}")
    return g.op(class_name, tensor(g, x), block_size=plain(size), data_format="channels_last")


def _is_first(data_format: Any) -> bool:
    return str(data_format or "").startswith("NC")


def spatial_format(data_format: Any) -> str:
    """Keras's word for a data format."""
    return "channels_first" if _is_first(data_format) else "channels_last"


def numbers_of(value: Any, dimensions: int, data_format: Any) -> list[int]:
    """Sizes or strides of the axes that are no batch and no channels."""
    numbers = plain(value)
    numbers = numbers if isinstance(numbers, list) else [numbers]
    if len(numbers) == dimensions + 2:
        first, *rest = numbers
        others = (first, rest[0]) if _is_first(data_format) else (first, rest[-1])
        if others != (1, 1):
            raise NoForm("it works across the batch or the channels")
        return rest[1:] if _is_first(data_format) else rest[:-1]
    return numbers * dimensions if len(numbers) == 1 else numbers


def steps_of(value: Any, dimensions: int, data_format: Any) -> int | list[int]:
    """One number where it is the same along all axes: DepthwiseConv takes no list."""
    numbers = numbers_of(value, dimensions, data_format)
    return numbers[0] if len(set(numbers)) == 1 else numbers


def padding_of(padding: Any) -> str:
    """Keras's word for a padding.

    Raises:
        NoForm: when it is given in numbers.
    """
    if str(padding).lower() not in ("same", "valid"):
        raise NoForm("its padding is given in numbers")
    return str(padding).lower()


def _swept(
    known: Shape, channels: int | None, window: Any, steps: Any, spread: Any, padding: Any
) -> Shape:
    """The shape of what a window gives that is moved over pictures, channels last."""
    if known is None or len(known) != len(window) + 2 or None in window:
        return None
    lengths: list[int | None] = []
    for length, size, step, rate in zip(known[1:-1], window, steps, spread, strict=True):
        if length is None:
            lengths.append(None)
        elif padding_of(padding) == "same":
            lengths.append(-(-length // step))
        else:
            lengths.append((length - (size - 1) * rate - 1) // step + 1)
    return (known[0], *lengths, channels)


def _pool(class_name: str, dimensions: int | None) -> Any:
    def write(
        g: Nodes,
        input: Any,
        ksize: Any,
        strides: Any,
        padding: Any,
        data_format: Any = None,
        include_batch_in_index: Any = None,
    ) -> Result:
        spatial = dimensions or g.rank(input) - 2
        window = numbers_of(ksize, spatial, data_format)
        steps = numbers_of(strides, spatial, data_format)
        last = None if _is_first(data_format) else (g.shape(input) or (None,))[-1]
        sized = _swept(g.shape(input), last, window, steps, [1] * spatial, padding)
        return g.op(
            class_name,
            tensor(g, input),
            sized=None if _is_first(data_format) else sized,
            pool_size=window,
            strides=steps,
            padding=padding_of(padding),
            data_format=spatial_format(data_format),
        )

    return write


for _class, _name in {"MaxPool": "max_pool", "AveragePool": "avg_pool"}.items():
    TABLE |= {f"nn.{_name}{n}d": _pool(_class, n) for n in (1, 2, 3)}
    TABLE[f"nn.{_name}"] = _pool(_class, None)
    TABLE[f"compat.v1.nn.{_name}"] = _pool(_class, 2)


def kernel_of(g: Nodes, x: Any, kernel: Any) -> Any:
    """A kernel, in the dtype of what it is moved over."""
    return kernel if isinstance(kernel, TensorRef) else g.tensor(kernel, g.dtype(x))


def _convolution(dimensions: int, class_name: str = "Conv") -> Any:
    def write(
        g: Nodes,
        input: Any,
        filter: Any = None,
        strides: Any = None,
        padding: Any = None,
        data_format: Any = None,
        dilations: Any = None,
        filters: Any = None,
        stride: Any = None,
        rate: Any = None,
        use_cudnn_on_gpu: Any = None,
    ) -> Result:
        kernel = filter if filter is not None else filters
        steps = strides if strides is not None else stride
        spread = dilations if dilations is not None else rate
        weights = kernel_of(g, input, kernel)
        moved = steps_of(1 if steps is None else steps, dimensions, data_format)
        rate_of = steps_of(1 if spread is None else spread, dimensions, data_format)
        sizes = g.shape(weights) or (None,) * (dimensions + 2)
        channels = sizes[-1]
        if class_name == "DepthwiseConv" and None not in sizes[-2:]:
            channels = math.prod(each or 0 for each in sizes[-2:])
        steps_each, rates = (
            each if isinstance(each, list) else [each] * dimensions for each in (moved, rate_of)
        )
        window = sizes[:dimensions]
        sized = _swept(g.shape(input), channels, window, steps_each, rates, padding)
        return g.op(
            class_name,
            tensor(g, input),
            weights,
            sized=None if _is_first(data_format) else sized,
            strides=moved,
            padding=padding_of(padding),
            data_format=spatial_format(data_format),
            dilation_rate=rate_of,
        )

    return write


for _n in (1, 2, 3):
    TABLE[f"nn.conv{_n}d"] = TABLE[f"compat.v1.nn.conv{_n}d"] = _convolution(_n)
_depthwise = _convolution(2, "DepthwiseConv")
TABLE["nn.depthwise_conv2d"] = TABLE["compat.v1.nn.depthwise_conv2d"] = _depthwise
TABLE["compat.v1.nn.depthwise_conv2d_native"] = _depthwise


@function(TABLE, "nn.l2_loss")
def l2_loss(g: Nodes, t: Any) -> Result:
    return pair(g, "Multiply", reduced(g, "Sum", g.op("Square", tensor(g, t)), None), 0.5)


@function(TABLE, "nn.local_response_normalization")
def local_response_normalization(
    g: Nodes,
    input: Any,
    depth_radius: Any = 5,
    bias: Any = 1.0,
    alpha: Any = 1.0,
    beta: Any = 0.5,
) -> Result:
    """The sum over neighbouring channels is a product with a matrix of ones around its diagonal."""
    known = g.shape(input)
    if known is None or known[-1] is None:
        raise NoForm("the number of its channels is not known")
    room(known[-1], known[-1])
    places = np.arange(known[-1])
    near = np.abs(places[:, None] - places) <= depth_radius
    squares = g.op("Square", tensor(g, input))
    total = g.op("Matmul", squares, near.astype(g.dtype(input) or "float32"))
    scaled = pair(g, "Add", pair(g, "Multiply", total, float(alpha)), float(bias))
    return g.op("TrueDivide", input, pair(g, "Power", scaled, float(beta)), sized=known)
