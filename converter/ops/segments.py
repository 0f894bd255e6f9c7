"""Sums by segments, scattered updates, counts and searches."""

# The functions of the table have the names and the meaning of TensorFlow's.
# ruff: noqa: D103

from __future__ import annotations

from typing import Any

import numpy as np

from converter.model.description import TensorRef
from converter.ops.elementwise import pair, tensor
from converter.ops.indices import gather
from converter.ops.nodes import Nodes, NoForm, Result, Table, axes, function, plain, room, span
from converter.ops.reductions import reduced

TABLE: Table = {}

SEGMENTS = {"SegmentMax": "max", "SegmentMin": "min", "SegmentProd": "prod", "SegmentSum": "sum"}


def _ids(g: Nodes, segment_ids: Any) -> Any:
    ids = g.tensor(segment_ids, "int32")
    if g.rank(ids) != 1:
        raise NoForm("its segments are not of rows")
    return ids


def _sized(g: Nodes, data: Any, count: int | None) -> tuple[int | None, ...] | None:
    known = g.shape(data)
    return None if known is None else (count, *known[1:])


def _segments(class_name: str) -> Any:
    def write(g: Nodes, data: Any, segment_ids: Any) -> Result:
        sized = _sized(g, data, None)
        ids = _ids(g, segment_ids)
        return g.op(class_name, tensor(g, data), ids, sized=sized, sorted=True)

    return write


def _unsorted(class_name: str) -> Any:
    def write(g: Nodes, data: Any, segment_ids: Any, num_segments: Any) -> Result:
        return _by_ids(g, class_name, data, segment_ids, plain(num_segments))

    return write


def _by_ids(g: Nodes, class_name: str, data: Any, ids: Any, count: int) -> TensorRef:
    sized = _sized(g, data, count)
    return g.op(class_name, tensor(g, data), _ids(g, ids), sized=sized, num_segments=count)


for _class, _name in SEGMENTS.items():
    TABLE[f"math.segment_{_name}"] = _segments(_class)
    TABLE[f"math.unsorted_segment_{_name}"] = _unsorted(_class)


@function(TABLE, "math.segment_mean")
def segment_mean(g: Nodes, data: Any, segment_ids: Any) -> Result:
    """No segment between the first and the last may be empty; TensorFlow has zeros there."""
    given, ids = tensor(g, data), _ids(g, segment_ids)
    total = g.op("SegmentSum", given, ids, sorted=True)
    counts = g.op("SegmentSum", g.op("OnesLike", given), ids, sorted=True)
    sized = _sized(g, data, None)
    return g.op("TrueDivide", total, pair(g, "Maximum", counts, 1.0), sized=sized)


def _over_counts(root: bool) -> Any:
    def write(g: Nodes, data: Any, segment_ids: Any, num_segments: Any) -> Result:
        count, given = plain(num_segments), tensor(g, data)
        ones = g.op("OnesLike", given, sized=g.shape(given))
        counts = _by_ids(g, "SegmentSum", ones, segment_ids, count)
        counts = pair(g, "Maximum", counts, 1.0)
        divisor = g.op("Sqrt", counts) if root else counts
        total = _by_ids(g, "SegmentSum", data, segment_ids, count)
        return g.op("TrueDivide", total, divisor, sized=_sized(g, data, count))

    return write


TABLE["math.unsorted_segment_mean"] = _over_counts(False)
TABLE["math.unsorted_segment_sqrt_n"] = _over_counts(True)


@function(TABLE, "scatter_nd")
def scatter_nd(g: Nodes, indices: Any, updates: Any, shape: Any) -> Result:
    lengths = plain(shape)
    places = g.tensor(indices, "int32")
    values = g.tensor(updates, g.dtype(updates) or "float32")
    of = g.dtype(updates) or "float32"
    return g.op("Scatter", places, values, gives=of, sized=tuple(lengths), shape=lengths)


REDUCTIONS = {"update": None, "add": "add", "max": "max", "min": "min"}


def _scattered(reduction: str | None, negative: bool = False) -> Any:
    def write(g: Nodes, tensor: Any, indices: Any, updates: Any) -> Result:
        of = g.dtype(tensor, updates) or "float32"
        base = tensor if isinstance(tensor, TensorRef) else g.made(tensor, of)
        values = g.tensor(updates, of)
        if negative:
            values = g.op("Negative", values) if isinstance(values, TensorRef) else -values
        places = g.tensor(indices, "int32")
        return g.op(
            "ScatterUpdate",
            base,
            places,
            values,
            gives=of,
            sized=g.shape(base),
            reduction=reduction,
        )

    return write


for _name, _reduction in REDUCTIONS.items():
    TABLE[f"tensor_scatter_nd_{_name}"] = _scattered(_reduction)
TABLE["tensor_scatter_nd_sub"] = _scattered("add", negative=True)


@function(TABLE, "compat.v1.batch_gather")
def batch_gather(g: Nodes, params: Any, indices: Any) -> Result:
    """Along the last axis of the indices, which all axes before have in common."""
    last = g.rank(indices) - 1
    if last == 0:
        return gather(g, params, indices, axis=0)
    return gather(g, params, indices, axis=last, batch_dims=last)


