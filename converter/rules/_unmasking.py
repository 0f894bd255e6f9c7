"""Taking masks off what layers are given that once let go of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from converter.model.description import Layer, Model, TensorRef
from converter.model.findings import Severity
from converter.model.masks import Mask, masked_calls
from converter.model.rewriting import as_functional, op, with_masks
from converter.model.structures import call_refs, map_call
from converter.rules.base import Context, ModelChange


def unmasked(
    model: Model, context: Context, lets_go: Callable[[Layer], bool]
) -> Iterator[ModelChange]:
    """Takes the masks off what some layers are given; looks at the whole tree."""
    if context.path:
        return
    found: dict[str, str] = {}

    def change(graph: Model, carried: Mapping[TensorRef, Mask | None], path: str) -> Model:
        for layer in graph.layers:
            masked = masked_tensors(layer, carried) if lets_go(layer) else []
            if masked:
                found[f"{path}{layer.name}"] = layer.class_name
                graph = _with_unmasked(graph, layer, masked)
        return graph

    graph = with_masks(as_functional(model) or model, change)
    for where, name in found.items():
        message = f"{name} gets a mask that Keras 2 dropped and Keras 3 does not"
        yield ModelChange(Severity.SILENT, message, graph, "an op node takes the mask off", where)
    for call in masked_calls(graph):
        if lets_go(call.layer):
            message = f"{call.layer.class_name} gets a mask that Keras 2 dropped"
            yield ModelChange(Severity.REFUSED, message, layer=call.path)


def masked_tensors(layer: Layer, carried: Mapping[TensorRef, Mask | None]) -> list[TensorRef]:
    """What a layer is given that carries a mask, in a lasting order."""
    masked = {ref for call in layer.calls for ref in call_refs(call) if carried.get(ref)}
    return sorted(masked, key=lambda ref: (ref.layer, ref.call, ref.output))


def _with_unmasked(graph: Model, layer: Layer, masked: list[TensorRef]) -> Model:
    names = {ref: f"{layer.name}_unmasked_{index}" for index, ref in enumerate(masked)}
    nodes = [op(name, "Multiply", ref, 1.0) for ref, name in names.items()]

    def bare(ref: TensorRef) -> TensorRef:
        return TensorRef(names[ref]) if ref in names else ref

    calls = tuple(map_call(bare, call) for call in layer.calls)
    layers = (replace(each, calls=calls) if each is layer else each for each in graph.layers)
    return replace(graph, layers=(*layers, *nodes))
