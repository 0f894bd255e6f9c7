"""Where masks flow in a model: from Embedding and Masking to the layers that receive them.

Keras hands masks on silently; they are not part of a config. This follows them with Keras 2's
rules, layer by layer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from converter.model.description import Json, Layer, Model, TensorRef
from converter.model.structures import calls_in_order, refs

PASSES_ON = frozenset(
    {
        "Activation",
        "Dropout",
        "SpatialDropout1D",
        "GaussianNoise",
        "GaussianDropout",
        "AlphaDropout",
        "Dense",
        "Identity",
    }
    | {
        "BatchNormalization",
        "LayerNormalization",
        "ActivityRegularization",
        "LeakyReLU",
        "PReLU",
        "ELU",
        "ReLU",
        "Softmax",
    }
    | {
        "ThresholdedReLU",
        "MultiHeadAttention",
        "Attention",
        "AdditiveAttention",
        "TimeDistributed",
        "InputLayer",
    }
)
MERGES = frozenset(
    {"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot"}
)
RECURRENT = frozenset(
    {"RNN", "LSTM", "GRU", "SimpleRNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "Bidirectional"}
)


@dataclass(frozen=True)
class Mask:
    """A mask that a tensor carries.

    Attributes:
        origin: the tensor it was computed from; None where it was combined from several or comes
            from outside.
        value: what masked positions hold.
        over_features: whether a position is masked when all its features hold ``value`` (Masking)
            or when the tensor itself does.
    """

    origin: TensorRef | None = None
    value: Json = 0
    over_features: bool = False


@dataclass(frozen=True)
class MaskedCall:
    """A call that receives a mask with its first argument."""

    path: str
    layer: Layer
    call: int
    mask: Mask


def masked_calls(
    model: Model, incoming: Mask | None = None, path: str = ""
) -> Iterator[MaskedCall]:
    """Every call, nested models included, whose first argument carries a mask.

    Args:
        model: the model to follow; layers in either generation's words.
        incoming: the mask that the model's inputs carry when it is nested.
        path: path of the model from the top.
    """
    if model.kind == "sequential":
        yield from _in_sequence(model, incoming, path)
        return
    carried: dict[TensorRef, Mask | None] = {}
    for layer, index in calls_in_order(model):
        masks = [carried.get(ref) for ref in _first_tensors(layer, index)] or [incoming]
        mask = _combined(masks)
        where = _join(path, layer.name)
        if mask is not None and layer.calls:
            yield MaskedCall(where, layer, index, mask)
        if layer.model is not None:
            yield from masked_calls(layer.model, mask and Mask(), where)
        source = next(_first_tensors(layer, index), None)
        carried[TensorRef(layer.name, index, 0)] = _after(layer, mask, source)


def _in_sequence(model: Model, incoming: Mask | None, path: str) -> Iterator[MaskedCall]:
    mask = incoming
    for layer in model.layers:
        where = _join(path, layer.name)
        if mask is not None and layer.class_name != "InputLayer":
            yield MaskedCall(where, layer, 0, mask)
        if layer.model is not None:
            yield from masked_calls(layer.model, mask and Mask(), where)
        mask = _after(layer, mask, None)


def _first_tensors(layer: Layer, index: int) -> Iterator[TensorRef]:
    if layer.calls and layer.calls[index].args:
        yield from refs(layer.calls[index].args[0])


def _combined(masks: list[Mask | None]) -> Mask | None:
    present = [mask for mask in masks if mask is not None]
    if not present:
        return None
    return present[0] if len(masks) == 1 else Mask()


def _after(layer: Layer, mask: Mask | None, source: TensorRef | None) -> Mask | None:
    """The mask that the first output of a call carries."""
    name = layer.class_name
    if name == "Embedding":
        return Mask(source, 0) if layer.config.get("mask_zero") else None
    if name == "Masking":
        return Mask(source, layer.config.get("mask_value", 0.0), over_features=True)
    if layer.model is not None:
        return _through_model(layer.model, mask)
    if name in RECURRENT:
        inner = layer.inner.get("layer", layer)
        return mask if inner.config.get("return_sequences") else None
    return mask if name in PASSES_ON | MERGES else None


def _through_model(model: Model, mask: Mask | None) -> Mask | None:
    """The mask that leaves a nested model; one that was made inside has no known origin."""
    if model.kind != "sequential":
        produces = any(
            layer.config.get("mask_zero") or layer.class_name == "Masking" for layer in model.layers
        )
        return Mask() if mask or produces else None
    inside: Mask | None = mask and Mask()
    for layer in model.layers:
        after: Any = _after(layer, inside, None)
        inside = after and Mask()
    return inside


def _join(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name
