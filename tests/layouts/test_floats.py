"""Wide arithmetic on narrow weights."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from converter.layouts.floats import narrowed, widened

RAW = np.dtype("V2")
FLOATS = arrays.arrays(np.float32, (7,), elements=st.floats(width=32, allow_subnormal=False))


def bfloat16(values: np.ndarray) -> np.ndarray:
    """As HDF5 gives them: raw bytes."""
    with np.errstate(all="ignore"):
        return values.astype(ml_dtypes.bfloat16).view(RAW)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_ordinary_floats_come_back(dtype: str) -> None:
    values = np.array([0.1, -3.0, 65000.0, np.inf], dtype)
    back = narrowed(widened(values), values)
    assert back.dtype == values.dtype
    np.testing.assert_array_equal(back, values)


@given(FLOATS)
def test_bfloat16_is_read_as_its_own_library_reads_it(values: np.ndarray) -> None:
    stored = bfloat16(values)
    expected = stored.view(ml_dtypes.bfloat16).astype(np.float64)
    np.testing.assert_array_equal(widened(stored), expected)


@given(FLOATS)
def test_bfloat16_is_rounded_as_its_own_library_rounds_it(values: np.ndarray) -> None:
    written = narrowed(values.astype(np.float64), np.zeros(7, RAW)).view(ml_dtypes.bfloat16)
    expected = bfloat16(values).view(ml_dtypes.bfloat16)
    np.testing.assert_array_equal(written.astype(float), expected.astype(float))


def test_the_shape_stays() -> None:
    stored = bfloat16(np.ones((2, 3), np.float32))
    assert widened(stored).shape == (2, 3)
    assert narrowed(widened(stored), stored).shape == (2, 3)
