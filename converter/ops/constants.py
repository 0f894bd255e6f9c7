"""Tensors that are made from numbers and lengths: zeros, ranges, identity matrices."""

# The functions of the table have the names and the meaning of TensorFlow's.
# ruff: noqa: D103

from __future__ import annotations

from typing import Any

import numpy as np

from converter.model.description import TensorRef
from converter.model.structures import refs
from converter.ops.elementwise import cast, pair
from converter.ops.nodes import (
    Nodes,
    NoForm,
    Result,
    Size,
    Table,
    Value,
    function,
    numbered,
    plain,
    room,
    span,
)

TABLE: Table = {}


def _full(g: Nodes, lengths: Any, value: float, dtype: Any) -> TensorRef:
    if isinstance(lengths, Value):
        lengths = lengths.value
    if not isinstance(lengths, list):
        lengths = [lengths]
    if not all(isinstance(each, int | Size) for each in lengths):
        raise NoForm("its shape is not known")
    return g.filled(lengths, value, str(dtype))


@function(TABLE, "zeros")
def zeros(g: Nodes, shape: Any, dtype: Any = "float32", layout: Any = None) -> Result:
    return _full(g, shape, 0, dtype)


@function(TABLE, "ones")
def ones(g: Nodes, shape: Any, dtype: Any = "float32", layout: Any = None) -> Result:
    return _full(g, shape, 1, dtype)


@function(TABLE, "fill")
def fill(g: Nodes, dims: Any, value: Any, layout: Any = None) -> Result:
    """A number, or a tensor of no axes, at every place."""
    if isinstance(value, TensorRef):
        return pair(g, "Add", _full(g, dims, 0, g.dtype(value) or "float32"), value)
    if isinstance(value, bool):
        return _full(g, dims, value, "bool")
    return _full(g, dims, plain(value), "float32" if isinstance(value, float) else "int32")


@function(TABLE, "eye")
def eye(
    g: Nodes,
    num_rows: Any,
    num_columns: Any = None,
    batch_shape: Any = None,
    dtype: Any = "float32",
) -> Result:
    rows, columns = plain(num_rows), plain(num_columns)
    room(rows, columns or rows, *(plain(batch_shape) or ()))
    matrix = np.eye(rows, columns)
    if batch_shape:
        matrix = np.broadcast_to(matrix, (*plain(batch_shape), *matrix.shape))
    return g.made(matrix, str(dtype))


@function(TABLE, "range")
def range_(g: Nodes, start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None) -> Result:
    """A row of numbers; its end may be a length that is known only when the model runs."""
    begin, end = (0, start) if limit is None else (start, limit)
    if isinstance(end, Size):
        return _up_to(g, end, plain(begin), plain(delta), str(dtype or "int32"))
    numbers = numbered(plain(begin), plain(end), plain(delta))
    is_float = any(isinstance(each, float) for each in (begin, end, delta))
    return Value(numbers.tolist(), dtype or ("float32" if is_float else "int32"))


def _up_to(g: Nodes, end: Size, begin: int, delta: int, dtype: str) -> TensorRef:
    """Ones added up, counted from zero."""
    if begin < 0 or delta < 1:
        raise NoForm("a size is needed that is known only when the model runs")
    counted = g.op("Cumsum", g.ones(end), gives="int32", sized=(None,), axis=0)
    places = g.op("Subtract", counted, 1, sized=(None,))
    if (begin, delta) != (0, 1):
        places = g.op("GetItem", places, [span(begin, None, delta)], sized=(None,))
    return g.cast(places, dtype)


@function(TABLE, "linspace")
def linspace(g: Nodes, start: Any, stop: Any, num: Any, axis: Any = 0) -> Result:
    """Steps of the same length from one tensor to another, both ends included."""
    count, place = plain(num), plain(axis)
    room(count)
    of = g.dtype(start, stop)
    first, last = (
        each if isinstance(each, TensorRef) else g.made(each, of or "float32")
        for each in (start, stop)
    )
    rank = max(g.rank(first), g.rank(last))
    at = place % (rank + 1)
    parts = (np.arange(count) / max(count - 1, 1)).reshape([-1] + [1] * (rank - at))
    first, last = (g.op("ExpandDims", each, axis=place) for each in (first, last))
    grown = g.op("Multiply", g.op("Subtract", last, first), g.tensor(parts.tolist(), of))
    return g.op("Add", first, grown)


@function(TABLE, "convert_to_tensor", "compat.v1.convert_to_tensor")
def convert_to_tensor(
    g: Nodes,
    value: Any,
    dtype: Any = None,
    dtype_hint: Any = None,
    preferred_dtype: Any = None,
) -> Result:
    if isinstance(value, TensorRef):
        same = dtype is None or g.dtype(value) == dtype
        return g.op("Copy", value, sized=g.shape(value)) if same else cast(g, value, dtype)
    if any(True for _ in refs(value)):
        stacked = g.tensor(value, g.dtype(value))
        return g.cast(stacked, dtype)
    return Value(value, dtype or ("float32" if _has_floats(value) else "int32"))


def _has_floats(value: Any) -> bool:
    return any(map(_has_floats, value)) if isinstance(value, list) else isinstance(value, float)


@function(TABLE, "identity_n", "tuple", "compat.v1.tuple")
def identity_n(g: Nodes, input: Any, tensors: Any = None, control_inputs: Any = None) -> Result:
    return [
        g.op("Copy", each, sized=g.shape(each))
        for each in (input if isinstance(input, list) else [input])
    ]


@function(TABLE, "shape_n")
def shape_n(g: Nodes, input: Any) -> Result:
    from converter.ops.shapes import shape

    items = input if isinstance(input, list) else [input]
    found = [shape(g, each) for each in items]
    return [each for each in found if isinstance(each, Value)]