@function(TABLE, "math.bincount", "compat.v1.math.bincount")
def bincount(
    g: Nodes,
    arr: Any,
    weights: Any = None,
    minlength: Any = None,
    maxlength: Any = None,
    dtype: Any = "int32",
    axis: Any = None,
    binary_output: Any = False,
) -> Result:
    """Counts of as many numbers as are told; of more or fewer it depends on the data."""
    count = plain(maxlength)
    if count is None or plain(minlength) != count:
        raise NoForm("the shape of its result depends on what is in its tensors")
    hot = g.op(
        "OneHot", tensor(g, arr), gives="float32", num_classes=count, axis=-1, dtype="float32"
    )
    if weights is not None:
        each = g.op("ExpandDims", tensor(g, weights), axis=-1)
        hot = g.op("Multiply", hot, each, gives=g.dtype(weights))
        dtype = g.dtype(weights)
    gone = -2 if axis == -1 else list(range(g.rank(arr)))
    binary = bool(binary_output)
    total = g.op("Max" if binary else "Sum", hot, axis=gone, keepdims=False)
    sized = (None, count) if axis == -1 and g.rank(arr) == 2 else (count,)
    return g.op("Cast", total, gives=str(dtype), sized=sized, dtype=str(dtype))


@function(TABLE, "math.confusion_matrix", "compat.v1.math.confusion_matrix")
def confusion_matrix(
    g: Nodes,
    labels: Any,
    predictions: Any,
    num_classes: Any = None,
    weights: Any = None,
    dtype: Any = "int32",
) -> Result:
    count = plain(num_classes)
    if count is None:
        raise NoForm("the shape of its result depends on what is in its tensors")
    rows, columns = (
        g.op(
            "OneHot", tensor(g, each), gives="float32", num_classes=count, axis=-1, dtype="float32"
        )
        for each in (labels, predictions)
    )
    if weights is not None:
        factors = g.op("ExpandDims", g.cast(tensor(g, weights), "float32"), axis=-1)
        rows = g.op("Multiply", rows, factors)
    total = g.op("Matmul", g.op("Swapaxes", rows, axis1=0, axis2=1), columns)
    return g.op("Cast", total, gives=str(dtype), sized=(count, count), dtype=str(dtype))


@function(TABLE, "searchsorted")
def searchsorted(
    g: Nodes, sorted_sequence: Any, values: Any, side: Any = "left", out_type: Any = "int32"
) -> Result:
    """How many of the sequence are below each value, or not above it."""
    of = g.dtype(sorted_sequence, values)
    row, wanted = g.tensor(sorted_sequence, of), g.tensor(values, of)
    if not isinstance(row, TensorRef) and isinstance(wanted, TensorRef) and row.ndim == 1:
        row = row[None]
        if g.rank(wanted) == 1:
            raise NoForm("its sequence is a constant")
    row = (
        g.op("ExpandDims", row, axis=-2) if isinstance(row, TensorRef) else np.expand_dims(row, -2)
    )
    wanted = (
        g.op("ExpandDims", wanted, axis=-1)
        if isinstance(wanted, TensorRef)
        else np.expand_dims(wanted, -1)
    )
    test = "Less" if side == "left" else "LessEqual"
    below = g.op(test, row, wanted, gives="bool")
    ones = g.op("Cast", below, gives="int32", dtype="int32")
    return g.cast(g.op("Sum", ones, gives="int32", axis=-1, keepdims=False), str(out_type))


@function(TABLE, "math.invert_permutation")
def invert_permutation(g: Nodes, x: Any) -> Result:
    order = g.op("Argsort", tensor(g, x), gives="int32", axis=-1)
    return g.cast(order, g.dtype(x))


@function(TABLE, "reverse_sequence", "compat.v1.reverse_sequence")
def reverse_sequence(
    g: Nodes,
    input: Any,
    seq_lengths: Any,
    seq_axis: Any = None,
    batch_axis: Any = None,
    seq_dim: Any = None,
    batch_dim: Any = None,
) -> Result:
    """Each row's first steps the other way round; the rest stay."""
    steps_axis = axes(seq_axis if seq_axis is not None else seq_dim)
    rows_axis = axes(batch_axis if batch_axis is not None else batch_dim) or 0
    known = g.shape(input)
    if (steps_axis, rows_axis) != (1, 0) or known is None or known[1] is None:
        raise NoForm("its steps are not on the second axis, or their number is not known")
    lengths = g.tensor(seq_lengths, "int32")
    if isinstance(lengths, TensorRef):
        column = g.op("ExpandDims", g.cast(lengths, "int32"), axis=-1)
        room(known[1])
        places = np.arange(known[1], dtype="int32")[None]
        turned = g.op("Subtract", g.op("Subtract", column, places), 1, gives="int32")
        inside = g.op("Less", places, column, gives="bool")
        order = g.op("Where", inside, turned, places, gives="int32", sized=(known[0], known[1]))
        return gather(g, input, order, axis=1, batch_dims=1)
    raise NoForm("the lengths of its rows are constants")


