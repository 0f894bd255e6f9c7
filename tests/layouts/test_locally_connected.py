"""Kernels of locally connected layers: each layout against the definition."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from converter.layouts import locally_connected as layouts
from converter.layouts.locally_connected import Geometry
from converter.model.description import Array, Dataset, Weight


def geometry(*, same: bool, first: bool, stride: int = 1) -> Geometry:
    inputs = (5, 4)
    patch = (2, 3)
    outputs = tuple(
        -(-(length if same else length - size + 1) // stride)
        for length, size in zip(inputs, patch, strict=True)
    )
    return Geometry(patch, (stride, stride), same, first, outputs, 2, 3, inputs)


def weight(values: Array) -> Weight:
    return Weight("kernel", (Dataset("k", values.shape, "float32"),), values.shape, "float32")


def matrix(shapes: Geometry) -> Array:
    """Implementation 2: a number for every input and output that are connected."""
    rng = np.random.default_rng(1)
    before, behind = shapes.inputs, shapes.outputs
    values = np.zeros((*before, shapes.channels, *behind, shapes.filters), np.float32)
    left = [pad[0] for pad in shapes.padding]
    for out in product(*map(range, behind)):
        for at in product(*map(range, shapes.patch)):
            place = [
                o * s + a - pad for o, s, a, pad in zip(out, shapes.strides, at, left, strict=True)
            ]
            if all(0 <= p < n for p, n in zip(place, before, strict=True)):
                values[(*place, slice(None), *out)] = rng.normal(size=(2, 3))
    return values


def by_patches(kernel: Array, shapes: Geometry, x: Array) -> Array:
    """What the layer computes of its kernel in today's form."""
    padded = np.pad(x, [*map(tuple, shapes.padding), (0, 0)])
    result = np.zeros((*shapes.outputs, shapes.filters), np.float32)
    for out in product(*map(range, shapes.outputs)):
        begins = [o * s for o, s in zip(out, shapes.strides, strict=True)]
        rows, columns = (slice(b, b + size) for b, size in zip(begins, shapes.patch, strict=True))
        patch = padded[rows, columns].transpose(2, 0, 1).reshape(-1)
        result[out] = patch @ kernel[out]
    return result


CASES = [
    (same, first, stride) for same in (False, True) for first in (False, True) for stride in (1, 2)
]


@pytest.mark.parametrize(("same", "first", "stride"), CASES)
def test_matrices_and_connections_are_the_same_layer(same: bool, first: bool, stride: int) -> None:
    shapes = geometry(same=same, first=first, stride=stride)
    values = matrix(shapes)
    x = np.random.default_rng(2).normal(size=(*shapes.inputs, 2)).astype(np.float32)
    expected = np.einsum("ijc,ijcxyf->xyf", x, values)
    stored = values
    if first:
        # Channels and filters in front of the other axes.
        stored = np.moveaxis(np.moveaxis(values, 2, 0), 5, 3)
    new = layouts.kernel(weight(stored), shapes, 2)
    assert new.compute is not None
    assert new.shape == shapes.kernel_shape
    found = by_patches(new.compute([stored]), shapes, x)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)

    by_output = np.transpose(stored, (3, 4, 5, 0, 1, 2)).reshape(-1)
    connections = by_output[by_output != 0]
    third = layouts.kernel(weight(connections), shapes, 3)
    assert third.compute is not None
    found = by_patches(third.compute([connections]), shapes, x)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_patches_lie_channel_by_channel() -> None:
    shapes = geometry(same=False, first=False)
    values = np.arange(np.prod((*shapes.outputs, 6, 2, 3)), dtype=np.float32)
    stored = values.reshape(shapes.outputs[0] * shapes.outputs[1], 12, 3)
    new = layouts.kernel(weight(stored), shapes, 1)
    assert new.compute is not None
    split = stored.reshape(*shapes.outputs, 6, 2, 3)
    expected = split.swapaxes(2, 3).reshape(shapes.kernel_shape)
    np.testing.assert_array_equal(new.compute([stored]), expected)


def test_with_channels_first_they_do_so_already() -> None:
    shapes = geometry(same=False, first=True)
    stored = np.zeros((shapes.outputs[0] * shapes.outputs[1], 12, 3), np.float32)
    stored[1, 2, 0] = 1
    new = layouts.kernel(weight(stored), shapes, 1)
    assert new.compute is not None
    np.testing.assert_array_equal(new.compute([stored]).reshape(stored.shape), stored)


def test_the_fixed_kernel_copies_each_place() -> None:
    shapes = geometry(same=False, first=False)
    fixed = layouts.patches(shapes, "float32")
    assert fixed.compute is not None
    assert fixed.shape == (2, 3, 2, 6)
    values = fixed.compute([])
    for channel in range(2):
        np.testing.assert_array_equal(values[:, :, channel].reshape(6, 6), np.eye(6))


def test_a_bias_of_channels_first_is_read_as_it_lies() -> None:
    shapes = geometry(same=False, first=True)
    stored = np.arange(np.prod((*shapes.outputs, 3)), dtype=np.float32)
    stored = stored.reshape(*shapes.outputs, 3)
    new = layouts.bias(weight(stored), shapes)
    assert new.compute is not None
    expected = stored.reshape(3, *shapes.outputs).transpose(1, 2, 0)
    np.testing.assert_array_equal(new.compute([stored]), expected)


def test_a_bias_of_channels_last_stays() -> None:
    shapes = geometry(same=False, first=False)
    given = weight(np.zeros((*shapes.outputs, 3), np.float32))
    assert layouts.bias(given, shapes) is given


@pytest.mark.parametrize(("same", "stride"), [(True, 1), (True, 2), (False, 1)])
def test_connections_tell_the_input(same: bool, stride: int) -> None:
    shapes = geometry(same=same, first=False, stride=stride)
    count = int(np.count_nonzero(matrix(shapes)))
    found = layouts.by_connections(count, shapes)
    assert (shapes.channels, shapes.inputs) in found
