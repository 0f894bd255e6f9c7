"""Stock layers for op nodes that compute the same.

Other programs read layers, and few read the ops of Keras. A layer hands masks on where a node does
not, so this is for models that have none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from converter.knowledge import keras3
from converter.model.description import Call, Json, Layer, Model, TensorRef
from converter.model.structures import refs
from converter.ops.nodes import FLOATS, Known

Config = Mapping[str, Json]
Shape = tuple[int | None, ...]
Found = tuple[str, Config] | None
"""The class of a layer and its config."""

MERGES = frozenset({"Add", "Subtract", "Multiply", "Maximum", "Minimum"})
ACTIVATIONS = {
    "Elu": "elu",
    "Exp": "exponential",
    "Relu": "relu",
    "Relu6": "relu6",
    "Selu": "selu",
    "Sigmoid": "sigmoid",
    "Silu": "silu",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Tanh": "tanh",
}
GLOBAL = {"Mean": "GlobalAveragePooling", "Max": "GlobalMaxPooling"}
WINDOWS = {"MaxPool": "MaxPooling", "AveragePool": "AveragePooling"}
MAKE_NONE = frozenset({"TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer"})


def has_masks(model: Model) -> bool:
    """Whether some layer may make a mask: known ones, and all that are not Keras's own."""
    return any(map(_makes_masks, _every_layer(model)))


def _every_layer(model: Model) -> Iterator[Layer]:
    for layer in model.layers:
        yield from _with_inner(layer)


def _with_inner(layer: Layer) -> Iterator[Layer]:
    yield layer
    for inner in layer.inner.values():
        yield from _with_inner(inner)
    if layer.model is not None:
        yield from _every_layer(layer.model)


def _makes_masks(layer: Layer) -> bool:
    if layer.model is not None or layer.class_name in MAKE_NONE:
        return False
    if layer.module.startswith("keras.src.ops"):
        return False
    if layer.class_name == "InputLayer":
        return bool(layer.config.get("ragged") or layer.config.get("sparse"))
    if layer.class_name in ("Lambda", "Masking") or layer.config.get("mask_zero"):
        return True
    return layer.class_name not in keras3.LAYERS


def in_stock(node: Layer, known: Mapping[TensorRef, Known]) -> Layer:
    """The stock layer that computes what a node does; the node where there is none.

    Args:
        node: a node with one call.
        known: what is known of the tensors it takes and gives.
    """
    (call,) = node.calls
    tensors = [known.get(ref, Known()) for ref in refs(call.args)]
    result = known.get(TensorRef(node.name), Known())
    dtypes = {each.dtype for each in (*tensors, result)}
    if not node.module.startswith("keras.src.ops") or not tensors or len(dtypes) != 1:
        return node
    if not dtypes <= FLOATS or not all(each.of_batch for each in tensors):
        return node
    shapes = [each.shape for each in tensors]
    if any(shape is None or len(shape) < 2 for shape in shapes):
        return node
    given = [shape for shape in shapes if shape is not None]
    found = _layer(node, call, given)
    if found is None:
        return node
    class_name, config = found
    args = (list(refs(call.args)),) if len(tensors) > 1 else (next(iter(refs(call.args))),)
    return replace(
        node,
        class_name=class_name,
        config={**config, "dtype": result.dtype},
        calls=(Call(args),),
        module="keras.layers",
    )


def _layer(node: Layer, call: Call, shapes: list[Shape]) -> Found:
    name, config = node.class_name, node.config
    if name in MERGES and len(shapes) == 2:
        same = shapes[0] == shapes[1] and None not in shapes[0][1:]
        return (name, {}) if same and len(call.args) == 2 else None
    if name == "Concatenate":
        axis = config["axis"]
        return (name, {"axis": axis}) if axis % len(shapes[0]) != 0 else None
    if len(shapes) != 1:
        return None
    if name in ACTIVATIONS:
        return "Activation", {"activation": ACTIVATIONS[name]}
    if name in ("Add", "Multiply", "Subtract"):
        return _rescaling(name, call)
    return FORMS[name](config, call, shapes[0]) if name in FORMS else None


