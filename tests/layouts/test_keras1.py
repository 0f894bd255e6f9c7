"""The weights of Keras 1 in the layout of Keras 2."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from converter.layouts import keras1
from converter.layouts.keras1 import arrays_of, canonical
from converter.model.description import Dataset, Layer, Model, Weight
from tests.rules.upgrading import value

LENGTHS = st.integers(1, 4)


def stored(class_name: str, *arrays: np.ndarray, **config: Any) -> tuple[Layer, list[np.ndarray]]:
    """A layer as it is bound, with the arrays of its file."""
    layer = Layer("it", class_name, config)
    names = [each.name for each in arrays_of(layer) or ()]
    weights = tuple(
        Weight(name, (Dataset(name, array.shape, "float32"),), array.shape, "float32")
        for name, array in zip(names, arrays, strict=True)
    )
    return Layer("it", class_name, config, weights), list(arrays)


def values(class_name: str, *arrays: np.ndarray, **config: Any) -> dict[str, np.ndarray]:
    """What the weights of a layer are for Keras 2."""
    layer, _ = stored(class_name, *arrays, **config)
    by_path = {
        weight.sources[0].path: array for weight, array in zip(layer.weights, arrays, strict=True)
    }
    found = {}
    for weight in canonical(layer).weights:
        found[weight.name] = value(weight, by_path)
        assert found[weight.name].shape == weight.shape
    return found


def numbered(*shape: int) -> np.ndarray:
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


def test_a_layer_that_has_other_weights_than_its_class_stays() -> None:
    layer, _ = stored("Dense", numbered(2, 3), bias=False)
    other = Layer("it", "Dense", {}, layer.weights)
    assert canonical(other) is other


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("MaxoutDense", ["W", "b"]),
        ("Highway", ["W", "W_carry", "b", "b_carry"]),
        ("SReLU", ["t_left", "a_left", "t_right", "a_right"]),
        ("ParametricSoftplus", ["alphas", "betas"]),
    ],
)
def test_layers_that_are_gone_keep_their_names(name: str, names: list[str]) -> None:
    assert list(values(name, *(numbered(2) for _ in names))) == names


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("Dense", ["kernel", "bias"]),
        ("TimeDistributedDense", ["kernel", "bias"]),
        ("LocallyConnected1D", ["kernel", "bias"]),
        ("Embedding", ["embeddings"]),
        ("BatchNormalization", ["gamma", "beta", "moving_mean", "moving_variance"]),
        ("PReLU", ["alpha"]),
        ("SimpleRNN", ["kernel", "recurrent_kernel", "bias"]),
    ],
)
def test_layers_that_stayed_get_the_names_of_today(name: str, names: list[str]) -> None:
    assert list(values(name, *(numbered(2, 2) for _ in names))) == names


def test_without_a_bias_there_is_none() -> None:
    assert list(values("Dense", numbered(2, 3), bias=False)) == ["kernel"]
    assert list(values("Highway", numbered(2, 2), numbered(2, 2), bias=False)) == ["W", "W_carry"]


def test_statistics_are_not_trainable() -> None:
    variables = arrays_of(Layer("it", "BatchNormalization"))
    assert variables is not None
    assert [each.trainable for each in variables] == [True, True, False, False]


def test_a_class_that_keras_1_did_not_have_is_unknown() -> None:
    assert arrays_of(Layer("it", "Attention")) is None
    assert arrays_of(Layer("it", "Dropout")) == []


@given(LENGTHS, LENGTHS)
def test_the_gates_of_an_lstm_stand_in_the_order_of_today(features: int, units: int) -> None:
    gates = {gate: 10.0 * index for index, gate in enumerate("ifco")}
    arrays = []
    for gate in "icfo":
        shapes = [(features, units), (units, units), (units,)]
        arrays += [np.full(shape, gates[gate], "f4") for shape in shapes]
    found = values("LSTM", *arrays, consume_less="cpu")
    assert list(found) == ["kernel", "recurrent_kernel", "bias"]
    for array in found.values():
        for index, part in enumerate(np.split(array, 4, axis=-1)):
            assert set(part.ravel()) == {10.0 * index}


@given(LENGTHS, LENGTHS)
def test_the_gates_of_a_gru_keep_their_order(features: int, units: int) -> None:
    arrays = []
    for index in range(3):
        shapes = [(features, units), (units, units), (units,)]
        arrays += [np.full(shape, index, "f4") for shape in shapes]
    for array in values("GRU", *arrays).values():
        parts = np.split(array, 3, axis=-1)
        assert [set(part.ravel()) for part in parts] == [{0}, {1}, {2}]


@pytest.mark.parametrize("name", ["LSTM", "GRU"])
def test_what_was_made_for_a_gpu_is_in_one_piece_already(name: str) -> None:
    arrays = [numbered(2, 12), numbered(3, 12), numbered(12)]
    found = values(name, *arrays, consume_less="gpu")
    for array, new in zip(arrays, found.values(), strict=True):
        np.testing.assert_array_equal(new, array)


@given(LENGTHS, LENGTHS, LENGTHS, LENGTHS)
def test_th_kernels_hold_what_tf_kernels_hold(rows: int, columns: int, ins: int, outs: int) -> None:
    kernel = numbered(rows, columns, ins, outs)
    th = kernel.transpose(3, 2, 0, 1)
    for name in ("Convolution2D", "AtrousConvolution2D"):
        for array, ordering in ((kernel, "tf"), (th, "th")):
            found = values(name, array, dim_ordering=ordering, bias=False)["kernel"]
            np.testing.assert_array_equal(found, kernel)


@given(LENGTHS, LENGTHS, LENGTHS, LENGTHS)
def test_deconvolutions_swap_their_channels(rows: int, columns: int, ins: int, outs: int) -> None:
    kernel = numbered(rows, columns, ins, outs)
    th = kernel.transpose(3, 2, 0, 1)
    for array, ordering in ((kernel, "tf"), (th, "th")):
        found = values("Deconvolution2D", array, dim_ordering=ordering, bias=False)["kernel"]
        np.testing.assert_array_equal(found, kernel.transpose(0, 1, 3, 2))


@given(LENGTHS, LENGTHS, LENGTHS)
def test_a_convolution_of_one_dimension_loses_the_second(steps: int, ins: int, outs: int) -> None:
    kernel = numbered(steps, 1, ins, outs)
    found = values("Convolution1D", kernel, filter_length=steps, nb_filter=outs, bias=False)
    np.testing.assert_array_equal(found["kernel"], kernel[:, 0])


def test_the_oldest_convolutions_of_one_dimension_had_their_filters_first() -> None:
    kernel = numbered(3, 1, 2, 5)
    old = kernel.transpose(3, 2, 0, 1)
    found = values("Convolution1D", old, filter_length=3, nb_filter=5, bias=False)
    np.testing.assert_array_equal(found["kernel"], kernel[:, 0])


def test_separable_and_volume_kernels_of_th_ordering() -> None:
    depthwise, pointwise = numbered(3, 2, 4, 2), numbered(1, 1, 8, 5)
    arrays = [each.transpose(3, 2, 0, 1) for each in (depthwise, pointwise)]
    found = values("SeparableConvolution2D", *arrays, numbered(5), dim_ordering="th")
    np.testing.assert_array_equal(found["depthwise_kernel"], depthwise)
    np.testing.assert_array_equal(found["pointwise_kernel"], pointwise)
    volume = numbered(2, 3, 4, 2, 5)
    array = volume.transpose(4, 3, 0, 1, 2)
    found = values("Convolution3D", array, numbered(5), dim_ordering="th")
    np.testing.assert_array_equal(found["kernel"], volume)


def test_the_gates_of_a_convolutional_lstm_of_th_ordering() -> None:
    parts = {gate: np.full((2, 3, 4, 5), index, "f4") for index, gate in enumerate("ifco")}
    arrays: list[np.ndarray] = []
    for gate in "icfo":
        first = parts[gate].transpose(3, 2, 0, 1)
        arrays += [first, first, np.full(5, 0, "f4")]
    found = values("ConvLSTM2D", *arrays, dim_ordering="th")
    expected = np.concatenate([parts[gate] for gate in "ifco"], axis=-1)
    np.testing.assert_array_equal(found["kernel"], expected)


def test_layers_in_wrappers_and_models_are_bound_with_all_their_arrays() -> None:
    config = {"bias": True}
    inside = Model("inner", "sequential", (Layer("dense", "Dense", config),))
    nested = Layer("inner", "Sequential", model=inside, module="keras")
    wrapper = Layer("wrapper", "TimeDistributed", inner={"layer": nested})
    gru = Layer("gru", "GRU")
    model = Model("top", "sequential", (wrapper, gru))
    groups = {
        "wrapper": [(name, Dataset(name, (2, 2), "float32")) for name in ("w", "b")],
        "gru": [(str(index), Dataset(str(index), (2, 2), "float32")) for index in range(9)],
    }
    bound, problems = keras1.bind(model, groups)
    assert problems == []
    inner = bound.layers[0].inner["layer"].model
    assert inner is not None
    assert [each.name for each in inner.layers[0].weights] == ["kernel", "bias"]
    sources = [[each.path for each in weight.sources] for weight in bound.layers[1].weights]
    assert sources == [["0", "3", "6"], ["1", "4", "7"], ["2", "5", "8"]]


def _frozen_inside(names: list[str]) -> tuple[Model, dict[str, list[tuple[str, Dataset]]]]:
    """A frozen Dense in front of another one inside a model, and arrays of these names."""
    first = Layer("dense_1", "Dense", {"trainable": False})
    inner = Model("inner", "sequential", (first, Layer("dense_2", "Dense", {"trainable": True})))
    model = Model("top", "sequential", (Layer("inner", "Sequential", model=inner),))
    return model, {"inner": [(name, Dataset(name, (2,), "float32")) for name in names]}


@pytest.mark.parametrize(
    "names",
    [
        ["dense_1_W", "dense_1_b", "dense_2_W", "dense_2_b"],
        ["dense_2_W", "dense_2_b", "dense_1_W", "dense_1_b"],
        ["dense_2_W:0", "dense_2_b:0", "dense_1_W:0", "dense_1_b:0"],
    ],
)
def test_names_tell_whether_a_frozen_layer_kept_its_place(names: list[str]) -> None:
    bound, problems = keras1.bind(*_frozen_inside(names))
    assert problems == [] and bound.layers[0].model is not None
    for layer in bound.layers[0].model.layers:
        paths = [source.path.split(":")[0] for each in layer.weights for source in each.sources]
        assert paths == [f"{layer.name}_W", f"{layer.name}_b"]


def test_other_names_are_matched_by_position() -> None:
    bound, problems = keras1.bind(*_frozen_inside(["a_W", "a_b", "b_W", "b_b"]))
    assert problems == [] and bound.layers[0].model is not None
    first, second = bound.layers[0].model.layers
    assert [each.sources[0].path for each in second.weights] == ["a_W", "a_b"]
    assert [each.sources[0].path for each in first.weights] == ["b_W", "b_b"]
