"""What is known of the tensors that layers give, before any rule has put their config right."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from converter.model.description import Json, Layer, Model, TensorRef
from converter.model.structures import calls_in_order, refs
from converter.model.tensors import Tensor, outputs
from converter.ops.nodes import FLOATS, Known

KEEP_SHAPE = frozenset(
    {
        *("Activation", "Dropout", "BatchNormalization", "LayerNormalization", "LeakyReLU"),
        *("PReLU", "ELU", "ReLU", "Softmax", "Rescaling", "Normalization", "GaussianNoise"),
        *("Masking", "ActivityRegularization", "SpatialDropout1D", "SpatialDropout2D"),
        *("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"),
    }
)
"""Layers that give the shape they get; of several, that to which they are broadcast."""


BOOLEANS = frozenset(
    {
        *("All", "Any", "Equal", "Greater", "GreaterEqual", "Isfinite", "Isinf", "Isnan", "Less"),
        *("LessEqual", "LogicalAnd", "LogicalNot", "LogicalOr", "LogicalXor", "NotEqual"),
    }
)
"""Ops that give booleans."""


def given_by(layer: Layer, tensors: Sequence[Known], count: int) -> list[Known]:
    """The outputs of one call of a layer that is no op.

    Args:
        layer: the layer.
        tensors: those of its first argument.
        count: how many outputs the graph uses.
    """
    if layer.class_name == "InputLayer":
        shape = layer.config.get("batch_input_shape", layer.config.get("batch_shape"))
        sized = tuple(shape) if isinstance(shape, list | tuple) else None
        return [Known(str(layer.config.get("dtype") or "float32"), sized, of_batch=True)]
    if layer.model is not None:
        return _of_model(layer.model, tensors, count)
    first = tuple(_shape(layer, tensors) or ()) or _open(layer, tensors)
    dtype = _dtype(layer, tensors)
    of_batch = all(map(_may_have_batch, tensors))
    known = Known(dtype, first, of_batch, _gives_probabilities(layer))
    return [known] + [Known(dtype, of_batch=of_batch)] * (count - 1)


def _may_have_batch(tensor: Known) -> bool:
    """A tensor that was made of numbers has a first axis of its own."""
    return tensor.of_batch or tensor.shape is None or tensor.shape[:1] == (None,)


def _gives_probabilities(layer: Layer) -> bool:
    name = layer.config.get("activation")
    return layer.class_name == "Softmax" or name in ("sigmoid", "softmax")


def _of_model(model: Model, tensors: Sequence[Known], count: int) -> list[Known]:
    """Of a nested model, whose op layers have been rewritten already, the dtypes."""
    if model.kind == "sequential":
        for layer in model.layers:
            if layer.class_name != "InputLayer":
                tensors = given_by(layer, tensors, 1)
        return [*tensors[:1]] * count
    known: dict[TensorRef, Known] = {}
    for layer, index in calls_in_order(model):
        call = layer.calls[index] if layer.calls else None
        inner = [known.get(ref, Known()) for ref in refs(call.args)] if call else []
        found = given_by(layer, inner, 8)
        known.update({TensorRef(layer.name, index, n): each for n, each in enumerate(found)})
    return [known.get(ref, Known(of_batch=True)) for ref in refs(model.outputs)]


def _dtype(layer: Layer, tensors: Sequence[Known]) -> str | None:
    """Layers compute in the dtype of their policy; some hand integers on."""
    if layer.module.startswith("keras.src.ops"):
        told = layer.config.get("dtype") or ("bool" if layer.class_name in BOOLEANS else None)
        return told or (tensors[0].dtype if tensors else None)
    if layer.class_name == "Lambda":
        return None
    ranks = [Tensor(each.rank, _is_integer(each)) for each in tensors]
    if outputs(layer, ranks or [Tensor()])[0].integer:
        return next((each.dtype for each in tensors), "int64")
    if layer.class_name in KEEP_SHAPE and tensors and tensors[0].dtype == "bool":
        return "bool"
    return policy_dtype(layer.config.get("dtype"))


def _is_integer(tensor: Known) -> bool:
    return tensor.dtype is not None and tensor.dtype not in FLOATS and tensor.dtype != "bool"


def policy_dtype(policy: Json) -> str:
    """The dtype in which a layer with this policy computes."""
    if isinstance(policy, Mapping):
        config = policy.get("config")
        policy = config.get("name") if isinstance(config, Mapping) else None
    return str(policy or "float32").removeprefix("mixed_")


def _shape(layer: Layer, tensors: Sequence[Known]) -> Any:
    """The shape of the first output where a simple formula gives it, else None."""
    shapes = [each.shape for each in tensors]
    shape, config, name = (shapes[0] if shapes else None), layer.config, layer.class_name
    if not shape:
        return None
    if name in KEEP_SHAPE:
        return shape if all(each == shape for each in shapes) else None
    if name == "Dense":
        return (*shape[:-1], config.get("units"))
    if name == "Embedding":
        return (*shape, config.get("output_dim"))
    if name == "Permute":
        return (shape[0], *(shape[each] for each in config["dims"]))
    if name == "Reshape" and -1 not in config["target_shape"]:
        return (shape[0], *config["target_shape"])
    if name in ("Concatenate", "Flatten"):
        return _joined(shapes, config) if name == "Concatenate" else _flat(shape)
    if name.endswith(WINDOWS) and config.get("data_format") != "channels_first":
        return _swept(layer, shape)
    if name.startswith("Global") and not config.get("keepdims"):
        last = shape[1:2] if config.get("data_format") == "channels_first" else shape[-1:]
        return (shape[0], *last)
    if name in ("LSTM", "GRU", "SimpleRNN"):
        steps = shape[1:2] if config.get("return_sequences") else ()
        return (shape[0], *steps, config.get("units"))
    return None


def _open(layer: Layer, tensors: Sequence[Known]) -> tuple[int | None, ...] | None:
    """A shape of which the rank alone is known."""
    ranks = [Tensor(each.rank, False) for each in tensors]
    rank = outputs(layer, ranks or [Tensor()])[0].rank
    return None if rank is None else (None,) * rank


WINDOWS = tuple(f"{kind}{n}D" for kind in ("Conv", "Pooling", "UpSampling") for n in (1, 2, 3))
"""How the names of layers end that move a window over pictures."""


def _joined(shapes: Sequence[Any], config: Mapping[str, Json]) -> Any:
    if any(each is None or len(each) != len(shapes[0]) for each in shapes):
        return None
    axis = config.get("axis", -1) % len(shapes[0])
    lengths = [each[axis] for each in shapes]
    total = None if None in lengths else sum(lengths)
    return tuple(total if n == axis else length for n, length in enumerate(shapes[0]))


def _flat(shape: tuple[int | None, ...]) -> Any:
    lengths = [each for each in shape[1:] if each is not None]
    return (shape[0], math.prod(lengths)) if len(lengths) == len(shape) - 1 else None


def _swept(layer: Layer, shape: tuple[int | None, ...]) -> Any:
    """The shape behind a convolution, a pooling or an UpSampling, channels last."""
    config, count = layer.config, len(shape) - 2
    if layer.class_name.startswith("Global") or count < 1:
        return None

    def numbers(key: str, default: Any) -> list[Any]:
        value = config.get(key, default)
        return list(value) if isinstance(value, list | tuple) else [value] * count

    if layer.class_name.startswith("UpSampling"):
        lengths = [
            None if n is None else n * by
            for n, by in zip(shape[1:-1], numbers("size", 2), strict=True)
        ]
        return (shape[0], *lengths, shape[-1])
    window = numbers("kernel_size", None)
    if "Pooling" in layer.class_name:
        window = numbers("pool_size", 2)
    steps = numbers("strides", 1) if config.get("strides") is not None else window
    rates = numbers("dilation_rate", 1)
    channels = config.get("filters", shape[-1])
    if layer.class_name == "DepthwiseConv2D":
        channels = None if shape[-1] is None else shape[-1] * config.get("depth_multiplier", 1)
    lengths = [
        _length(*each, config.get("padding", "valid"))
        for each in zip(shape[1:-1], window, steps, rates, strict=True)
    ]
    return (shape[0], *lengths, channels)


def _length(length: int | None, window: int, step: int, rate: int, padding: str) -> int | None:
    if length is None:
        return None
    if padding in ("same", "causal"):
        return -(-length // step)
    return (length - (window - 1) * rate - 1) // step + 1 if padding == "valid" else None
