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
        "TimeDistributed",
        "InputLayer",
    }
)
MERGES = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"})
ATTENTIONS = frozenset({"Attention", "AdditiveAttention"})
RECURRENT = frozenset(
    {"RNN", "LSTM", "GRU", "SimpleRNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "Bidirectional"}
)


@dataclass(frozen=True)
class Origin:
    """What a mask is computed from.

    Attributes:
        tensor: the tensor.
        value: what masked positions hold.
        over_features: whether a position is masked when all its features hold ``value`` (Masking)
            or when the tensor itself does.
    """

    tensor: TensorRef
    value: Json = 0
    over_features: bool = False


@dataclass(frozen=True)
class Mask:
    """A mask that a tensor carries.

    Attributes:
        origins: what it is computed from; where several, a position has to be unmasked in all of
            them. Empty where that is not known, because it comes from outside.
        merged: whether it went through a merge that Keras 3 (from 3.4 on) does otherwise.
    """

    origins: tuple[Origin, ...] = ()
    merged: bool = False


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
        mask = _combined(layer, masks)
        where = _join(path, layer.name)
        if mask is not None and layer.calls:
            yield MaskedCall(where, layer, index, mask)
        if layer.model is not None:
            yield from masked_calls(layer.model, mask and _outside(mask), where)
        source = next(_first_tensors(layer, index), None)
        carried[TensorRef(layer.name, index, 0)] = _after(layer, mask, source)


def _in_sequence(model: Model, incoming: Mask | None, path: str) -> Iterator[MaskedCall]:
    mask = incoming
    for layer in model.layers:
        where = _join(path, layer.name)
        if mask is not None and layer.class_name != "InputLayer":
            yield MaskedCall(where, layer, 0, mask)
        if layer.model is not None:
            yield from masked_calls(layer.model, mask and _outside(mask), where)
        mask = _after(layer, mask, None)


def _first_tensors(layer: Layer, index: int) -> Iterator[TensorRef]:
    if layer.calls and layer.calls[index].args:
        yield from refs(layer.calls[index].args[0])


def _combined(layer: Layer, masks: list[Mask | None]) -> Mask | None:
    """The mask with which a call goes on: Keras 2 wants every masked input to be unmasked."""
    present = [mask for mask in masks if mask is not None]
    if not present:
        return None
    if layer.class_name in ATTENTIONS:
        return masks[0]
    if len(masks) == 1:
        return present[0]
    if layer.class_name not in MERGES or _joins_steps(layer):
        return Mask(merged=any(mask.merged for mask in present))
    origins = tuple(dict.fromkeys(origin for mask in present for origin in mask.origins))
    # Keras 3 takes any of the masks instead of all, and counts an input without mask as unmasked.
    differs = len(present) < len(masks) or any(mask.origins != origins for mask in present)
    known = all(mask.origins for mask in present)
    return Mask(origins if known else (), differs or any(mask.merged for mask in present))


def _joins_steps(layer: Layer) -> bool:
    """Whether a Concatenate lengthens the sequence, so that masks are put behind each other."""
    return layer.class_name == "Concatenate" and layer.config.get("axis", -1) == 1


def _outside(mask: Mask) -> Mask:
    """A mask as a nested model gets it: its origin is not in that model's graph."""
    return Mask(merged=mask.merged)


def _after(layer: Layer, mask: Mask | None, source: TensorRef | None) -> Mask | None:
    """The mask that the first output of a call carries."""
    name = layer.class_name
    if name == "Embedding":
        return (
            _made(Origin(source, 0) if source else None) if layer.config.get("mask_zero") else None
        )
    if name == "Masking":
        value = layer.config.get("mask_value", 0.0)
        return _made(Origin(source, value, over_features=True) if source else None)
    if layer.model is not None:
        return _through_model(layer.model, mask)
    if name in RECURRENT:
        inner = layer.inner.get("layer", layer)
        return mask if inner.config.get("return_sequences") else None
    return mask if name in PASSES_ON | ATTENTIONS | MERGES else None


def _made(origin: Origin | None) -> Mask:
    return Mask((origin,) if origin else ())


def _through_model(model: Model, mask: Mask | None) -> Mask | None:
    """The mask that leaves a nested model; one that was made inside has no known origin."""
    if model.kind != "sequential":
        produces = any(
            layer.config.get("mask_zero") or layer.class_name == "Masking" for layer in model.layers
        )
        return Mask(merged=bool(mask and mask.merged)) if mask or produces else None
    inside: Mask | None = mask and _outside(mask)
    for layer in model.layers:
        after: Any = _after(layer, inside, None)
        inside = after and _outside(after)
    return inside


def _join(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name
