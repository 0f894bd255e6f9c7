"""Taking masks off what layers are given that once let go of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from converter.model.description import Layer, Model, TensorRef
from converter.model.findings import Severity
from converter.model.masks import carried_masks, masked_calls
from converter.model.rewriting import as_functional, op
from converter.model.structures import call_refs, map_call
from converter.rules.base import Context, ModelChange


def unmasked(
    model: Model, context: Context, lets_go: Callable[[Layer], bool]
) -> Iterator[ModelChange]:
    """Takes the masks off what some layers are given, in each graph by itself."""
    graph = model if context.path else as_functional(model)
    if graph is None or graph.kind == "sequential":
        graph = model
    for layer in graph.layers:
        masked = _masked_tensors(graph, layer) if lets_go(layer) else set()
        if masked:
            graph = _with_unmasked(graph, layer, masked)
            message = f"{layer.class_name} gets a mask that Keras 2 dropped and Keras 3 does not"
            remedy = "an op node takes the mask off"
            yield ModelChange(Severity.SILENT, message, graph, remedy, layer.name)
    if not context.path:
        yield from _from_outside(graph, lets_go)


def _from_outside(model: Model, lets_go: Callable[[Layer], bool]) -> Iterator[ModelChange]:
    for found in masked_calls(model):
        if lets_go(found.layer):
            message = f"{found.layer.class_name} gets a mask that Keras 2 dropped"
            yield ModelChange(Severity.REFUSED, message, layer=found.path)


def _masked_tensors(graph: Model, layer: Layer) -> set[TensorRef]:
    if graph.kind == "sequential":
        return set()
    carried = carried_masks(graph)
    return {ref for call in layer.calls for ref in call_refs(call) if carried.get(ref)}


def _with_unmasked(graph: Model, layer: Layer, masked: set[TensorRef]) -> Model:
    ordered = sorted(masked, key=lambda ref: (ref.layer, ref.call, ref.output))
    names = {ref: f"{layer.name}_unmasked_{index}" for index, ref in enumerate(ordered)}
    nodes = [op(name, "Multiply", ref, 1.0) for ref, name in names.items()]

    def unmasked(ref: TensorRef) -> TensorRef:
        return TensorRef(names[ref]) if ref in names else ref

    calls = tuple(map_call(unmasked, call) for call in layer.calls)
    layers = (replace(each, calls=calls) if each is layer else each for each in graph.layers)
    return replace(graph, layers=(*layers, *nodes))
