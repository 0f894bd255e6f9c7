"""Scaling the gates of recurrent layers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from converter.layouts.gates import gates_of, scale
from converter.model.description import Dataset, Weight


def weight(shape: tuple[int, ...], dtype: str = "float32") -> Weight:
    return Weight("kernel", (Dataset("k", shape, dtype),), shape, dtype)


def scaled(values: np.ndarray, factor: float, **options: object) -> np.ndarray:
    changed = scale(weight(values.shape, str(values.dtype)), factor, **options)
    assert changed.compute is not None
    return changed.compute([values])


@pytest.mark.parametrize("name", ["LSTM", "LSTMCell", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"])
def test_the_candidate_of_an_lstm_is_its_third_gate(name: str) -> None:
    keys = ["recurrent_activation"] * 4
    keys[2] = "activation"
    assert list(gates_of(name)) == keys


@pytest.mark.parametrize("name", ["GRU", "GRUCell"])
def test_the_candidate_of_a_gru_is_its_last_gate(name: str) -> None:
    assert list(gates_of(name)) == ["recurrent_activation", "recurrent_activation", "activation"]


@pytest.mark.parametrize("name", ["SimpleRNN", "SimpleRNNCell"])
def test_a_simple_layer_has_no_gates_but_its_activation(name: str) -> None:
    assert gates_of(name) == ("activation",)


def test_only_the_chosen_parts_are_scaled() -> None:
    values = np.ones((2, 8), np.float32)
    assert scaled(values, 3.0, parts=4, chosen=[0, 3]).tolist() == [[3, 3, 1, 1, 1, 1, 3, 3]] * 2


@given(st.sampled_from([(6,), (2, 6), (3, 3, 2, 6)]), st.sampled_from(["float16", "float32"]))
def test_shape_and_dtype_stay(shape: tuple[int, ...], dtype: str) -> None:
    values = np.linspace(-1, 1, int(np.prod(shape))).reshape(shape).astype(dtype)
    result = scaled(values, 1.2, parts=3, chosen=[1])
    assert (result.shape, result.dtype) == (values.shape, values.dtype)
    np.testing.assert_array_equal(result[..., :2], values[..., :2])


def test_rounded_once() -> None:
    """1.2 has no exact float32; the product is made in float64 and rounded at the end."""
    values = np.array([0.1, 0.7, 3.3], np.float32)
    expected = (values.astype(np.float64) * 1.2).astype(np.float32)
    np.testing.assert_array_equal(scaled(values, 1.2), expected)


@pytest.mark.parametrize(("shape", "rowwise"), [((4, 4), True), ((4,), False)])
def test_matrices_can_be_streamed_by_rows(shape: tuple[int, ...], rowwise: bool) -> None:
    assert scale(weight(shape), 1.2).rowwise is rowwise
