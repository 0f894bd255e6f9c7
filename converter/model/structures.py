"""Nested structures of call arguments: lists and dictionaries of JSON values with TensorRef leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from converter.model.description import Call, TensorRef


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
    """Every TensorRef of a structure, in the order in which Keras flattens it (dictionaries by sorted key)."""
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


def map_call(function: Callable[[TensorRef], Any], call: Call) -> Call:
    """The call with every TensorRef replaced by ``function`` of it."""
    return Call(map_refs(function, call.args), map_refs(function, call.kwargs))