def _rescaling(name: str, call: Call) -> Found:
    """A number on either side of a tensor."""
    first, second = call.args
    numbers = [each for each in (first, second) if isinstance(each, float)]
    if len(numbers) != 1 or not math.isfinite(numbers[0]):
        return None
    number = numbers[0]
    if name == "Multiply":
        return "Rescaling", {"scale": number, "offset": 0.0}
    if name == "Add":
        return "Rescaling", {"scale": 1.0, "offset": number}
    if isinstance(first, float):
        return "Rescaling", {"scale": -1.0, "offset": number}
    return "Rescaling", {"scale": 1.0, "offset": -number}


def _reshape(config: Config, call: Call, shape: Shape) -> Found:
    first, *target = config["newshape"]
    if first != -1 or -1 in target or not target or None in shape[1:]:
        return None
    same = math.prod(target) == math.prod(each or 0 for each in shape[1:])
    return ("Reshape", {"target_shape": target}) if same else None


def _expanded(config: Config, call: Call, shape: Shape) -> Found:
    axis = config["axis"]
    if not isinstance(axis, int) or axis % (len(shape) + 1) == 0 or None in shape[1:]:
        return None
    target = list(shape)
    target.insert(axis % (len(shape) + 1), 1)
    return "Reshape", {"target_shape": target[1:]}


def _squeezed(config: Config, call: Call, shape: Shape) -> Found:
    axes = config["axis"] if isinstance(config["axis"], list) else [config["axis"]]
    gone = {axis % len(shape) for axis in axes}
    target = [length for n, length in enumerate(shape) if n not in gone][1:]
    if 0 in gone or None in shape[1:] or not target:
        return None
    return "Reshape", {"target_shape": target}


def _permute(config: Config, call: Call, shape: Shape) -> Found:
    order = config["axes"]
    return ("Permute", {"dims": order[1:]}) if order and order[0] == 0 else None


def _softmax(config: Config, call: Call, shape: Shape) -> Found:
    axis = config["axis"]
    if not isinstance(axis, int) or axis % len(shape) == 0:
        return None
    return "Softmax", {"axis": axis}


def _leaky(config: Config, call: Call, shape: Shape) -> Found:
    return "LeakyReLU", {"negative_slope": config["negative_slope"]}


def _gelu(config: Config, call: Call, shape: Shape) -> Found:
    return None if config["approximate"] else ("Activation", {"activation": "gelu"})


def _identity(config: Config, call: Call, shape: Shape) -> Found:
    return "Identity", {}


def _global(class_name: str) -> Callable[[Config, Call, Shape], Found]:
    """Over all axes but the batch and the channels."""

    def form(config: Config, call: Call, shape: Shape) -> Found:
        axis, rank = config["axis"], len(shape)
        axes = axis if isinstance(axis, list) else [axis]
        if None in axes or sorted(each % rank for each in axes) != list(range(1, rank - 1)):
            return None
        if not 3 <= rank <= 5:
            return None
        keeps = bool(config["keepdims"])
        name = f"{class_name}{rank - 2}D"
        return name, {"data_format": "channels_last", "keepdims": keeps}

    return form


def _pool(class_name: str) -> Callable[[Config, Call, Shape], Found]:
    def form(config: Config, call: Call, shape: Shape) -> Found:
        keys = ("pool_size", "strides", "padding", "data_format")
        return f"{class_name}{len(shape) - 2}D", {key: config[key] for key in keys}

    return form


def _zeros(config: Config, call: Call, shape: Shape) -> Found:
    first, *inner, last = config["pad_width"]
    if config["mode"] != "constant" or len(call.args) != 1 or len(shape) not in (3, 4, 5):
        return None
    if first != [0, 0] or last != [0, 0]:
        return None
    padding = inner[0] if len(inner) == 1 else inner
    return f"ZeroPadding{len(inner)}D", {"padding": padding, "data_format": "channels_last"}


FORMS: Mapping[str, Callable[[Config, Call, Shape], Found]] = {
    "Copy": _identity,
    "ExpandDims": _expanded,
    "Gelu": _gelu,
    "LeakyRelu": _leaky,
    "Pad": _zeros,
    "Reshape": _reshape,
    "Softmax": _softmax,
    "Squeeze": _squeezed,
    "Transpose": _permute,
    **{name: _global(class_name) for name, class_name in GLOBAL.items()},
    **{name: _pool(class_name) for name, class_name in WINDOWS.items()},
}
