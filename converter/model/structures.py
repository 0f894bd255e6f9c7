"""Nested structures of call arguments: lists and dictionaries with TensorRef leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from converter.model.description import Call, Layer, Model, TensorRef


def map_refs(function: Callable[[TensorRef], Any], structure: Any) -> Any:
    """The same structure with every TensorRef replaced by ``function`` of it."""
    if isinstance(structure, TensorRef):
        return function(structure)
    if isinstance(structure, Mapping):
        return {key: map_refs(function, value) for key, value in structure.items()}
    if isinstance(structure, (list, tuple)):
        return type(structure)(map_refs(function, item) for item in structure)
    return structure


def refs(structure: Any) -> Iterator[TensorRef]:
    """Every TensorRef of a structure, in the order in which Keras flattens it."""
    if isinstance(structure, TensorRef):
        yield structure
    elif isinstance(structure, Mapping):
        for key in sorted(structure, key=str):
            yield from refs(structure[key])
    elif isinstance(structure, (list, tuple)):
        for item in structure:
            yield from refs(item)


def call_refs(call: Call) -> Iterator[TensorRef]:
    """The tensors that a call receives: positional ones first, then keyword arguments by name."""
    yield from refs(call.args)
    yield from refs(call.kwargs)


def calls_in_order(model: Model) -> Iterator[tuple[Layer, int]]:
    """The calls of a graph, each after those it needs; input layers count as one call.

    Calls that can never be made (a broken graph) are left out.
    """
    done: set[tuple[str, int]] = set()
    waiting = [
        (layer, index) for layer in model.layers for index in range(max(1, len(layer.calls)))
    ]
    while waiting:
        blocked = []
        for layer, index in waiting:
            needed = call_refs(layer.calls[index]) if layer.calls else ()
            if all((ref.layer, ref.call) in done for ref in needed):
                done.add((layer.name, index))
                yield layer, index
            else:
                blocked.append((layer, index))
        if len(blocked) == len(waiting):
            return
        waiting = blocked


def map_call(function: Callable[[TensorRef], Any], call: Call) -> Call:
    """The call with every TensorRef replaced by ``function`` of it."""
    return Call(map_refs(function, call.args), map_refs(function, call.kwargs))
