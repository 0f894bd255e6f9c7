"""The op nodes that Keras 3 adds to a graph when layers hand masks on.

They are not in the config that a file holds, but they count when Keras 3 sorts the layers by depth,
and so decide which of two layers comes first. This follows ``Layer.__call__`` and the
``compute_mask`` methods of keras/src/layers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from converter.knowledge import keras3
from converter.layouts.variables import is_op
from converter.model.description import Call, Layer, Model, TensorRef
from converter.model.structures import calls_in_order, map_refs, refs

MERGES = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"})
RECURRENT = frozenset({"RNN", "LSTM", "GRU", "SimpleRNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"})
ATTENTION = frozenset({"Attention", "AdditiveAttention"})
DROPS = frozenset({"GlobalAveragePooling1D", "Dot", "ReversibleEmbedding"})

Node = tuple[str, int]


class ImplicitMasks:
    """What masks add to a graph.

    Attributes:
        arguments: for each call (layer name, index) the masks that become part of its node. Keras
            3 passes more of them along, but records only those of calls with a single positional
            tensor of the layer's own dtype: for others it works on a copy of the arguments.
        parents: for each op node that Keras 3 makes the nodes whose outputs it takes.
    """

    def __init__(self, model: Model) -> None:
        self.arguments: dict[Node, dict[str, Any]] = {}
        self.parents: dict[Node, tuple[Node, ...]] = {}
        self._masks: dict[TensorRef, TensorRef] = {}
        self._dtypes = Dtypes(model)
        if any(_makes_masks(layer) for layer in model.layers):
            for layer, index in calls_in_order(model):
                # Ops take and hand on no masks; some bear the names of layers (``Add``).
                if layer.calls and not is_op(layer):
                    self._pass(layer, index, layer.calls[index])

    def _pass(self, layer: Layer, index: int, call: Call) -> None:
        takes = _arguments_of(layer)
        arguments = dict(zip(takes, call.args, strict=False)) | dict(call.kwargs)
        mask = arguments.get("mask")
        if mask is None and "mask" in takes:
            mask = self._only_mask(arguments)
            if mask is not None and self._is_recorded(layer, call):
                self.arguments[layer.name, index] = {"mask": mask}
        entry = keras3.LAYERS.get(layer.class_name)
        if entry and entry["masking"] and takes and not _is_unmasked_embedding(layer):
            first = arguments.get(takes[0])
            previous = self._of(first) if mask is None else mask
            for output, after in enumerate(
                self._after(layer, self._converted(layer, first), previous)
            ):
                if after is not None:
                    self._masks[TensorRef(layer.name, index, output)] = after

    def _only_mask(self, arguments: Mapping[str, Any]) -> Any:
        """The mask of the only argument that holds tensors; None where there are several."""
        tensors = [value for value in arguments.values() if any(refs(value))]
        mask = self._of(tensors[0]) if len(tensors) == 1 else None
        return mask if any(refs(mask)) else None

    def _is_recorded(self, layer: Layer, call: Call) -> bool:
        if layer.model is not None:
            return True
        only = call.args[0] if len(call.args) == 1 and not call.kwargs else None
        return isinstance(only, TensorRef) and self._dtypes.of(only) == compute_dtype(layer)

    def _of(self, structure: Any) -> Any:
        """The masks of a structure of tensors."""
        return map_refs(self._masks.get, structure)

    def _converted(self, layer: Layer, inputs: Any) -> Any:
        """The inputs as the layer sees them: cast where they are not of its own dtype."""

        def cast(ref: TensorRef) -> TensorRef:
            dtype = self._dtypes.of(ref)
            return ref if dtype == compute_dtype(layer) or "float" not in dtype else self._op(ref)

        return map_refs(cast, inputs)

    def _after(self, layer: Layer, inputs: Any, previous: Any) -> Sequence[TensorRef | None]:
        """``compute_mask``: the masks of the outputs."""
        name = layer.class_name
        first = next(refs(previous), None)
        if name == "Embedding":
            return [self._op(inputs)]
        if name == "Masking":
            return [self._op(self._op(inputs))]
        if name in DROPS or first is None:
            return []
        if name in RECURRENT:
            return [_first_leaf(previous)] if layer.config.get("return_sequences") else []
        if name == "Bidirectional":
            return self._both_directions(layer, previous)
        if name == "Concatenate" and isinstance(inputs, list) and isinstance(previous, list):
            return [self._concatenated(inputs, previous)]
        if name in MERGES:
            return [self._merged(previous)]
        if name in ATTENTION:
            query = _first_leaf(previous)
            return [query and self._op(query)]
        return list(_leaves(previous))

    def _both_directions(self, layer: Layer, previous: Any) -> Sequence[TensorRef | None]:
        mask = _first_leaf(previous)
        if not layer.inner.get("layer", layer).config.get("return_sequences"):
            return []
        return [mask] if layer.config.get("merge_mode", "concat") else [mask, mask]

    def _concatenated(
        self, inputs: Sequence[TensorRef], masks: Sequence[TensorRef | None]
    ) -> TensorRef:
        """Masks are broadcast over the features of their inputs, unmasked inputs count as ones."""
        parts = [
            self._op(tensor) if mask is None else self._op(self._op(mask), self._op(tensor))
            for tensor, mask in zip(inputs, masks, strict=False)
        ]
        return self._op(self._op(*parts))

    def _merged(self, masks: Any) -> TensorRef | None:
        if not isinstance(masks, list) or any(mask is None for mask in masks):
            return None
        merged: TensorRef = masks[0]
        for mask in masks[1:]:
            merged = self._op(merged, mask)
        return merged

    def _op(self, *inputs: Any) -> TensorRef:
        name = f"\0{len(self.parents)}"
        self.parents[name, 0] = tuple((ref.layer, ref.call) for ref in refs(inputs))
        return TensorRef(name)


class Dtypes:
    """The dtypes of a graph's tensors, as far as layers cast their inputs by them."""

    def __init__(self, model: Model) -> None:
        self._layers = {layer.name: layer for layer in model.layers}

    def of(self, ref: TensorRef) -> str:
        """The dtype that a tensor most likely has: what its layer computes in."""
        layer = self._layers.get(ref.layer)
        seen: set[str] = set()
        while layer is not None and is_op(layer) and layer.calls:
            # An op has the dtype of what it takes.
            seen.add(layer.name)
            taken = next(refs(layer.calls[0].args), None)
            layer = self._layers.get(taken.layer) if taken and taken.layer not in seen else None
        return compute_dtype(layer) if layer else "float32"


