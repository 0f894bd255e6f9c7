"""What is known of the tensors of a graph without running it: ranks, and which hold integers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from converter.model.description import Layer, Model, TensorRef
from converter.model.structures import calls_in_order, refs

_SAME = frozenset(
    {
        *("Activation", "Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"),
        *("GaussianNoise", "GaussianDropout", "AlphaDropout", "BatchNormalization"),
        *("LayerNormalization", "ActivityRegularization", "LeakyReLU", "PReLU", "ELU", "ReLU"),
        *("Softmax", "ThresholdedReLU", "UnitNormalization", "GroupNormalization"),
        *("SpectralNormalization", "Identity", "Rescaling", "Normalization", "Masking", "Dense"),
        *("Permute", "Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"),
        *("Concatenate", "Attention", "AdditiveAttention", "MultiHeadAttention", "Resizing"),
        *("CenterCrop", "RandomCrop", "RandomFlip", "RandomRotation", "RandomZoom"),
        *("RandomTranslation", "RandomContrast", "RandomBrightness", "RandomHeight"),
        *("RandomWidth", "StringLookup", "IntegerLookup", "Hashing", "Discretization"),
        *("Addons>GELU", "Addons>Sparsemax", "Addons>TLU", "Addons>Snake", "Addons>Maxout"),
        *("Addons>FilterResponseNormalization", "Addons>StochasticDepth"),
        *("Addons>PolynomialCrossing", "Addons>PoincareNormalize", "Addons>MultiHeadAttention"),
        *("Transpose", "Divide", "DepthToSpace"),
        *("keras_contrib>InstanceNormalization", "keras_contrib>SubPixelUpscaling"),
        *("cnn_finetune>Scale", "ssd_keras>L2Normalization", "faceswap>PixelShuffler"),
        "keras_self_attention>SeqSelfAttention",
        *("Kapre>Magnitude", "Kapre>Phase", "Kapre>MagnitudeToDecibel", "Kapre>ApplyFilterbank"),
    }
)
"""Layers whose output has the rank of their input; of several inputs, the highest."""

_KEEPS_INTEGERS = frozenset(
    {
        *("Flatten", "Reshape", "Permute", "RepeatVector", "Dropout", "SpatialDropout1D"),
        *("SpatialDropout2D", "SpatialDropout3D", "GaussianNoise", "GaussianDropout"),
        *("AlphaDropout", "ActivityRegularization", "Masking", "Identity", "ZeroPadding1D"),
        *("ZeroPadding2D", "ZeroPadding3D", "Cropping1D", "Cropping2D", "Cropping3D"),
        *("UpSampling1D", "UpSampling2D", "UpSampling3D", "MaxPooling1D", "MaxPooling2D"),
        *("MaxPooling3D", "GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D"),
        *("Add", "Subtract", "Multiply", "Maximum", "Minimum", "Concatenate", "CenterCrop"),
        *("RandomContrast", "RandomBrightness", "Resizing"),
    }
)
_MAKES_INTEGERS = frozenset({"StringLookup", "IntegerLookup", "Hashing", "Discretization"})
_OF_RANK = re.compile(
    r"(?:Global)?(?:Max|Average)Pooling|Conv|(?:Depthwise|Separable)Conv|UpSampling|ZeroPadding"
    r"|Cropping|LocallyConnected"
)
_DIMENSIONS = re.compile(r"(?<=[a-z])([123])D(?:Transpose)?$")


@dataclass(frozen=True)
class Tensor:
    """One tensor: its rank with the batch axis, None where unknown, and whether it is integer."""

    rank: int | None = None
    integer: bool = False


def received(model: Model) -> Iterator[tuple[Layer, tuple[Tensor, ...]]]:
    """Each layer of a model with the tensors of the first argument of its first call."""
    if model.kind == "sequential":
        tensor = Tensor()
        for layer in model.layers:
            yield layer, (tensor,)
            tensor = _after(layer, (tensor,))
        return
    known: dict[TensorRef, Tensor] = {}
    for layer, index in calls_in_order(model):
        tensors = _given(layer, index, known)
        if index == 0:
            yield layer, tensors
        after = outputs(layer, tensors)
        known.update({TensorRef(layer.name, index, n): each for n, each in enumerate(after)})


def needed_rank(layer: Layer) -> int | None:
    """The rank of what a layer takes; None where it takes several, or where that is not known."""
    inner = layer.inner.get("layer")
    if layer.class_name == "TimeDistributed" and inner is not None:
        needed = needed_rank(inner)
        return needed and needed + 1
    if layer.class_name == "Bidirectional" and inner is not None:
        return needed_rank(inner)
    if layer.class_name in ("LSTM", "GRU", "SimpleRNN"):
        return 3
    if layer.class_name == "RepeatVector":
        return 2
    dimensions = _DIMENSIONS.search(layer.class_name)
    is_known = _OF_RANK.match(layer.class_name) or layer.class_name.startswith("SpatialDropout")
    return int(dimensions[1]) + 2 if dimensions and is_known else None


def wrapped(layer: Layer, tensor: Tensor) -> tuple[Layer, Tensor]:
    """The layer that a TimeDistributed holds, and what it gets of each step; else the layer."""
    while layer.class_name == "TimeDistributed" and "layer" in layer.inner:
        rank = None if tensor.rank is None else tensor.rank - 1
        layer, tensor = layer.inner["layer"], replace(tensor, rank=rank)
    return layer, tensor


def _given(layer: Layer, index: int, known: Mapping[TensorRef, Tensor]) -> tuple[Tensor, ...]:
    if not layer.calls or not layer.calls[index].args:
        return ()
    return tuple(known.get(ref, Tensor()) for ref in refs(layer.calls[index].args[0]))


def outputs(layer: Layer, tensors: Sequence[Tensor]) -> list[Tensor]:
    """What a call of a layer gives; of a layer that is no model, the first output."""
    if layer.model is None:
        return [_after(layer, tensors)]
    if layer.model.kind == "sequential":
        return [_of_sequential(layer.model)]
    known: dict[TensorRef, Tensor] = {}
    for inner, index in calls_in_order(layer.model):
        after = outputs(inner, _given(inner, index, known))
        known.update({TensorRef(inner.name, index, n): each for n, each in enumerate(after)})
    return [known.get(ref, Tensor()) for ref in refs(layer.model.outputs)]


def _of_sequential(model: Model) -> Tensor:
    tensor = Tensor()
    for layer in model.layers:
        tensor = _after(layer, (tensor,))
    return tensor


def _after(layer: Layer, tensors: Sequence[Tensor]) -> Tensor:
    """The first output of a call."""
    if layer.model is not None:
        return outputs(layer, tensors)[0]
    if layer.class_name == "InputLayer":
        shape, dtype = layer.config.get("batch_shape"), str(layer.config.get("dtype"))
        rank = len(shape) if isinstance(shape, list | tuple) else None
        return Tensor(rank, dtype.startswith(("int", "uint")))
    return Tensor(_rank(layer, tensors), _is_integer(layer, tensors))


def _is_integer(layer: Layer, tensors: Sequence[Tensor]) -> bool:
    if layer.class_name in _MAKES_INTEGERS:
        return bool(layer.config.get("output_mode", "int") == "int")
    keeps = layer.class_name in _KEEPS_INTEGERS or (
        layer.class_name == "Activation" and layer.config.get("activation") in ("linear", "relu")
    )
    default = "bilinear" if layer.class_name == "Resizing" else "nearest"
    if layer.config.get("interpolation", default) != "nearest":
        return False
    return keeps and bool(tensors) and all(each.integer for each in tensors)


def _rank(layer: Layer, tensors: Sequence[Tensor]) -> int | None:
    name, config = layer.class_name, layer.config
    ranks = [each.rank for each in tensors]
    given = max(rank for rank in ranks if rank) if ranks and all(ranks) else None
    if name in _SAME:
        return given
    if name == "TimeDistributed" and "layer" in layer.inner:
        inner, tensor = layer.inner["layer"], Tensor(given and given - 1)
        after = _after(inner, (tensor,)).rank
        return after and after + 1
    if name in ("Embedding", "Kapre>STFT", "Kapre>Spectrogram", "Kapre>Melspectrogram"):
        return given and given + 1
    if name == "keras_self_attention>SeqWeightedAttention":
        return given and given - 1
    if name == "EinsumDense":
        axes = str(config.get("equation", "...")).rpartition("->")[2]
        return None if "." in axes else len(axes)
    if name == "Bidirectional" and "layer" in layer.inner:
        return _rank(layer.inner["layer"], tensors)
    if name in ("LSTM", "GRU", "SimpleRNN"):
        return 3 if config.get("return_sequences") else 2
    if name == "Reshape":
        return len(config.get("target_shape", ())) + 1
    if name in ("Flatten", "RepeatVector"):
        return 2 if name == "Flatten" else 3
    dimensions = _DIMENSIONS.search(name)
    if dimensions is None or not _OF_RANK.match(name):
        return None
    flat = name.startswith("Global") and not config.get("keepdims")
    return 2 if flat else int(dimensions[1]) + 2
