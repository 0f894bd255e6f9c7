"""Resizing pictures in all the ways of TensorFlow that Keras does not have.

Each of them is linear and works on rows and columns by themselves, so it is a product with two
matrices, which the sizes decide. The formulas are those of TensorFlow's kernels:
https://github.com/tensorflow/tensorflow/tree/v2.15.0/tensorflow/core/kernels/image
"""

# The functions of the table have the names and the meaning of TensorFlow's.
# ruff: noqa: D103

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from converter.model.description import Array, TensorRef
from converter.ops.elementwise import tensor
from converter.ops.images import pad_to_bounding_box, resized, sides
from converter.ops.nodes import Nodes, NoForm, Result, Size, Table, function, plain, room, span

TABLE: Table = {}

METHODS = ("bilinear", "nearest", "bicubic", "area")
"""In the order of the numbers that TensorFlow 1 gives them."""
BY_KERAS = frozenset({"bicubic", "bilinear", "lanczos3", "lanczos5", "nearest"})
BY_KERNEL = frozenset({"gaussian", "mitchellcubic"})
TABLE_SIZE = 1024
"""TensorFlow 1 looks the weights of the cubic up in a table of this size."""


def _scale(count: int, wanted: int, corners: bool) -> float:
    if corners and wanted > 1:
        return float(np.float32(count - 1) / np.float32(wanted - 1))
    return float(np.float32(count) / np.float32(wanted))


def _places(count: int, wanted: int, corners: bool, half: bool) -> Array:
    """Where the centre of each new pixel stands in the old picture."""
    room(wanted)
    scale = np.float32(_scale(count, wanted, corners))
    places = np.arange(wanted, dtype="float32")
    return (places + np.float32(0.5)) * scale - np.float32(0.5) if half else places * scale


def _weighted(count: int, wanted: int, weights: Callable[[int], list[tuple[int, float]]]) -> Array:
    room(count, wanted)
    matrix = np.zeros((wanted, count))
    for row in range(wanted):
        for place, weight in weights(row):
            matrix[row, min(max(place, 0), count - 1)] += weight
    return matrix


def _bilinear(count: int, wanted: int, corners: bool, half: bool) -> Array:
    places = _places(count, wanted, corners, half)

    def weights(row: int) -> list[tuple[int, float]]:
        below = int(np.floor(places[row]))
        part = float(places[row] - np.floor(places[row]))
        return [(below, 1 - part), (int(np.ceil(places[row])), part)]

    return _weighted(count, wanted, weights)


def _cubic(count: int, wanted: int, corners: bool, half: bool) -> Array:
    if half:
        raise NoForm("it is a cubic on another grid than TensorFlow 1's")
    places = _places(count, wanted, corners, half)

    def near(part: float) -> float:
        return ((1.25 * part - 2.25) * part) * part + 1

    def far(part: float) -> float:
        x = part + 1
        return ((-0.75 * x + 3.75) * x - 6.0) * x + 3.0

    def weights(row: int) -> list[tuple[int, float]]:
        below = int(np.floor(places[row]))
        part = float(np.rint((places[row] - below) * TABLE_SIZE)) / TABLE_SIZE
        values = (far(part), near(part), near(1 - part), far(1 - part))
        return [(below - 1 + n, value) for n, value in enumerate(values)]

    return _weighted(count, wanted, weights)


def _area(count: int, wanted: int, corners: bool, half: bool) -> Array:
    scale = _scale(count, wanted, corners)

    def weights(row: int) -> list[tuple[int, float]]:
        begin, end = row * scale, (row + 1) * scale
        inside = range(int(np.floor(begin)), int(np.ceil(end)))
        return [(n, (min(n + 1, end) - max(n, begin)) / scale) for n in inside]

    return _weighted(count, wanted, weights)


def _gaussian(x: float) -> float:
    return float(np.exp(-x * x / (2 * 0.5**2))) if x < 1.5 else 0.0


def _mitchell(x: float) -> float:
    if x >= 2:
        return 0.0
    if x >= 1:
        return ((-7 / 18 * x + 2) * x - 10 / 3) * x + 16 / 9
    return (7 / 6 * x - 2) * x * x + 8 / 9


KERNELS: dict[str, tuple[Callable[[float], float], float]] = {
    "gaussian": (_gaussian, 1.5),
    "mitchellcubic": (_mitchell, 2.0),
}


def _by_kernel(method: str, count: int, wanted: int, antialias: bool) -> Array:
    kernel, radius = KERNELS[method]
    step = count / wanted
    width = max(step, 1.0) if antialias else 1.0
    room(wanted, count)
    matrix = np.zeros((wanted, count))
    for row in range(wanted):
        centre = (row + 0.5) * step
        first = max(int(np.ceil(centre - radius * width - 0.5)), 0)
        last = min(int(np.floor(centre + radius * width - 0.5)), count - 1)
        values = [kernel(abs((n + 0.5 - centre) / width)) for n in range(first, last + 1)]
        matrix[row, first : last + 1] = np.asarray(values) / sum(values)
    return matrix


