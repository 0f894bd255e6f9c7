"""Shapes: reshaping, transposing, joining, splitting, padding, and arithmetic with lengths."""

# The functions of the table have the names and the meaning of TensorFlow's.
# ruff: noqa: D103

from __future__ import annotations

from typing import Any

import numpy as np

from converter.model.description import TensorRef
from converter.ops.elementwise import tensor
from converter.ops.nodes import (
    Nodes,
    NoForm,
    Result,
    Size,
    Table,
    Value,
    axes,
    function,
    plain,
    room,
)

TABLE: Table = {}


@function(TABLE, "shape", "compat.v1.shape")
def shape(g: Nodes, input: Any, out_type: Any = "int32") -> Result:
    """Lengths that are known are numbers; the others stay open until something uses them."""
    ref = tensor(g, input)
    known = g.shape(ref)
    if known is None:
        raise NoForm("the rank of its input is not known")
    sizes = [
        Size((g.length_of(ref, axis),)) if length is None else length
        for axis, length in enumerate(known)
    ]
    return Value(sizes, str(out_type), ref)


@function(TABLE, "size", "compat.v1.size")
def size(g: Nodes, input: Any, out_type: Any = "int32") -> Result:
    known = g.shape(input)
    if known is None or None in known:
        raise NoForm("a size is needed that is known only when the model runs")
    return Value(int(np.prod([each or 0 for each in known])), str(out_type), input)


@function(TABLE, "rank")
def rank(g: Nodes, input: Any) -> Result:
    return Value(g.rank(input), "int32", input)


@function(TABLE, "reshape")
def reshape(g: Nodes, tensor: Any, shape: Any) -> Result:
    """One length may be open, and the first where it is that of the first axis."""
    if isinstance(tensor, list):
        return _of_numbers(tensor, shape)
    target = shape.value if isinstance(shape, Value) else shape
    if not isinstance(target, list):
        raise NoForm("its shape is not known")
    lengths = [-1 if isinstance(each, Size) else each for each in target]
    if not all(isinstance(each, int) for each in lengths):
        raise NoForm("its shape is not known")
    sized = tuple(None if each == -1 else each for each in lengths)
    if lengths.count(-1) <= 1:
        return g.op("Reshape", tensor, sized=sized, newshape=lengths)
    return _with_batch(g, tensor, target, lengths)


def _of_numbers(values: list[Any], shape: Any) -> Result:
    lengths = plain(shape)
    if lengths in ([-1], [len(values)]):
        return Value(values)
    raise NoForm("it arranges lengths of axes")


def _with_batch(g: Nodes, tensor: Any, target: list[Any], lengths: list[int]) -> TensorRef:
    """The Reshape layer leaves the first axis alone, so one more length may be open."""
    first = target[0]
    is_first = isinstance(first, Size) and first.factor == 1 and len(first.axes) == 1
    if not is_first or lengths[1:].count(-1) != 1:
        raise NoForm("more than one length of its shape is known only when the model runs")
    ((source, axis),) = first.axes
    if axis != 0 or not (source == tensor or g.same_first_axis(source, tensor)):
        raise NoForm("more than one length of its shape is known only when the model runs")
    sized = tuple(None if each == -1 else each for each in lengths)
    return g.layer("Reshape", tensor, sized=sized, target_shape=lengths[1:])


@function(TABLE, "transpose", "compat.v1.transpose")
def transpose(g: Nodes, a: Any, perm: Any = None, conjugate: Any = False) -> Result:
    known = g.shape(a)
    order = plain(perm)
    if order is None and known is not None:
        order = list(reversed(range(len(known))))
    sized = tuple(known[each] for each in order) if known is not None else None
    return g.op("Transpose", tensor(g, a), sized=sized, axes=order)


@function(TABLE, "linalg.matrix_transpose", "linalg.adjoint")
def matrix_transpose(g: Nodes, a: Any, conjugate: Any = False) -> Result:
    known = g.shape(a)
    sized = None if known is None else (*known[:-2], known[-1], known[-2])
    return g.op("Swapaxes", tensor(g, a), sized=sized, axis1=-1, axis2=-2)


