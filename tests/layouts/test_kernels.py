"""Convolution kernels, turned around and made longer."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from converter.layouts.kernels import extended, is_pointwise, turned
from converter.model.description import Dataset, Weight
from tests.rules.upgrading import value

SHAPES = st.lists(st.integers(1, 4), min_size=3, max_size=5).map(tuple)


def kernel(shape: tuple[int, ...]) -> tuple[Weight, dict[str, np.ndarray]]:
    values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    return Weight("kernel", (Dataset("k", shape, "float32"),), shape, "float32"), {"k": values}


@given(SHAPES)
def test_turned_twice_is_what_it_was(shape: tuple[int, ...]) -> None:
    weight, values = kernel(shape)
    np.testing.assert_array_equal(value(turned(turned(weight)), values), values["k"])


@given(SHAPES)
def test_channels_are_not_turned(shape: tuple[int, ...]) -> None:
    weight, values = kernel(shape)
    found = value(turned(weight), values)
    np.testing.assert_array_equal(
        found.sum(axis=0),
        values["k"].sum(axis=0)[tuple(slice(None, None, -1) for _ in shape[1:-2])],
    )


def test_every_spatial_axis_is_turned() -> None:
    weight, values = kernel((2, 3, 1, 1))
    found = value(turned(weight), values)
    assert found.ravel().tolist() == [5, 4, 3, 2, 1, 0]


@pytest.mark.parametrize(("shape", "expected"), [((1, 1, 3, 4), True), ((1, 2, 1, 1), False)])
def test_only_the_spatial_axes_count(shape: tuple[int, ...], expected: bool) -> None:
    assert is_pointwise(kernel(shape)[0]) is expected


@given(SHAPES, st.integers(0, 2))
def test_what_is_added_is_zero_and_behind(shape: tuple[int, ...], more: int) -> None:
    weight, values = kernel(shape)
    longer = extended(weight, [more] * (len(shape) - 2))
    found = value(longer, values)
    assert found.shape == longer.shape
    inside = tuple(slice(length) for length in shape)
    np.testing.assert_array_equal(found[inside], values["k"])
    assert found.sum() == values["k"].sum()
