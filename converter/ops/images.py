"""``tf.image``: sizes, mirrors, colours."""

# The functions of the table have the names and the meaning of TensorFlow's.
# ruff: noqa: D103

from __future__ import annotations

import math
from typing import Any

from converter.model.description import TensorRef
from converter.ops.elementwise import pair, tensor
from converter.ops.nodes import FLOATS, Nodes, NoForm, Result, Table, function, plain, span
from converter.ops.reductions import reduced

TABLE: Table = {}

HEIGHT, WIDTH = -3, -2
METHODS = frozenset({"bicubic", "bilinear", "lanczos3", "lanczos5", "nearest"})
"""Ways of resizing that Keras has too."""
GRAY = [0.2989, 0.5870, 0.1140]


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
    if preserve_aspect_ratio or method not in METHODS:
        raise NoForm(f"it resizes by {'keeping the ratio' if preserve_aspect_ratio else method}")
    if method != "nearest":
        images = g.cast(images, "float32")
    return resized(g, images, plain(size), method, bool(antialias))


def resized(g: Nodes, x: Any, size: Any, method: str, antialias: bool = False) -> TensorRef:
    """A picture in another size, its pixels' centres at half of their lengths."""
    known = g.shape(x)
    return g.op(
        "Resize",
        tensor(g, x),
        sized=None if known is None else (*known[:-3], *size, known[-1]),
        size=size,
        interpolation=method,
        antialias=antialias,
        data_format="channels_last",
    )


@function(TABLE, "compat.v1.image.resize_bilinear")
def resize_bilinear(
    g: Nodes, images: Any, size: Any, align_corners: Any = False, half_pixel_centers: Any = False
) -> Result:
    return _old_grid(g, images, size, "bilinear", align_corners, half_pixel_centers)


@function(TABLE, "compat.v1.image.resize_nearest_neighbor")
def resize_nearest(
    g: Nodes, images: Any, size: Any, align_corners: Any = False, half_pixel_centers: Any = False
) -> Result:
    return _old_grid(g, images, size, "nearest", align_corners, half_pixel_centers)


def _old_grid(
    g: Nodes, images: Any, size: Any, method: str, corners: Any, half_pixels: Any
) -> TensorRef:
    if corners or not half_pixels:
        raise NoForm("it resizes on the grid of TensorFlow 1")
    if method == "bilinear":
        images = g.cast(images, "float32")
    return resized(g, images, plain(size), method)


def _flipped(axis: int) -> Any:
    def write(g: Nodes, image: Any) -> Result:
        return g.op("Flip", tensor(g, image), sized=g.shape(image), axis=axis)

    return write


TABLE["image.flip_left_right"] = _flipped(WIDTH)
TABLE["image.flip_up_down"] = _flipped(HEIGHT)


@function(TABLE, "image.transpose")
def transpose(g: Nodes, image: Any) -> Result:
    return g.op("Swapaxes", tensor(g, image), axis1=HEIGHT, axis2=WIDTH)


@function(TABLE, "image.rot90")
def rot90(g: Nodes, image: Any, k: Any = 1) -> Result:
    turns = plain(k) % 4
    if turns == 0:
        return g.op("Copy", tensor(g, image))
    if turns == 2:
        return g.op("Flip", tensor(g, image), axis=[HEIGHT, WIDTH])
    turned = g.op("Swapaxes", tensor(g, image), axis1=HEIGHT, axis2=WIDTH)
    return g.op("Flip", turned, axis=HEIGHT if turns == 1 else WIDTH)


def _floats_alone(g: Nodes, image: Any) -> None:
    if g.dtype(image) not in FLOATS:
        raise NoForm("it is of integers, which it scales")


@function(TABLE, "image.rgb_to_grayscale")
def rgb_to_grayscale(g: Nodes, images: Any) -> Result:
    _floats_alone(g, images)
    weights = g.tensor([[each] for each in GRAY], g.dtype(images))
    return g.op("Matmul", tensor(g, images), weights)


@function(TABLE, "image.grayscale_to_rgb")
def grayscale_to_rgb(g: Nodes, images: Any) -> Result:
    return g.op("Repeat", tensor(g, images), repeats=3, axis=-1)


def _colours(class_name: str) -> Any:
    def write(g: Nodes, images: Any) -> Result:
        _floats_alone(g, images)
        given = tensor(g, images)
        return g.op(class_name, given, sized=g.shape(images), data_format="channels_last")

    return write


TABLE["image.rgb_to_hsv"] = _colours("RGBToHSV")
TABLE["image.hsv_to_rgb"] = _colours("HSVToRGB")


@function(TABLE, "image.adjust_brightness")
def adjust_brightness(g: Nodes, image: Any, delta: Any) -> Result:
    _floats_alone(g, image)
    return pair(g, "Add", image, delta)


