"""Weights of CuDNN's layers, by gate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from converter.layouts import cudnn
from converter.model.description import Array, Dataset, Weight


def applied(function: object, values: Array, *rest: int) -> Array:
    kind = str(values.dtype)
    weight = Weight("w", (Dataset("w", values.shape, kind),), values.shape, kind)
    new = function(weight, *rest)
    assert new.compute is not None
    result = new.compute([values])
    assert result.shape == new.shape
    assert result.dtype == values.dtype
    return result


@given(st.integers(1, 4), st.integers(1, 4), st.sampled_from([3, 4]))
def test_the_state_is_multiplied_by_the_transposed_matrix(
    units: int, other: int, gates: int
) -> None:
    values = np.arange(units * units * gates, dtype=np.float32).reshape(units, -1)
    found = applied(cudnn.recurrent_kernel, values, gates)
    for index in range(gates):
        part = slice(index * units, (index + 1) * units)
        np.testing.assert_array_equal(found[:, part], values[:, part].T)


@given(st.integers(1, 4), st.integers(1, 4), st.sampled_from([3, 4]))
def test_the_numbers_of_each_gate_lie_the_other_way(inputs: int, units: int, gates: int) -> None:
    values = np.arange(inputs * units * gates, dtype=np.float32).reshape(inputs, -1)
    found = applied(cudnn.kernel, values, gates)
    for index in range(gates):
        part = slice(index * units, (index + 1) * units)
        np.testing.assert_array_equal(found[:, part].ravel("F"), values[:, part].ravel("C"))


def test_the_biases_of_an_lstm_are_added() -> None:
    values = np.arange(16, dtype=np.float32)
    np.testing.assert_array_equal(
        applied(cudnn.summed_bias, values), np.arange(8) + np.arange(8, 16)
    )


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_those_of_a_gru_are_stacked(dtype: str) -> None:
    values = np.arange(12).astype(dtype)
    np.testing.assert_array_equal(applied(cudnn.stacked_bias, values), values.reshape(2, 6))