def _multiplied(g: Nodes, images: Any, rows: Array, columns: Array) -> TensorRef:
    x = g.cast(tensor(g, images), "float32")
    rank = g.rank(x)
    known = g.shape(x) or ()
    batch = "b" if rank == 4 else ""
    tall = (*known[:-3], len(rows), *known[-2:])
    wide = (*known[:-3], len(rows), len(columns), known[-1])
    x = g.op(
        "Einsum",
        rows.astype("float32"),
        x,
        gives="float32",
        sized=tall,
        subscripts=f"yh,{batch}hwc->{batch}ywc",
    )
    return g.op(
        "Einsum",
        columns.astype("float32"),
        x,
        gives="float32",
        sized=wide,
        subscripts=f"xw,{batch}ywc->{batch}yxc",
    )


MATRICES = {"area": _area, "bicubic": _cubic, "bilinear": _bilinear}


def on_old_grid(
    g: Nodes, images: Any, size: Any, method: str, corners: Any = False, half: Any = False
) -> TensorRef:
    """A picture in another size, its pixels' centres where TensorFlow 1 has them."""
    if half and not corners and method in BY_KERAS:
        images = g.cast(images, "float32") if method != "nearest" else images
        return resized(g, images, plain(size), method)
    height, width = sides(g, images)
    wanted = plain(size)
    if method == "nearest":
        return _nearest(g, images, (height, width), wanted, bool(corners), bool(half))
    matrices = [
        MATRICES[method](count, new, bool(corners), bool(half))
        for count, new in zip((height, width), wanted, strict=True)
    ]
    return _multiplied(g, images, *matrices)


def _nearest(
    g: Nodes, images: Any, counts: tuple[int, int], wanted: list[int], corners: bool, half: bool
) -> TensorRef:
    x = tensor(g, images)
    sized = list(g.shape(x) or ())
    for axis, count, new in zip((-3, -2), counts, wanted, strict=True):
        room(new)
        scale = np.float32(_scale(count, new, corners))
        places = (np.arange(new, dtype="float32") + np.float32(0.5 if half else 0)) * scale
        rounded = np.floor(places + np.float32(0.5)) if corners else np.floor(places)
        sized[axis] = new
        taken = np.minimum(rounded, count - 1).astype("int32")
        x = g.op("Take", x, taken, sized=tuple(sized), axis=axis)
    return x


def _old(method: str) -> Any:
    def write(
        g: Nodes,
        images: Any,
        size: Any,
        align_corners: Any = False,
        half_pixel_centers: Any = False,
    ) -> Result:
        return on_old_grid(g, images, size, method, align_corners, half_pixel_centers)

    return write


TABLE["compat.v1.image.resize_bilinear"] = _old("bilinear")
TABLE["compat.v1.image.resize_nearest_neighbor"] = _old("nearest")
TABLE["compat.v1.image.resize_bicubic"] = _old("bicubic")


@function(TABLE, "compat.v1.image.resize_area")
def resize_area(g: Nodes, images: Any, size: Any, align_corners: Any = False) -> Result:
    return on_old_grid(g, images, size, "area", align_corners)


@function(TABLE, "compat.v1.image.resize_images")
def resize_images(
    g: Nodes,
    images: Any,
    size: Any,
    method: Any = 0,
    align_corners: Any = False,
    preserve_aspect_ratio: Any = False,
) -> Result:
    """Pictures that have the size already are left as they are."""
    name = METHODS[method] if isinstance(method, int) else str(method)
    if name not in METHODS:
        raise NoForm(f"it resizes by {method}")
    wanted = _in_ratio(g, images, size) if preserve_aspect_ratio else plain(size)
    if list(sides(g, images)) == wanted:
        return g.op("Copy", tensor(g, images), sized=g.shape(images))
    return on_old_grid(g, images, wanted, name, align_corners)


def _in_ratio(g: Nodes, images: Any, size: Any) -> list[int]:
    """The largest size within a given one that has the picture's ratio."""
    counts = [np.float32(each) for each in sides(g, images)]
    factor = min(
        np.float32(wanted) / count for wanted, count in zip(plain(size), counts, strict=True)
    )
    return [int(np.rint(factor * count)) for count in counts]


@function(TABLE, "image.resize")
def resize(
    g: Nodes,
    images: Any,
    size: Any,
    method: Any = "bilinear",
    preserve_aspect_ratio: Any = False,
    antialias: Any = False,
) -> Result:
    """All but the nearest give float32."""
    factors = _multiples(images, size)
    if factors and method in ("bilinear", "nearest") and g.rank(images) == 4:
        return _upsampled(g, images, factors, method)
    wanted = _in_ratio(g, images, size) if preserve_aspect_ratio else plain(size)
    if method == "area":
        return on_old_grid(g, images, wanted, "area")
    if method in BY_KERNEL:
        matrices = [
            _by_kernel(method, count, new, bool(antialias))
            for count, new in zip(sides(g, images), wanted, strict=True)
        ]
        return _multiplied(g, images, *matrices)
    if method not in BY_KERAS:
        raise NoForm(f"it resizes by {method}")
    if method != "nearest":
        images = g.cast(images, "float32")
    return resized(g, images, wanted, method, bool(antialias))


