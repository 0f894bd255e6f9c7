"""``tf.image``: sizes, mirrors, colours."""

# The functions of the table have the names and the meaning of TensorFlow's.
# ruff: noqa: D103

from __future__ import annotations

import math
from typing import Any

import numpy as np

from converter.model.description import Array, TensorRef
from converter.ops.elementwise import pair, tensor
from converter.ops.nodes import FLOATS, Nodes, NoForm, Result, Table, function, plain, room, span
from converter.ops.reductions import reduced

TABLE: Table = {}

HEIGHT, WIDTH = -3, -2
GRAY = [0.2989, 0.5870, 0.1140]


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
    height, width = sides(g, image)
    part = float(plain(central_fraction))
    top, left = (int((side - side * part) / 2) for side in (height, width))
    return crop_to_bounding_box(g, image, top, left, height - 2 * top, width - 2 * left)


def sides(g: Nodes, image: Any) -> tuple[int, int]:
    """Height and width of pictures.

    Raises:
        NoForm: when they are not known.
    """
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
    height, width = sides(g, image)
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
    sizes, targets = sides(g, image), (plain(target_height), plain(target_width))
    cut = [max(0, (side - target) // 2) for side, target in zip(sizes, targets, strict=True)]
    kept = [min(side, target) for side, target in zip(sizes, targets, strict=True)]
    cropped = crop_to_bounding_box(g, image, *cut, *kept)
    before = [max(0, (target - side) // 2) for side, target in zip(sizes, targets, strict=True)]
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


def _colour_matrix(matrix: list[list[float]]) -> Any:
    def write(g: Nodes, images: Any) -> Result:
        _floats_alone(g, images)
        weights = g.tensor(matrix, g.dtype(images))
        return g.op("Matmul", tensor(g, images), weights, sized=g.shape(images))

    return write


COLOURS: dict[str, list[list[float]]] = {
    "rgb_to_yiq": [
        [0.299, 0.59590059, 0.2115],
        [0.587, -0.27455667, -0.52273617],
        [0.114, -0.32134392, 0.31119955],
    ],
    "yiq_to_rgb": [
        [1, 1, 1],
        [0.95598634, -0.27201283, -1.10674021],
        [0.6208248, -0.64720424, 1.70423049],
    ],
    "rgb_to_yuv": [
        [0.299, -0.14714119, 0.61497538],
        [0.587, -0.28886916, -0.51496512],
        [0.114, 0.43601035, -0.10001026],
    ],
    "yuv_to_rgb": [[1, 1, 1], [0, -0.394642334, 2.03206185], [1.13988303, -0.58062185, 0]],
}
for _name, _matrix in COLOURS.items():
    TABLE[f"image.{_name}"] = _colour_matrix(_matrix)


def _channels_of_hsv(g: Nodes, image: Any) -> list[TensorRef]:
    _floats_alone(g, image)
    given = tensor(g, image)
    hsv = g.op("RGBToHSV", given, sized=g.shape(image), data_format="channels_last")
    return g.outputs(g.op("Split", hsv, indices_or_sections=3, axis=-1), 3)


def _from_hsv(g: Nodes, image: Any, channels: list[TensorRef]) -> TensorRef:
    hsv = g.op("Concatenate", channels, sized=g.shape(image), axis=-1)
    return g.op("HSVToRGB", hsv, sized=g.shape(image), data_format="channels_last")


@function(TABLE, "image.adjust_saturation")
def adjust_saturation(g: Nodes, image: Any, saturation_factor: Any) -> Result:
    hue, saturation, value = _channels_of_hsv(g, image)
    scaled = pair(g, "Multiply", saturation, saturation_factor)
    return _from_hsv(g, image, [hue, g.op("Clip", scaled, x_min=0.0, x_max=1.0), value])


@function(TABLE, "image.adjust_hue")
def adjust_hue(g: Nodes, image: Any, delta: Any) -> Result:
    """Around the circle of hues, whose length is 1."""
    hue, saturation, value = _channels_of_hsv(g, image)
    turned = pair(g, "Mod", pair(g, "Add", hue, delta), 1.0)
    return _from_hsv(g, image, [turned, saturation, value])


@function(TABLE, "image.adjust_gamma")
def adjust_gamma(g: Nodes, image: Any, gamma: Any = 1, gain: Any = 1) -> Result:
    _floats_alone(g, image)
    return pair(g, "Multiply", pair(g, "Power", image, gamma), gain)


@function(TABLE, "image.psnr")
def psnr(g: Nodes, a: Any, b: Any, max_val: Any) -> Result:
    _floats_alone(g, a)
    error = reduced(g, "Mean", g.op("Square", pair(g, "Subtract", a, b)), [-3, -2, -1])
    logs = pair(g, "Multiply", g.op("Log", error), 10.0 / math.log(10.0))
    return pair(g, "Subtract", 20.0 * math.log10(plain(max_val)), logs)


@function(TABLE, "image.ssim")
def ssim(
    g: Nodes,
    img1: Any,
    img2: Any,
    max_val: Any,
    filter_size: Any = 11,
    filter_sigma: Any = 1.5,
    k1: Any = 0.01,
    k2: Any = 0.03,
    return_index_map: Any = False,
) -> Result:
    """Means, variances and covariance under a window, compared."""
    _floats_alone(g, img1)
    known = g.shape(img1)
    if known is None or len(known) != 4 or known[-1] is None or return_index_map:
        raise NoForm("its pictures have no batch, or it gives a map")
    window = _window(plain(filter_size), plain(filter_sigma), known[-1])
    least, most = ((float(each) * plain(max_val)) ** 2 for each in (k1, k2))

    def mean(x: TensorRef) -> TensorRef:
        return g.op(
            "DepthwiseConv",
            x,
            window,
            strides=1,
            padding="valid",
            data_format="channels_last",
            dilation_rate=1,
        )

    first, second = mean(tensor(g, img1)), mean(tensor(g, img2))
    products = pair(g, "Multiply", g.op("Multiply", first, second), 2.0)
    squares = g.op("Add", g.op("Square", first), g.op("Square", second))
    both = pair(g, "Multiply", mean(g.op("Multiply", img1, img2)), 2.0)
    total = mean(g.op("Add", g.op("Square", img1), g.op("Square", img2)))
    luminance = _ratio(g, products, squares, least)
    structure = _ratio(g, g.op("Subtract", both, products), g.op("Subtract", total, squares), most)
    found = reduced(g, "Mean", g.op("Multiply", luminance, structure), [-3, -2])
    return reduced(g, "Mean", found, -1)


def _ratio(g: Nodes, one: TensorRef, other: TensorRef, least: float) -> TensorRef:
    return g.op("TrueDivide", pair(g, "Add", one, least), pair(g, "Add", other, least))


def _window(size: int, sigma: float, channels: int) -> Array:
    """A bell whose sum is 1, for each channel."""
    room(size, size, channels)
    places = np.arange(size) - (size - 1) / 2
    bell = np.exp(-0.5 * (places / sigma) ** 2)
    bell = np.outer(bell, bell) / bell.sum() ** 2
    return np.repeat(bell[:, :, None, None], channels, axis=2).astype("float32")


@function(TABLE, "image.crop_and_resize", "compat.v1.image.crop_and_resize")
def crop_and_resize(
    g: Nodes,
    image: Any,
    boxes: Any,
    box_indices: Any = None,
    crop_size: Any = None,
    method: Any = "bilinear",
    extrapolation_value: Any = 0.0,
    box_ind: Any = None,
) -> Result:
    """Boxes of some pictures, each in one size: pixels picked by computed places, and mixed."""
    crops = _Crops(g, image, g.tensor(boxes, "float32"), plain(crop_size))
    which = g.tensor(box_indices if box_indices is not None else box_ind, "int32")
    return crops.taken(which, method, float(extrapolation_value))


class _Crops:
    """Places in pictures where the pixels of crops lie."""

    def __init__(self, g: Nodes, image: Any, boxes: Any, size: list[int]) -> None:
        self.g = g
        self.height, self.width = sides(g, image)
        self.channels = (g.shape(image) or (None,))[-1]
        if self.channels is None:
            raise NoForm("the number of its channels is not known")
        flat = g.op("Reshape", tensor(g, image), newshape=[-1, self.channels])
        self.pixels = g.cast(flat, "float32")
        boxes = boxes if isinstance(boxes, TensorRef) else g.made(boxes, "float32")
        ends = g.outputs(g.op("Split", boxes, indices_or_sections=4, axis=-1), 4)
        self.rows = self._places(ends[0], ends[2], size[0], self.height)
        self.columns = self._places(ends[1], ends[3], size[1], self.width)
        self.size = size

    def _places(self, begin: TensorRef, end: TensorRef, count: int, length: int) -> TensorRef:
        """A row of places for each box."""
        g = self.g
        if count == 1:
            middle = pair(g, "Multiply", g.op("Add", begin, end), 0.5 * (length - 1))
            return g.op("Add", middle, np.zeros((1, 1), "float32"))
        room(count)
        steps = np.arange(count, dtype="float32")[None] * ((length - 1) / (count - 1))
        grown = g.op("Multiply", g.op("Subtract", end, begin), steps.astype("float32"))
        return g.op("Add", pair(g, "Multiply", begin, float(length - 1)), grown)

    def taken(self, which: Any, method: str, outside: float) -> TensorRef:
        """The crops; what lies outside of its picture has a value of its own."""
        g = self.g
        which = which if isinstance(which, TensorRef) else g.made(which, "int32")
        first = g.op("ExpandDims", which, axis=-1)
        first = g.op("ExpandDims", first, axis=-1)
        self.first = g.op("Multiply", first, self.height * self.width, gives="int32")
        inside = g.op(
            "LogicalAnd",
            g.op("ExpandDims", self._inside(self.rows, self.height), axis=-1),
            g.op("ExpandDims", self._inside(self.columns, self.width), axis=-2),
            gives="bool",
        )
        found = self._nearest() if method == "nearest" else self._mixed()
        within = g.op("ExpandDims", inside, axis=-1)
        sized = (None, *self.size, self.channels)
        return g.op("Where", within, found, outside, gives="float32", sized=sized)

    def _inside(self, places: TensorRef, length: int) -> TensorRef:
        g = self.g
        low = g.op("GreaterEqual", places, 0.0, gives="bool")
        return g.op("LogicalAnd", low, g.op("LessEqual", places, float(length - 1), gives="bool"))

    def _nearest(self) -> TensorRef:
        return self._at(self._rounded(self.rows), self._rounded(self.columns))

    def _rounded(self, places: TensorRef) -> TensorRef:
        """Halves go up, not to the even number."""
        return self.g.op("Floor", pair(self.g, "Add", places, 0.5))

    def _mixed(self) -> TensorRef:
        g = self.g
        top, left = g.op("Floor", self.rows), g.op("Floor", self.columns)
        bottom, right = g.op("Ceil", self.rows), g.op("Ceil", self.columns)
        across = self._part(self.columns, left, -2)
        above = self._between(self._at(top, left), self._at(top, right), across)
        below = self._between(self._at(bottom, left), self._at(bottom, right), across)
        return self._between(above, below, self._part(self.rows, top, -1))

    def _part(self, places: TensorRef, whole: TensorRef, axis: int) -> TensorRef:
        part = self.g.op("ExpandDims", self.g.op("Subtract", places, whole), axis=axis)
        return self.g.op("ExpandDims", part, axis=-1)

    def _between(self, one: TensorRef, other: TensorRef, part: TensorRef) -> TensorRef:
        g = self.g
        return g.op("Add", one, g.op("Multiply", g.op("Subtract", other, one), part))

    def _at(self, rows: TensorRef, columns: TensorRef) -> TensorRef:
        g = self.g
        down = self._clipped(rows, self.height, -1)
        along = g.op("Multiply", down, self.width, gives="int32")
        place = g.op("Add", along, self._clipped(columns, self.width, -2))
        return g.op("Take", self.pixels, g.op("Add", place, self.first), axis=0)

    def _clipped(self, places: TensorRef, length: int, axis: int) -> TensorRef:
        g = self.g
        inside = g.op("Clip", places, x_min=0.0, x_max=float(length - 1))
        whole = g.op("Cast", inside, gives="int32", dtype="int32")
        return g.op("ExpandDims", whole, axis=axis)


@function(TABLE, "compat.v1.image.extract_image_patches")
def extract_image_patches(
    g: Nodes,
    images: Any,
    ksizes: Any = None,
    strides: Any = None,
    rates: Any = None,
    padding: Any = None,
    sizes: Any = None,
) -> Result:
    return extract_patches(
        g, images, ksizes if ksizes is not None else sizes, strides, rates, padding
    )