@function(TABLE, "expand_dims", "compat.v1.expand_dims")
def expand_dims(g: Nodes, input: Any, axis: Any = None, dim: Any = None) -> Result:
    place = axes(axis if axis is not None else dim)
    if isinstance(input, int | Size) and place == 0:
        return Value([input])
    known = g.shape(input)
    sized = None
    if known is not None:
        at = place % (len(known) + 1)
        sized = (*known[:at], 1, *known[at:])
    return g.op("ExpandDims", tensor(g, input), sized=sized, axis=place)


@function(TABLE, "squeeze", "compat.v1.squeeze")
def squeeze(g: Nodes, input: Any, axis: Any = None, squeeze_dims: Any = None) -> Result:
    gone = axes(axis if axis is not None else squeeze_dims)
    if gone in (None, []):
        raise NoForm("it does not say which axes it takes away")
    known = g.shape(input)
    sized = None
    if known is not None:
        places = {each % len(known) for each in (gone if isinstance(gone, list) else [gone])}
        sized = tuple(length for n, length in enumerate(known) if n not in places)
    return g.op("Squeeze", tensor(g, input), sized=sized, axis=gone)


@function(TABLE, "concat")
def concat(g: Nodes, values: Any, axis: Any) -> Result:
    items = values if isinstance(values, list) else [values]
    if _is_shape(items):
        return Value([each for item in items for each in item])
    of = g.dtype(items)
    items = [g.tensor(each, of) for each in items]
    place = axes(axis)
    return g.op("Concatenate", items, sized=_joined(g, items, place), axis=place)


def _is_shape(items: list[Any]) -> bool:
    """Whether lists of lengths are joined, not tensors."""
    return all(isinstance(each, list) and _are_lengths(each) for each in items)


def _are_lengths(items: list[Any]) -> bool:
    return all(isinstance(each, int | Size) for each in items)


def _joined(g: Nodes, items: list[Any], axis: int) -> tuple[int | None, ...] | None:
    known = [g.shape(each) for each in items]
    if any(each is None for each in known):
        return None
    shapes = [list(each) for each in known if each is not None]
    at = axis % len(shapes[0])
    lengths = [each[at] for each in shapes]
    shapes[0][at] = None if None in lengths else sum(each or 0 for each in lengths)
    return tuple(shapes[0])


@function(TABLE, "stack")
def stack(g: Nodes, values: Any, axis: Any = 0) -> Result:
    items = values if isinstance(values, list) else [values]
    if _are_lengths(items):
        return Value(items)
    of = g.dtype(items)
    known = [g.shape(each) for each in items]
    place = axes(axis)
    sized = None
    if known[0] is not None:
        at = place % (len(known[0]) + 1)
        sized = (*known[0][:at], len(items), *known[0][at:])
    constants = [each if isinstance(each, TensorRef) else g.tensor(each, of) for each in items]
    return g.op("Stack", constants, sized=sized, axis=place)


@function(TABLE, "unstack")
def unstack(g: Nodes, value: Any, num: Any = None, axis: Any = 0) -> Result:
    known = g.shape(value)
    count = plain(num)
    if count is None and known is not None:
        count = known[plain(axis)]
    if count is None:
        count = g.used_outputs
    if isinstance(value, list):
        return [Value(each) for each in value]
    node = g.op("Unstack", tensor(g, value), num=count, axis=plain(axis))
    return g.outputs(node, count)