def compute_dtype(layer: Layer) -> str:
    """The dtype in which a layer computes, and to which it casts its inputs."""
    if layer.model is not None:
        return _model_dtype(layer.model)
    dtype = layer.config.get("dtype")
    while isinstance(dtype, Mapping):
        config = dtype.get("config")
        dtype = config.get("name") if isinstance(config, Mapping) else None
    name = str(dtype or "float32")
    return name.removeprefix("mixed_") if name.startswith("mixed_") else name


def _model_dtype(model: Model) -> str:
    if model.kind == "sequential":
        return compute_dtype(model.layers[-1]) if model.layers else "float32"
    first = next(refs(model.outputs), None)
    return Dtypes(model).of(first) if first else "float32"


def _makes_masks(layer: Layer) -> bool:
    return layer.class_name == "Masking" or bool(layer.config.get("mask_zero"))


def _is_unmasked_embedding(layer: Layer) -> bool:
    return layer.class_name == "Embedding" and not layer.config.get("mask_zero")


def _arguments_of(layer: Layer) -> Sequence[str]:
    """The names of the arguments that a layer's call takes."""
    if layer.model is not None:
        return ("inputs", "training", "mask")
    return keras3.call_names(layer.class_name) if layer.class_name in keras3.LAYERS else ()


def _first_leaf(masks: Any) -> TensorRef | None:
    return next(_leaves(masks), None)


def _leaves(masks: Any) -> Iterator[TensorRef | None]:
    """Every mask of a structure, None for tensors that have none."""
    if isinstance(masks, Mapping):
        for key in sorted(masks, key=str):
            yield from _leaves(masks[key])
    elif isinstance(masks, (list, tuple)):
        for mask in masks:
            yield from _leaves(mask)
    else:
        yield masks