@function(TABLE, "image.adjust_contrast")
def adjust_contrast(g: Nodes, images: Any, contrast_factor: Any) -> Result:
    """The distance to the mean of each channel, scaled."""
    _floats_alone(g, images)
    mean = reduced(g, "Mean", images, [HEIGHT, WIDTH], True)
    scaled = pair(g, "Multiply", g.op("Subtract", images, mean), contrast_factor)
    return g.op("Add", scaled, mean, sized=g.shape(images))


@function(TABLE, "image.convert_image_dtype")
def convert_image_dtype(g: Nodes, image: Any, dtype: Any, saturate: Any = False) -> Result:
    """Between floats as they are; integers become floats from 0 to 1."""
    of, wanted = g.dtype(image), plain(dtype)
    if of in FLOATS and wanted in FLOATS:
        return g.cast(image, wanted) if of != wanted else g.op("Copy", image)
    if of == "uint8" and wanted in FLOATS:
        return pair(g, "Multiply", g.cast(image, wanted), 1.0 / 255)
    raise NoForm(f"it converts {of} to {wanted}")


@function(TABLE, "image.per_image_standardization")
def per_image_standardization(g: Nodes, image: Any) -> Result:
    """The deviation is not let below that of a picture of one bright pixel."""
    _floats_alone(g, image)
    known = g.shape(image)
    if known is None or None in known[-3:]:
        raise NoForm("the size of its pictures is not known")
    count = math.prod(each or 0 for each in known[-3:])
    every = [-1, -2, -3]
    mean = reduced(g, "Mean", image, every, True)
    deviation = g.op("Std", image, axis=every, keepdims=True)
    least = pair(g, "Maximum", deviation, 1.0 / math.sqrt(count))
    return g.op("TrueDivide", g.op("Subtract", image, mean), least, sized=known)


@function(TABLE, "image.crop_to_bounding_box")
def crop_to_bounding_box(
    g: Nodes,
    image: Any,
    offset_height: Any,
    offset_width: Any,
    target_height: Any,
    target_width: Any,
) -> Result:
    top, left, height, width = map(
        plain, (offset_height, offset_width, target_height, target_width)
    )
    rows = g.op("GetItem", tensor(g, image), g.along(image, HEIGHT, span(top, top + height)))
    known = g.shape(image)
    sized = None if known is None else (*known[:-3], height, width, known[-1])
    return g.op("GetItem", rows, g.along(image, WIDTH, span(left, left + width)), sized=sized)


@function(TABLE, "image.central_crop")
def central_crop(g: Nodes, image: Any, central_fraction: Any) -> Result:
    height, width = _sides(g, image)
    part = float(plain(central_fraction))
    top, left = (int((side - side * part) / 2) for side in (height, width))
    return crop_to_bounding_box(g, image, top, left, height - 2 * top, width - 2 * left)


def _sides(g: Nodes, image: Any) -> tuple[int, int]:
    known = g.shape(image)
    if known is None or known[-3] is None or known[-2] is None:
        raise NoForm("the size of its pictures is not known")
    return known[-3], known[-2]


@function(TABLE, "image.pad_to_bounding_box")
def pad_to_bounding_box(
    g: Nodes,
    image: Any,
    offset_height: Any,
    offset_width: Any,
    target_height: Any,
    target_width: Any,
) -> Result:
    height, width = _sides(g, image)
    top, left = plain(offset_height), plain(offset_width)
    rows = [top, plain(target_height) - top - height]
    columns = [left, plain(target_width) - left - width]
    others = [[0, 0]] * (g.rank(image) - 3)
    known = g.shape(image) or ()
    sized = (*known[:-3], plain(target_height), plain(target_width), known[-1])
    return g.op(
        "Pad",
        tensor(g, image),
        sized=sized,
        pad_width=[*others, rows, columns, [0, 0]],
        mode="constant",
    )


@function(TABLE, "image.resize_with_crop_or_pad")
def resize_with_crop_or_pad(g: Nodes, image: Any, target_height: Any, target_width: Any) -> Result:
    """What is too large loses at both ends, then what is too small gains there."""
    sides, targets = _sides(g, image), (plain(target_height), plain(target_width))
    cut = [max(0, (side - target) // 2) for side, target in zip(sides, targets, strict=True)]
    kept = [min(side, target) for side, target in zip(sides, targets, strict=True)]
    cropped = crop_to_bounding_box(g, image, *cut, *kept)
    before = [max(0, (target - side) // 2) for side, target in zip(sides, targets, strict=True)]
    return pad_to_bounding_box(g, cropped, *before, *targets)


@function(TABLE, "image.extract_patches")
def extract_patches(
    g: Nodes, images: Any, sizes: Any, strides: Any, rates: Any, padding: Any
) -> Result:
    window, steps, spread = (plain(each)[1:3] for each in (sizes, strides, rates))
    if spread[0] != spread[1] or steps[0] != steps[1]:
        raise NoForm("its steps differ between height and width")
    return g.op(
        "ExtractPatches",
        tensor(g, images),
        size=window,
        strides=steps[0],
        dilation_rate=spread[0],
        padding=str(padding).lower(),
        data_format="channels_last",
    )