@function(TABLE, "unravel_index")
def unravel_index(g: Nodes, indices: Any, dims: Any) -> Result:
    sizes = plain(dims)
    found, rest = [], tensor(g, indices)
    for size in reversed(sizes[1:]):
        found.append(g.op("Mod", rest, size))
        rest = g.op("FloorDivide", rest, size)
    found.append(rest)
    return g.op("Stack", list(reversed(found)), axis=0)


@function(TABLE, "histogram_fixed_width_bins")
def histogram_bins(
    g: Nodes, values: Any, value_range: Any, nbins: Any = 100, dtype: Any = "int32"
) -> Result:
    """Whatever dtype is asked for, TensorFlow gives int32."""
    low, high = plain(value_range)
    count = plain(nbins)
    scaled = pair(
        g, "TrueDivide", pair(g, "Subtract", values, float(low)), float(high) - float(low)
    )
    places = g.op("Floor", pair(g, "Multiply", scaled, float(count)))
    inside = g.op("Clip", places, x_min=0, x_max=count - 1)
    return g.op("Cast", inside, gives="int32", sized=g.shape(values), dtype="int32")


@function(TABLE, "histogram_fixed_width")
def histogram(
    g: Nodes, values: Any, value_range: Any, nbins: Any = 100, dtype: Any = "int32"
) -> Result:
    bins = histogram_bins(g, values, value_range, nbins)
    return bincount(g, bins, minlength=nbins, maxlength=nbins, dtype=dtype)


@function(TABLE, "math.is_non_decreasing")
def is_non_decreasing(g: Nodes, x: Any) -> Result:
    return _ordered(g, x, "GreaterEqual")


@function(TABLE, "math.is_strictly_increasing")
def is_strictly_increasing(g: Nodes, x: Any) -> Result:
    return _ordered(g, x, "Greater")


def _ordered(g: Nodes, x: Any, class_name: str) -> TensorRef:
    line = g.op("Reshape", tensor(g, x), sized=(None,), newshape=[-1])
    later = g.op("GetItem", line, [span(1, None)])
    earlier = g.op("GetItem", line, [span(None, -1)])
    return g.op("All", g.op(class_name, later, earlier, gives="bool"), gives="bool", sized=())


@function(TABLE, "math.cumulative_logsumexp")
def cumulative_logsumexp(
    g: Nodes, x: Any, axis: Any = 0, exclusive: Any = False, reverse: Any = False
) -> Result:
    """Over all steps at once, those that do not count yet at minus infinity."""
    known, place = g.shape(x), axes(axis)
    if known is None or known[place] is None or exclusive:
        raise NoForm("the length of its axis is not known, or it leaves the place itself out")
    at, count = place % len(known), known[place]
    room(count, count)
    counts = np.tri(count, dtype=bool)
    counts = (counts.T if reverse else counts).reshape([count, count] + [1] * (len(known) - 1 - at))
    spread = g.op("ExpandDims", tensor(g, x), axis=at)
    chosen = g.op("Where", counts, spread, float("-inf"), gives=g.dtype(x))
    return reduced_at(g, chosen, at + 1, known)


def reduced_at(g: Nodes, x: TensorRef, axis: int, sized: Any) -> TensorRef:
    """The logarithm of the sum of exponentials along an axis."""
    return g.op("Logsumexp", x, sized=sized, axis=axis, keepdims=False)


@function(TABLE, "clip_by_norm")
def clip_by_norm(g: Nodes, t: Any, clip_norm: Any, axes: Any = None) -> Result:
    length = g.op("Sqrt", reduced(g, "Sum", g.op("Square", t, sized=g.shape(t)), axes, True))
    longest = pair(g, "Maximum", length, clip_norm)
    return g.op("TrueDivide", pair(g, "Multiply", t, clip_norm), longest, sized=g.shape(t))


@function(TABLE, "linalg.global_norm")
def global_norm(g: Nodes, t_list: Any) -> Result:
    return _together(g, t_list)


def listed(items: Any) -> list[Any]:
    """A list of tensors, which a file holds without a list if it is one."""
    return items if isinstance(items, list) else [items]


def _together(g: Nodes, items: Any) -> TensorRef:
    total = None
    for each in listed(items):
        part = reduced(g, "Sum", g.op("Square", each, sized=g.shape(each)), None)
        total = part if total is None else g.op("Add", total, part, sized=())
    return g.op("Sqrt", total, sized=())


@function(TABLE, "clip_by_global_norm")
def clip_by_global_norm(g: Nodes, t_list: Any, clip_norm: Any, use_norm: Any = None) -> Result:
    length = use_norm if use_norm is not None else _together(g, t_list)
    longest = pair(g, "Maximum", length, clip_norm)
    factor = pair(g, "TrueDivide", clip_norm, longest)
    return [
        *[g.op("Multiply", each, factor, sized=g.shape(each)) for each in listed(t_list)],
        length,
    ]
