"""Slices: ``x[...]``, ``tf.slice`` and ``tf.strided_slice`` with all their masks."""

# The functions of the table have the names and the meaning of TensorFlow's.
# ruff: noqa: D103

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from converter.model.description import Json, TensorRef
from converter.ops.nodes import WHOLE, Nodes, NoForm, Result, Size, Table, Value, function, span

TABLE: Table = {}

ELLIPSIS: Json = {"class_name": "__ellipsis__"}
"""All axes that the other parts leave, which Keras can't read from an .h5."""


@function(TABLE, "__operators__.getitem")
def getitem(g: Nodes, tensor: Any, slice_spec: Any) -> Result:
    """A slice of a tensor, or of a shape that is known in part."""
    items = slice_spec if isinstance(slice_spec, list) else [slice_spec]
    key = [_item(each) for each in items]
    if isinstance(tensor, list):
        return _of_list(tensor, key)
    if not isinstance(tensor, TensorRef):
        raise NoForm("its argument is a constant")
    if ELLIPSIS in key:
        key = _without_ellipsis(key, g.rank(tensor))
    return g.op("GetItem", tensor, key, sized=_sized(g.shape(tensor), key))


def _without_ellipsis(key: list[Json], rank: int) -> list[Json]:
    taken = sum(each is not None and each != ELLIPSIS for each in key)
    at = key.index(ELLIPSIS)
    return [*key[:at], *[WHOLE] * (rank - taken), *key[at + 1 :]]


def _item(value: Any) -> Json:
    """One part of a key: a number, None, an ellipsis or a slice."""
    if isinstance(value, bool | TensorRef | Size | list):
        raise NoForm("it takes a part that is known only when the model runs")
    if value is None or isinstance(value, int):
        return value
    if not isinstance(value, Mapping):
        raise NoForm(f"its key holds {value!r}")
    if value.get("class_name") == "__ellipsis__":
        return ELLIPSIS
    ends = value["config"] if value.get("class_name") == "__slice__" else value
    parts = [ends.get(each) for each in ("start", "stop", "step")]
    if not all(each is None or isinstance(each, int) for each in parts):
        raise NoForm("it takes a part that is known only when the model runs")
    return span(*parts)


def _slice(item: Json) -> slice:
    ends = item["config"]
    return slice(ends["start"], ends["stop"], ends["step"])


def _of_list(values: list[Any], key: list[Json]) -> Result:
    if len(key) != 1 or key[0] is None or key[0] == ELLIPSIS:
        raise NoForm("it arranges lengths of axes")
    (item,) = key
    return Value(values[item] if isinstance(item, int) else values[_slice(item)])


def _sized(shape: tuple[int | None, ...] | None, key: list[Json]) -> tuple[int | None, ...] | None:
    """The shape of a slice."""
    if shape is None:
        return None
    sized: list[int | None] = []
    lengths = list(shape)
    for each in key:
        if each is None:
            sized.append(1)
        else:
            length = lengths.pop(0)
            sized += [] if isinstance(each, int) else [_length(length, _slice(each))]
    return (*sized, *lengths)


def _length(length: int | None, part: slice) -> int | None:
    if part == slice(None):
        return length
    return None if length is None else len(range(*part.indices(length)))


@function(TABLE, "slice")
def slice_(g: Nodes, input_: Any, begin: Any, size: Any) -> Result:
    pairs = zip(_numbers(begin), _numbers(size), strict=True)
    key = [span(first, None if length == -1 else first + length) for first, length in pairs]
    return getitem(g, input_, key)


def _numbers(value: Any) -> list[int]:
    if not isinstance(value, list) or not all(isinstance(each, int) for each in value):
        raise NoForm("it takes a part that is known only when the model runs")
    return value


@function(TABLE, "strided_slice")
def strided_slice(
    g: Nodes,
    input_: Any,
    begin: Any,
    end: Any,
    strides: Any = None,
    begin_mask: Any = 0,
    end_mask: Any = 0,
    ellipsis_mask: Any = 0,
    new_axis_mask: Any = 0,
    shrink_axis_mask: Any = 0,
) -> Result:
    """Each bit of a mask says of one part of the key what it is."""
    starts, stops = (each if isinstance(each, list) else [each] for each in (begin, end))
    steps = strides if isinstance(strides, list) else [1] * len(starts)
    if not len(starts) == len(stops) == len(steps):
        raise NoForm("it takes a part that is known only when the model runs")
    masks = (new_axis_mask, ellipsis_mask, shrink_axis_mask, begin_mask, end_mask)
    key = [
        _part([mask >> n & 1 for mask in masks], *ends)
        for n, ends in enumerate(zip(starts, stops, steps, strict=True))
    ]
    return getitem(g, input_, key)


def _part(bits: Sequence[int], start: Any, stop: Any, step: Any) -> Any:
    new_axis, ellipsis, shrink, from_begin, to_end = bits
    if ellipsis:
        return ELLIPSIS
    if new_axis:
        return None
    if shrink:
        return start
    return {
        "start": None if from_begin else start,
        "stop": None if to_end else stop,
        "step": None if step == 1 else step,
    }