@function(TABLE, "split")
def split(g: Nodes, value: Any, num_or_size_splits: Any, axis: Any = 0, num: Any = None) -> Result:
    """Keras takes the places where to cut instead of lengths."""
    sections, place = plain(num_or_size_splits), axes(axis)
    if isinstance(sections, int):
        node = g.op("Split", tensor(g, value), indices_or_sections=sections, axis=place)
        return g.outputs(node, sections)
    if not sections:
        raise NoForm("it splits into nothing")
    known = g.shape(value)
    if -1 in sections[:-1]:
        if known is None or known[place] is None:
            raise NoForm("one of its lengths is not known")
        rest = known[place] - sum(each for each in sections if each != -1)
        sections = [rest if each == -1 else each for each in sections]
    cuts = [int(each) for each in np.cumsum(sections[:-1])]
    if not cuts:
        return [g.op("Copy", tensor(g, value))]
    node = g.op("Split", tensor(g, value), indices_or_sections=cuts, axis=place)
    return g.outputs(node, len(sections))


@function(TABLE, "tile")
def tile(g: Nodes, input: Any, multiples: Any) -> Result:
    counts, known = plain(multiples), g.shape(input)
    if isinstance(input, list):
        room(*np.shape(plain(input)), *counts)
        return Value(np.tile(plain(input), counts).tolist(), "float32")
    sized = None
    if known is not None and len(known) == len(counts):
        sized = tuple(_times(*each) for each in zip(known, counts, strict=True))
    return g.op("Tile", tensor(g, input), sized=sized, repeats=counts)


def _times(length: int | None, count: int) -> int | None:
    return None if length is None else length * count


@function(TABLE, "repeat")
def repeat(g: Nodes, input: Any, repeats: Any, axis: Any = None) -> Result:
    count, place, known = plain(repeats), axes(axis), g.shape(input)
    sized = None
    if known is not None and isinstance(place, int) and isinstance(count, int):
        lengths = list(known)
        lengths[place] = _times(lengths[place], count)
        sized = tuple(lengths)
    return g.op("Repeat", tensor(g, input), sized=sized, repeats=count, axis=place)


@function(TABLE, "pad", "compat.v1.pad")
def pad(
    g: Nodes, tensor: Any, paddings: Any, mode: Any = "CONSTANT", constant_values: Any = 0
) -> Result:
    how = str(mode).lower()
    widths, known = plain(paddings), g.shape(tensor)
    sized = None
    if known is not None and len(known) == len(widths):
        pairs = zip(known, widths, strict=True)
        sized = tuple(None if length is None else length + sum(width) for length, width in pairs)
    arguments = {"sized": sized, "pad_width": widths, "mode": how}
    if how != "constant" or constant_values in (0, 0.0, False):
        return g.op("Pad", tensor, **arguments)
    return g.op("Pad", tensor, g.operand(constant_values, g.dtype(tensor)), **arguments)


@function(TABLE, "reverse")
def reverse(g: Nodes, tensor: Any, axis: Any) -> Result:
    return g.op("Flip", tensor, sized=g.shape(tensor), axis=axes(axis))


@function(TABLE, "roll")
def roll(g: Nodes, input: Any, shift: Any, axis: Any) -> Result:
    return g.op("Roll", input, sized=g.shape(input), shift=axes(shift), axis=axes(axis))


@function(TABLE, "broadcast_to")
def broadcast_to(g: Nodes, input: Any, shape: Any) -> Result:
    lengths = plain(shape)
    return g.op("BroadcastTo", tensor(g, input), sized=tuple(lengths), shape=lengths)


@function(TABLE, "sort")
def sort(g: Nodes, values: Any, axis: Any = -1, direction: Any = "ASCENDING") -> Result:
    ordered = g.op("Sort", tensor(g, values), sized=g.shape(values), axis=plain(axis))
    if direction == "ASCENDING":
        return ordered
    return g.op("Flip", ordered, sized=g.shape(values), axis=plain(axis))


@function(TABLE, "argsort")
def argsort(
    g: Nodes, values: Any, axis: Any = -1, direction: Any = "ASCENDING", stable: Any = False
) -> Result:
    if direction != "ASCENDING":
        raise NoForm("of equal values it takes another first when it sorts downwards")
    return g.op("Argsort", tensor(g, values), gives="int32", axis=plain(axis))
