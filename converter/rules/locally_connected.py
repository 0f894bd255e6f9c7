"""LocallyConnected1D and LocallyConnected2D.

What it sees: the layers that convolve with another kernel at each position, of Keras 1, Keras 2
and tf.keras, in each of the layouts that ``implementation`` chose.

Why Keras 3 trips: "Unknown layer: LocallyConnected2D".

What kfix changes: a depthwise convolution with a fixed kernel copies the patch of each position,
and an EinsumDense multiplies every patch with its own matrix. Zeros in front stand for
``padding="same"``, which began half a patch before the input; Permute layers for channels first;
pooling of size 1 for strides that differ, which no depthwise convolution of TensorFlow has. Where
neither the weights nor ``locally-connected-sizes`` say how large the output is, it is refused.

Links: https://keras.io/api/layers/core_layers/einsum_dense/
"""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Any

from converter.layouts import locally_connected as layouts
from converter.layouts.locally_connected import Geometry
from converter.model.description import Json, Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage
from converter.rules.theano_padding import numbers

KEPT = ("dtype", "trainable", "activation", "activity_regularizer") + tuple(
    f"{weight}_{what}"
    for weight in ("kernel", "bias")
    for what in ("initializer", "regularizer", "constraint")
)
"""What EinsumDense takes as it is."""


def rewrite(layer: Layer, context: Context) -> Change | None:
    """The layer as patches and a product."""
    message = f"{layer.class_name} was removed from Keras"
    geometry = _geometry(layer)
    if geometry is None:
        remedy = "Its file does not say how large its output is."
        return Change(Severity.REFUSED, message, remedy=remedy)
    layers = tuple(_layers(layer, geometry))
    remedy = "written as " + " and ".join(each.class_name for each in layers)
    return Change(Severity.BREAKS, message, layers, remedy)


def _implementation(layer: Layer) -> int:
    return int(layer.config.get("implementation") or 1)


def _geometry(layer: Layer) -> Geometry | None:
    """The shapes that the weights show, None where they leave some open."""
    config = layer.config
    axes = int(layer.class_name[-2])
    outputs = _outputs(layer, axes)
    uses_bias = bool(config.get("use_bias", True))
    if outputs is None or len(layer.weights) != 1 + uses_bias:
        return None
    patch = numbers(config.get("kernel_size"), axes)
    geometry = Geometry(
        patch=tuple(patch),
        strides=tuple(numbers(config.get("strides"), axes)),
        same=config.get("padding") == "same",
        channels_first=_is_channels_first(layer),
        outputs=tuple(outputs),
        channels=0,
        filters=int(config["filters"]),
    )
    kernel = layer.weights[0].shape
    if _implementation(layer) == 1:
        return replace(geometry, channels=kernel[1] // prod(patch))
    if _implementation(layer) == 2:
        return replace(geometry, channels=kernel[0 if geometry.channels_first else axes])
    fitting = layouts.by_connections(kernel[0], geometry)
    known = _input_shape(layer, axes)
    if known is not None:
        fitting = [each for each in fitting if each == known or not geometry.same]
    if len(fitting) != 1:
        return None
    channels, inputs = fitting[0]
    return replace(geometry, channels=channels, inputs=inputs)


def _outputs(layer: Layer, axes: int) -> tuple[int, ...] | None:
    """The output's length on each axis."""
    weights = {weight.name: weight.shape for weight in layer.weights}
    if "bias" in weights:
        return weights["bias"][:-1]
    kernel = weights.get("kernel", ())
    if _implementation(layer) == 2:
        return kernel[-axes:] if _is_channels_first(layer) else kernel[-1 - axes : -1]
    if _implementation(layer) == 1 and axes == 1:
        return kernel[:1]
    known = _input_shape(layer, axes)
    if known is None:
        return None
    sizes = numbers(layer.config.get("kernel_size"), axes)
    strides = numbers(layer.config.get("strides"), axes)
    cut = [0 if layer.config.get("padding") == "same" else size - 1 for size in sizes]
    lengths = zip(known[1], cut, strides, strict=True)
    return tuple(-(-(length - less) // stride) for length, less, stride in lengths)


def _input_shape(layer: Layer, axes: int) -> tuple[int, tuple[int, ...]] | None:
    """Channels and lengths of the input, where the file states them at the layer itself."""
    build: Any = layer.build_config or {}
    shape: Json = build.get("input_shape") or layer.config.get("batch_input_shape")
    if not isinstance(shape, list) or len(shape) != axes + 2:
        return None
    _, *rest = shape
    if not all(isinstance(each, int) for each in rest):
        return None
    if _is_channels_first(layer):
        return rest[0], tuple(rest[1:])
    return rest[-1], tuple(rest[:-1])


def _is_channels_first(layer: Layer) -> bool:
    return layer.config.get("data_format") == "channels_first"


def _layers(layer: Layer, geometry: Geometry) -> list[Layer]:
    axes = len(geometry.patch)
    common = {key: layer.config[key] for key in ("dtype",) if key in layer.config}
    found: list[Layer] = []

    def add(what: str, class_name: str, **config: Json) -> None:
        found.append(Layer(f"{layer.name}_{what}", class_name, {**common, **config}))

    if geometry.channels_first:
        add("channels_last", "Permute", dims=[*range(2, axes + 2), 1])
    if geometry.same:
        padding = geometry.padding
        add("padding", f"ZeroPadding{axes}D", padding=padding[0] if axes == 1 else padding)
    one_stride = len(set(geometry.strides)) == 1
    add(
        "patches",
        f"DepthwiseConv{axes}D",
        kernel_size=list(geometry.patch),
        strides=list(geometry.strides if one_stride else (1,) * axes),
        padding="valid",
        depth_multiplier=prod(geometry.patch),
        use_bias=False,
        trainable=False,
    )
    fixed = layouts.patches(geometry, layer.weights[0].dtype)
    found[-1] = replace(found[-1], weights=(fixed,))
    if not one_stride:
        add("strides", f"MaxPooling{axes}D", pool_size=1, strides=list(geometry.strides))
    found.append(_product(layer, geometry))
    if geometry.channels_first:
        found[-1] = replace(found[-1], name=f"{layer.name}_product")
        add("", "Permute", dims=[axes + 1, *range(1, axes + 1)])
        found[-1] = replace(found[-1], name=layer.name)
    return found


def _product(layer: Layer, geometry: Geometry) -> Layer:
    at = "xy"[: len(geometry.patch)]
    config = {key: layer.config[key] for key in KEPT if key in layer.config}
    config |= {
        "equation": f"b{at}p,{at}pf->b{at}f",
        "output_shape": [*geometry.outputs, geometry.filters],
        "bias_axes": f"{at}f" if len(layer.weights) == 2 else None,
    }
    kernel, *bias = layer.weights
    weights = (
        layouts.kernel(kernel, geometry, _implementation(layer)),
        *(layouts.bias(each, geometry) for each in bias),
    )
    return replace(
        layer, class_name="EinsumDense", config=config, weights=weights, build_config=None
    )


RULE = Rule(
    code="KF151",
    stage=Stage.ARGUMENTS,
    summary="locally connected layers are patches and a product today",
    generations=frozenset({1, 2}),
    classes=frozenset({"LocallyConnected1D", "LocallyConnected2D"}),
    layer=rewrite,
)
