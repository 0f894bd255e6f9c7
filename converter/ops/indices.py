"""Gathering, one-hot vectors, largest values, sequence masks."""

# The functions of the table have the names and the meaning of TensorFlow's.
# ruff: noqa: D103

from __future__ import annotations

import math
from typing import Any

import numpy as np

from converter.model.description import TensorRef
from converter.ops.elementwise import pair, tensor
from converter.ops.nodes import (
    Nodes,
    NoForm,
    Result,
    Table,
    Value,
    axes,
    function,
    numbered,
    plain,
    span,
)

TABLE: Table = {}


@function(TABLE, "gather", "compat.v1.gather")
def gather(
    g: Nodes,
    params: Any,
    indices: Any,
    validate_indices: Any = None,
    axis: Any = None,
    batch_dims: Any = 0,
) -> Result:
    """Negative indices, which TensorFlow takes for errors or zeros, do not occur."""
    place = axes(axis) if axis is not None else batch_dims
    if _is_lengths(params):
        return _of_lengths(params, indices)
    if batch_dims == 0:
        return _taken(g, params, indices, place)
    if batch_dims != 1 or place != 1 or g.rank(indices) != 2:
        return _taken_along(g, params, indices, place, batch_dims)
    return _taken_by_row(g, params, indices)


def _taken_along(g: Nodes, params: Any, indices: Any, axis: int, batch_dims: int) -> TensorRef:
    """Along the last axis of tensors of as many axes, where all before belong to the batch."""
    rank = g.rank(params)
    last = axis % rank == rank - 1
    if not (last and batch_dims % rank == rank - 1 and g.rank(indices) == rank):
        raise NoForm(f"it gathers along axis {axis} with {batch_dims} batch axes")
    places = g.tensor(indices, "int32")
    sized = g.shape(indices)
    return g.op(
        "TakeAlongAxis", tensor(g, params), places, gives=g.dtype(params), sized=sized, axis=-1
    )


def _is_lengths(params: Any) -> bool:
    return isinstance(params, list) and not any(isinstance(each, list | float) for each in params)


def _of_lengths(params: list[Any], indices: Any) -> Result:
    places = plain(indices)
    if isinstance(places, list):
        return Value([params[each] for each in places])
    return Value(params[places])


def _taken(g: Nodes, params: Any, indices: Any, axis: int) -> TensorRef:
    of = g.dtype(params) or "float32"
    places = indices if isinstance(indices, TensorRef) else np.asarray(plain(indices), "int32")
    known, taken = g.shape(params), g.shape(places)
    sized = None
    if known is not None and taken is not None:
        at = axis % len(known)
        sized = (*known[:at], *taken, *known[at + 1 :])
    return g.op("Take", g.tensor(params, of), places, gives=of, sized=sized, axis=axis)


def _taken_by_row(g: Nodes, params: Any, indices: Any) -> TensorRef:
    """Each row's own indices: they are repeated for every feature of what they take."""
    features = g.rank(params) - 2
    for _ in range(features):
        indices = g.op("ExpandDims", indices, axis=-1)
    if features:
        first = g.op("GetItem", params, [span(), span(0, 1)])
        zeros = g.op("ZerosLike", g.op("Cast", first, gives="int32", dtype="int32"))
        indices = pair(g, "Add", g.cast(indices, "int32"), zeros)
    return g.op("TakeAlongAxis", params, indices, gives=g.dtype(params), axis=1)


@function(TABLE, "gather_nd", "compat.v1.gather_nd")
def gather_nd(g: Nodes, params: Any, indices: Any, batch_dims: Any = 0) -> Result:
    """Places in several axes become places in those axes laid end to end."""
    of, before = g.dtype(params) or "float32", plain(batch_dims)
    places, table = g.tensor(indices, "int32"), g.tensor(params, of)
    known, sizes = g.shape(places), g.shape(table)
    if known is None or known[-1] is None or sizes is None or before > 1:
        raise NoForm("how many axes its indices are of is not known")
    count = known[-1]
    axes_taken, rest = sizes[before : before + count], sizes[before + count :]
    if count == 0 or None in (*axes_taken[1:], *rest) or (before and axes_taken[0] is None):
        raise NoForm("the shape of what it takes from is not known")
    lengths = [each or 0 for each in axes_taken]
    rows = _laid_end_to_end(g, places, lengths, known)
    if count > 1:
        whole = math.prod(lengths) if before else -1
        shape = [*([-1] if before else []), whole, *rest]
        table = (
            g.op("Reshape", table, sized=_open(shape), newshape=shape)
            if isinstance(table, TensorRef)
            else table.reshape(shape)
        )
    return gather(g, table, rows, axis=before, batch_dims=before)


