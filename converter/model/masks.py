"""Where masks flow in a model: from Embedding and Masking to the layers that receive them.

Keras hands masks on silently; they are not part of a config. This follows them with Keras 2's
rules, layer by layer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

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
        "UnitNormalization",
        "GroupNormalization",
        "MultiHeadAttention",
        "InputLayer",
        "Identity",
        "Rescaling",
        "Normalization",
    }
)
"""Layers that hand masks on. Where a writer's did not, the rule dropped-masks has said so before
any other rule asks."""

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
        merged: whether it went through a merge of masks.
        merged_otherwise: whether Keras 3 (from 3.4 on) makes another mask of them than Keras 2.
    """

    origins: tuple[Origin, ...] = ()
    merged: bool = False
    merged_otherwise: bool = False


@dataclass(frozen=True)
class MaskedCall:
    """A call that receives a mask with its first argument."""

    path: str
    layer: Layer
    call: int
    mask: Mask


_Received = tuple[Layer, int, Mask | None]
"""A layer, the number of the call, and the mask of its first argument."""


def masked_calls(
    model: Model, incoming: Mask | None = None, path: str = ""
) -> Iterator[MaskedCall]:
    """Every call, nested models included, whose first argument carries a mask.

    Args:
        model: the model to follow; layers in either generation's words.
        incoming: the mask that the model's inputs carry when it is nested.
        path: path of the model from the top.
    """
    yield from _Followed().calls(model, incoming, path)


def carried_masks(model: Model, incoming: Mask | None = None) -> dict[TensorRef, Mask | None]:
    """The masks that the outputs of all calls of a graph carry.

    Args:
        model: a Functional model.
        incoming: the mask that the model's inputs carry when it is nested.
    """
    return _Followed().carried(model, incoming)


class _Followed:
    """One walk, which follows a nested model once for each mask that it can get.

    Models in models that call each inner one twice would else take for ever.
    """

    def __init__(self) -> None:
        self._leaving: dict[tuple[int, Mask | None], tuple[bool, Mask | None]] = {}
        self._told: set[tuple[str, Mask | None]] = set()

    def calls(self, model: Model, incoming: Mask | None, path: str) -> Iterator[MaskedCall]:
        """See `masked_calls`."""
        if (path, incoming) in self._told:
            return
        self._told.add((path, incoming))
        received = self._in_sequence if model.kind == "sequential" else self._in_graph
        for layer, index, mask in received(model, incoming):
            where = _join(path, layer.name)
            if mask is not None and (layer.calls or model.kind == "sequential"):
                yield MaskedCall(where, layer, index, mask)
            if layer.model is not None:
                yield from self.calls(layer.model, mask and _outside(mask), where)

    def carried(self, model: Model, incoming: Mask | None) -> dict[TensorRef, Mask | None]:
        """See `carried_masks`."""
        carried: dict[TensorRef, Mask | None] = {}
        for layer, index in calls_in_order(model):
            mask = _received(layer, index, carried, incoming)
            source = next(_first_tensors(layer, index), None)
            after = self.after(layer, mask, source)
            for output in range(2 if _returns_both_directions(layer) else 1):
                carried[TensorRef(layer.name, index, output)] = after
        return carried

    def after(self, layer: Layer, mask: Mask | None, source: TensorRef | None) -> Mask | None:
        """The mask that the first output of a call carries."""
        if layer.model is not None:
            return self._through_model(layer.model, mask)
        return _after(layer, mask, source)

    def _in_graph(self, model: Model, incoming: Mask | None) -> Iterator[_Received]:
        carried = self.carried(model, incoming)
        for layer, index in calls_in_order(model):
            yield layer, index, _received(layer, index, carried, incoming)

    def _in_sequence(self, model: Model, incoming: Mask | None) -> Iterator[_Received]:
        mask = incoming
        for layer in model.layers:
            yield layer, 0, mask if layer.class_name != "InputLayer" else None
            mask = self.after(layer, mask, None)

    def _through_model(self, model: Model, mask: Mask | None) -> Mask | None:
        """The mask that leaves a nested model; one that was made inside has no known origin."""
        key = id(model), mask and _outside(mask)
        if key not in self._leaving:
            self._leaving[key] = self._leaves(model, key[1])
        unchanged, leaving = self._leaving[key]
        return mask if unchanged else leaving

    def _leaves(self, model: Model, given: Mask | None) -> tuple[bool, Mask | None]:
        """Whether it is the very mask that has come in, and else which."""
        if model.kind == "sequential":
            leaving = given
            for layer in model.layers:
                leaving = self.after(layer, leaving, None)
        else:
            carried = self.carried(model, given)
            leaving = next((carried.get(ref) for ref in refs(model.outputs)), None)
        return leaving is given, leaving and _outside(leaving)


