"""The op nodes that Keras 3 adds to a graph when layers hand masks on.

They are not in the config that a file holds, but they count when Keras 3 sorts the layers by depth, and so decide which of two
layers comes first. This follows ``Layer.__call__`` and the ``compute_mask`` methods of keras/src/layers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from converter.knowledge import keras3
from converter.model.description import Call, Layer, Model, TensorRef
from converter.model.structures import calls_in_order, map_refs, refs

MERGES = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"})
FIRST_ONLY = frozenset({"RNN", "LSTM", "GRU", "SimpleRNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "Bidirectional"})
DROPS = frozenset({"GlobalAveragePooling1D", "Dot", "ReversibleEmbedding"})

Node = tuple[str, int]


class ImplicitMasks:
    """What masks add to a graph.

    Attributes:
        arguments: for each call (layer name, index) the masks that Keras 3 passes along with its own arguments.
        parents: for each op node that Keras 3 makes the nodes whose outputs it takes.
    """

    def __init__(self, model: Model) -> None:
        self.arguments: dict[Node, dict[str, Any]] = {}
        self.parents: dict[Node, tuple[Node, ...]] = {}
        self._masks: dict[TensorRef, TensorRef | None] = {}
        if any(_makes_masks(layer) for layer in model.layers):
            for layer, index in calls_in_order(model):
                if layer.calls:
                    self._pass(layer, index, layer.calls[index])

    def _pass(self, layer: Layer, index: int, call: Call) -> None:
        entry = keras3.LAYERS.get(layer.class_name)
        takes = keras3.call_names(layer.class_name) if entry else ("inputs", "mask") if layer.model is not None else ()
        tensors = _tensor_arguments(call, takes)
        passed = self._arguments(tensors, takes, call)
        if passed:
            self.arguments[layer.name, index] = passed
        if entry and entry["masking"] and call.args:
            previous = call.kwargs.get("mask") or passed.get("mask")
            previous = self._of(call.args[0]) if previous is None else previous
            self._masks[TensorRef(layer.name, index)] = self._after(layer, call.args[0], previous)

    def _arguments(self, tensors: Mapping[str, Any], takes: Sequence[str], call: Call) -> dict[str, Any]:
        """A single tensor argument gets ``mask``, several get ``<name>_mask`` each, where the layer takes them."""
        if len(tensors) == 1:
            wanted = {"mask": next(iter(tensors.values()))}
        else:
            wanted = {f"{name}_mask": value for name, value in tensors.items()}
        free = {name: value for name, value in wanted.items() if name in takes and call.kwargs.get(name) is None}
        masks = {name: self._of(value) for name, value in free.items()}
        return {name: mask for name, mask in masks.items() if any(refs(mask))}

    def _of(self, structure: Any) -> Any:
        """The masks of a structure of tensors."""
        return map_refs(self._masks.get, structure)

    def _after(self, layer: Layer, inputs: Any, previous: Any) -> TensorRef | None:
        """``compute_mask``: the mask of the first output."""
        name = layer.class_name
        if name == "Embedding":
            return self._op(inputs) if layer.config.get("mask_zero") else None
        if name == "Masking":
            return self._op(self._op(inputs))
        if name in FIRST_ONLY:
            inner = layer.inner.get("layer", layer)
            return next(refs(previous), None) if inner.config.get("return_sequences") else None
        if name in DROPS or (isinstance(previous, list) and not any(refs(previous))):
            return None
        if name == "Concatenate":
            return self._concatenated(inputs, previous)
        if name in MERGES:
            return self._merged(previous)
        return next(refs(previous), None)

    def _concatenated(self, inputs: Sequence[TensorRef], masks: Sequence[TensorRef | None]) -> TensorRef:
        """Masks are broadcast over the features of their inputs, unmasked inputs count as ones."""
        parts = [
            self._op(tensor) if mask is None else self._op(self._op(mask), self._op(tensor))
            for tensor, mask in zip(inputs, masks, strict=True)
        ]
        return self._op(self._op(*parts))

    def _merged(self, masks: Any) -> TensorRef | None:
        if not isinstance(masks, list) or any(mask is None for mask in masks):
            return None
        merged: TensorRef = masks[0]
        for mask in masks[1:]:
            merged = self._op(merged, mask)
        return merged

    def _op(self, *inputs: TensorRef) -> TensorRef:
        name = f"\0{len(self.parents)}"
        self.parents[name, 0] = tuple((ref.layer, ref.call) for ref in inputs)
        return TensorRef(name)


def _makes_masks(layer: Layer) -> bool:
    return layer.class_name == "Masking" or bool(layer.config.get("mask_zero"))


def _tensor_arguments(call: Call, takes: Sequence[str]) -> dict[str, Any]:
    """The arguments that hold tensors, by name."""
    named = dict(zip(takes, call.args, strict=False)) | dict(call.kwargs)
    return {name: value for name, value in named.items() if any(refs(value))}
