"""Locally connected layers: their three kernel layouts, and the patches that they multiply.

Such a layer cuts a patch for each output position and multiplies it with a matrix of its own. Here
the patches lie channel by channel, ``(*outputs, channels * patch)``, which is how a depthwise
convolution cuts them; the kernels follow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

import numpy as np

from converter.model.description import Array, Weight


@dataclass(frozen=True)
class Geometry:
    """The shapes of one layer.

    Attributes:
        patch: the kernel's length on each spatial axis.
        strides: steps from one patch to the next.
        same: whether the input is padded for patches at its ends.
        channels_first: how the layer saw its inputs, and ordered its weights by that.
        outputs: the output's length on each axis.
        channels: of the input.
        filters: of the output.
        inputs: the input's length on each axis; empty where the layout does not depend on it.
    """

    patch: tuple[int, ...]
    strides: tuple[int, ...]
    same: bool
    channels_first: bool
    outputs: tuple[int, ...]
    channels: int
    filters: int
    inputs: tuple[int, ...] = ()

    @property
    def padding(self) -> list[list[int]]:
        """Zeros in front of and behind each axis; it starts half a patch before the input."""
        if not self.same:
            return [[0, 0] for _ in self.patch]
        return [[size // 2, size - size // 2 - 1] for size in self.patch]

    @property
    def kernel_shape(self) -> tuple[int, ...]:
        """The shape of the kernel with all its patches."""
        return (*self.outputs, self.channels * prod(self.patch), self.filters)


def lengths(outputs: int, size: int, stride: int, same: bool) -> Iterator[tuple[int, int]]:
    """The input lengths that give so many outputs, each with its number of connections."""
    left = size // 2 if same else 0
    least = (outputs - 1) * stride + 1 if same else (outputs - 1) * stride + size
    for length in range(least, least + stride):
        starts = [index * stride - left for index in range(outputs)]
        yield length, sum(min(length, start + size) - max(0, start) for start in starts)


def by_connections(count: int, geometry: Geometry) -> list[tuple[int, tuple[int, ...]]]:
    """The channels and input lengths for which a layer has ``count`` connections."""
    axes = zip(geometry.outputs, geometry.patch, geometry.strides, strict=True)
    options = [list(lengths(*axis, geometry.same)) for axis in axes]
    found: dict[tuple[int, tuple[int, ...]], None] = {}
    for chosen in product(*options):
        for_one = prod(connections for _, connections in chosen) * geometry.filters
        if count % for_one == 0:
            inputs = tuple(length for length, _ in chosen)
            found[
                count // for_one, inputs if geometry.same else tuple(o[0][0] for o in options)
            ] = None
    return list(found)


def patches(geometry: Geometry, dtype: str) -> Weight:
    """The kernel of a depthwise convolution that copies each patch, place by place."""
    places = prod(geometry.patch)
    shape = (*geometry.patch, geometry.channels, places)

    def compute(arrays: Sequence[Array]) -> Array:
        each = np.eye(places, dtype=dtype).reshape(*geometry.patch, 1, places)
        return np.broadcast_to(each, shape)

    return Weight("depthwise_kernel", (), shape, dtype, compute)


def kernel(weight: Weight, geometry: Geometry, implementation: int) -> Weight:
    """The kernel of any implementation, for patches that lie channel by channel."""
    rewrite = {1: _of_patches, 2: _of_matrix, 3: _of_connections}[implementation]
    return weight.map(
        lambda values: rewrite(values, geometry).reshape(geometry.kernel_shape),
        shape=geometry.kernel_shape,
    )


def bias(weight: Weight, geometry: Geometry) -> Weight:
    """The bias; Keras read one for channels first as if it lay in memory like that."""
    shape = (*geometry.outputs, geometry.filters)
    if not geometry.channels_first:
        return weight

    def turn(values: Array) -> Array:
        return np.moveaxis(values.reshape(geometry.filters, *geometry.outputs), 0, -1)

    return weight.map(turn, shape=shape)


def _of_patches(values: Array, geometry: Geometry) -> Array:
    """Implementation 1: for each output its patch, in the order in which it lies in the input."""
    if geometry.channels_first:
        return values
    split = values.reshape(-1, prod(geometry.patch), geometry.channels, geometry.filters)
    return split.swapaxes(1, 2)


def _of_matrix(values: Array, geometry: Geometry) -> Array:
    """Implementation 2: every input by every output, most of them not connected."""
    axes = len(geometry.patch)
    if geometry.channels_first:
        values = np.moveaxis(np.moveaxis(values, 0, axes), axes + 1, -1)
    padded = np.pad(values, [*map(tuple, geometry.padding), *[(0, 0)] * (axes + 2)])
    outputs, inputs = _places(geometry)
    where: tuple[Any, ...] = (*inputs, slice(None), *outputs)
    picked = padded[where]
    # The places come first, then the channels and the filters.
    return np.moveaxis(picked, 2 * axes, axes)


def _of_connections(values: Array, geometry: Geometry) -> Array:
    """Implementation 3: the connections alone, sorted by output and then by input."""
    axes = len(geometry.patch)
    shape = (*geometry.outputs, geometry.channels, *geometry.patch, geometry.filters)
    index = np.indices(shape)
    outputs, channel, place, filters = (
        index[:axes],
        index[axes],
        index[axes + 1 : -1],
        index[-1],
    )
    inputs = [
        out * stride + at - pad[0]
        for out, stride, at, pad in zip(
            outputs, geometry.strides, place, geometry.padding, strict=True
        )
    ]
    inside = [(each >= 0) & (each < n) for each, n in zip(inputs, geometry.inputs, strict=True)]
    connected = np.logical_and.reduce(inside)
    before = [filters, *outputs] if geometry.channels_first else [*outputs, filters]
    behind = [channel, *inputs] if geometry.channels_first else [*inputs, channel]
    order = np.lexsort([each[connected] for each in reversed([*before, *behind])])
    placed = np.empty_like(values)
    placed[order] = values
    result = np.zeros(shape, values.dtype)
    result[connected] = placed
    return result


def _places(geometry: Geometry) -> tuple[list[Array], list[Array]]:
    """For each output and place of its patch, the output's and the padded input's position."""
    axes = len(geometry.patch)
    index = np.indices((*geometry.outputs, *geometry.patch))
    outputs = list(index[:axes])
    strides = zip(outputs, index[axes:], geometry.strides, strict=True)
    return outputs, [out * stride + at for out, at, stride in strides]