def nested_masks(model: Model, incoming: Mask | None = None) -> dict[str, Mask]:
    """The masks with which the nested models of a graph are called, by the names of their layers.

    Args:
        model: a Functional model.
        incoming: the mask that the model's inputs carry when it is nested itself.
    """
    carried = carried_masks(model, incoming)
    return {
        layer.name: _outside(mask)
        for layer, index in calls_in_order(model)
        if layer.model is not None and (mask := _received(layer, index, carried, incoming))
    }


def _returns_both_directions(layer: Layer) -> bool:
    return layer.class_name == "Bidirectional" and layer.config.get("merge_mode", "") is None


def _received(
    layer: Layer, index: int, carried: Mapping[TensorRef, Mask | None], incoming: Mask | None
) -> Mask | None:
    masks = [carried.get(ref) for ref in _first_tensors(layer, index)] or [incoming]
    return _combined(layer, masks)


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
        return _outside(*present)
    origins = tuple(dict.fromkeys(origin for mask in present for origin in mask.origins))
    # Keras 3 takes any of the masks instead of all, and counts an input without mask as unmasked.
    known = all(mask.origins for mask in present)
    same = known and len(present) == len(masks) and all(mask.origins == origins for mask in present)
    otherwise = not same or any(mask.merged_otherwise for mask in present)
    return Mask(origins if known else (), merged=True, merged_otherwise=otherwise)


def _joins_steps(layer: Layer) -> bool:
    """Whether a Concatenate lengthens the sequence, so that masks are put behind each other."""
    return layer.class_name == "Concatenate" and layer.config.get("axis", -1) == 1


def _outside(*masks: Mask) -> Mask:
    """A mask as a nested model gets it: its origin is not in that model's graph."""
    otherwise = any(mask.merged_otherwise for mask in masks)
    return Mask((), any(mask.merged for mask in masks), otherwise)


def _after(layer: Layer, mask: Mask | None, source: TensorRef | None) -> Mask | None:
    """The mask that the first output of a call carries; the layer is no model."""
    name = layer.class_name
    if layer.module.startswith("keras.src.ops"):
        return None
    if name == "Embedding":
        return (
            _made(Origin(source, 0) if source else None) if layer.config.get("mask_zero") else None
        )
    if name == "Masking":
        value = layer.config.get("mask_value", 0.0)
        return _made(Origin(source, value, over_features=True) if source else None)
    if name == "TimeDistributed":
        return mask or (Mask() if wraps_a_mask_maker(layer) else None)
    if name in RECURRENT:
        inner = layer.inner.get("layer", layer)
        return mask if inner.config.get("return_sequences") else None
    return mask if name in PASSES_ON | ATTENTIONS | MERGES else None


def wraps_a_mask_maker(layer: Layer) -> bool:
    """Whether a TimeDistributed holds a layer that makes masks, one for each step."""
    inner = layer.inner.get("layer")
    return inner is not None and _Followed().after(inner, None, None) is not None


def _made(origin: Origin | None) -> Mask:
    return Mask((origin,) if origin else ())


def _join(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name