def _open(shape: list[Any]) -> tuple[int | None, ...]:
    return tuple(None if each == -1 else each for each in shape)


def _laid_end_to_end(g: Nodes, places: Any, lengths: list[int], known: Any) -> Any:
    """Row by row, the places that the last axis of indices tells."""
    steps = [math.prod(lengths[n + 1 :]) for n in range(len(lengths))]
    if not isinstance(places, TensorRef):
        return (places * np.asarray(steps, places.dtype)).sum(-1).tolist()
    if len(lengths) == 1:
        return g.op("Squeeze", places, sized=known[:-1], axis=-1)
    weighted = g.op("Multiply", places, np.asarray(steps, g.dtype(places)), sized=known)
    return g.op("Sum", weighted, sized=known[:-1], axis=-1, keepdims=False)


@function(TABLE, "nn.embedding_lookup", "compat.v1.nn.embedding_lookup")
def embedding_lookup(
    g: Nodes,
    params: Any,
    ids: Any,
    max_norm: Any = None,
    partition_strategy: Any = None,
    validate_indices: Any = None,
) -> Result:
    if max_norm is not None or (isinstance(params, list) and not _is_matrix(params)):
        raise NoForm("it limits norms or takes several tables")
    return _taken(g, params, ids, 0)


def _is_matrix(value: list[Any]) -> bool:
    return np.ndim(plain(value)) == 2


@function(TABLE, "one_hot")
def one_hot(
    g: Nodes,
    indices: Any,
    depth: Any,
    on_value: Any = None,
    off_value: Any = None,
    axis: Any = None,
    dtype: Any = None,
) -> Result:
    of = dtype or g.dtype(on_value, off_value) or "float32"
    place = -1 if axis is None else plain(axis)
    on, off = (1 if on_value is None else on_value), (0 if off_value is None else off_value)
    if (on, off) == (1, 0):
        return _ones(g, indices, plain(depth), place, of)
    hot = _ones(g, indices, plain(depth), place, "bool")
    of = of if dtype or any(isinstance(each, float) for each in (on, off)) else "int32"
    values = [each if isinstance(each, TensorRef) else g.tensor(each, of) for each in (on, off)]
    return g.op("Where", hot, *values, gives=of)


def _ones(g: Nodes, indices: Any, depth: int, axis: int, dtype: str) -> TensorRef:
    known = g.shape(indices)
    sized = None if known is None or axis != -1 else (*known, depth)
    given = tensor(g, indices)
    return g.op(
        "OneHot", given, gives=dtype, sized=sized, num_classes=depth, axis=axis, dtype=dtype
    )


@function(TABLE, "math.top_k")
def top_k(g: Nodes, input: Any, k: Any = 1, sorted: Any = True, index_type: Any = None) -> Result:
    node = g.op("TopK", tensor(g, input), k=plain(k), sorted=bool(sorted))
    values, places = g.outputs(node, 2)
    g.known[places] = g.known[places].of("int32")
    return [values, g.cast(places, index_type)]


@function(TABLE, "sequence_mask")
def sequence_mask(g: Nodes, lengths: Any, maxlen: Any = None, dtype: Any = "bool") -> Result:
    if maxlen is None:
        raise NoForm("its length is that of the longest sequence")
    of = g.dtype(lengths)
    steps = numbered(0, plain(maxlen)).astype(of)
    ends = g.op("ExpandDims", tensor(g, lengths), axis=-1)
    return g.cast(g.op("Less", steps, ends, gives="bool"), dtype)


@function(TABLE, "math.in_top_k")
def in_top_k(g: Nodes, targets: Any, predictions: Any, k: Any) -> Result:
    return g.op("InTopK", targets, predictions, gives="bool", k=plain(k))


@function(TABLE, "compat.v1.math.in_top_k")
def in_top_k_of_version_1(g: Nodes, predictions: Any, targets: Any, k: Any) -> Result:
    return in_top_k(g, targets, predictions, k)