def _multiples(images: Any, size: Any) -> list[int] | None:
    """By how much a picture of open size grows; None where its size is a number."""
    if not isinstance(size, list) or len(size) != 2:
        return None
    if not all(isinstance(each, Size) for each in size):
        return None
    if any(each.axes != ((images, axis),) for axis, each in enumerate(size, 1)):
        return None
    return [each.factor for each in size]


def _upsampled(g: Nodes, images: Any, factors: list[int], method: str) -> TensorRef:
    """Pixels repeated; for bilinear each with its neighbours, by how near they are.

    Keras's own layer fails in graphs where the size of the pictures is open.
    """
    x = g.cast(images, "float32") if method != "nearest" else images
    for axis, factor in enumerate(factors, 1):
        if factor > 1:
            x = _stretched(g, x, axis, factor, method)
    return x if x != images else g.op("Copy", x, sized=g.shape(x))


def _stretched(g: Nodes, x: TensorRef, axis: int, factor: int, method: str) -> TensorRef:
    known = list(g.shape(x) or ())
    known[axis] = None
    sized = tuple(known)

    def repeated(pixels: TensorRef) -> TensorRef:
        return g.op("Repeat", pixels, sized=sized, repeats=factor, axis=axis)

    if method == "nearest":
        return repeated(x)
    place = _distances(g, x, axis, factor)
    ends = [
        [g.along(x, axis, span(0, 1)), g.along(x, axis, span(None, -1))],
        [g.along(x, axis, span(1, None)), g.along(x, axis, span(-1, None))],
    ]
    before, behind = (
        g.op("Concatenate", [g.op("GetItem", x, key) for key in keys], sized=sized, axis=axis)
        for keys in ends
    )
    nearness = g.op("Subtract", 1.0, g.op("Absolute", place))
    own = g.op("Multiply", repeated(x), nearness, sized=sized)
    earlier = g.op("Relu", g.op("Negative", place))
    total = g.op("Add", own, g.op("Multiply", repeated(before), earlier, sized=sized), sized=sized)
    later = g.op("Multiply", repeated(behind), g.op("Relu", place), sized=sized)
    return g.op("Add", total, later, sized=sized)


def _distances(g: Nodes, x: TensorRef, axis: int, factor: int) -> TensorRef:
    """How far each new pixel's centre lies behind that of the pixel that it repeats."""
    counted = g.op("Cumsum", g.ones(Size(((x, axis),), factor)), gives="int32", axis=0)
    places = g.op("Mod", g.op("Subtract", counted, 1), factor)
    centre = g.op("Cast", places, gives="float32", dtype="float32")
    part = g.op("TrueDivide", g.op("Add", centre, 0.5), float(factor))
    shape = [-1] + [1] * (g.rank(x) - 1 - axis)
    return g.op("Reshape", g.op("Subtract", part, 0.5), newshape=shape)


@function(TABLE, "image.resize_with_pad")
def resize_with_pad(
    g: Nodes,
    image: Any,
    target_height: Any,
    target_width: Any,
    method: Any = "bilinear",
    antialias: Any = False,
) -> Result:
    """In the picture's ratio, with zeros around it."""
    targets = (plain(target_height), plain(target_width))
    size, before = _within(sides(g, image), targets)
    return pad_to_bounding_box(
        g, resize(g, image, size, method, False, antialias), *before, *targets
    )


@function(TABLE, "compat.v1.image.resize_image_with_pad")
def resize_image_with_pad(
    g: Nodes,
    image: Any,
    target_height: Any,
    target_width: Any,
    method: Any = 0,
    align_corners: Any = False,
) -> Result:
    targets = (plain(target_height), plain(target_width))
    size, before = _within(sides(g, image), targets)
    scaled = resize_images(g, image, size, method, align_corners)
    return pad_to_bounding_box(g, scaled, *before, *targets)


def _within(counts: tuple[int, int], targets: tuple[int, int]) -> tuple[list[int], tuple[int, int]]:
    ratio = max(
        np.float32(count) / np.float32(target)
        for count, target in zip(counts, targets, strict=True)
    )
    exact = [np.float32(count) / ratio for count in counts]
    gaps = [
        max(0, int(np.floor((np.float32(target) - each) / 2)))
        for target, each in zip(targets, exact, strict=True)
    ]
    return [int(np.floor(each)) for each in exact], (gaps[0], gaps[1])
