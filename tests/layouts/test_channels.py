"""Single layers with the channels last: axes there and back, what moves and what does not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from converter.layouts.channels import (
    Layout,
    convolution_layout,
    ends_layout,
    has_pointwise_activations,
    moved,
    split_activation,
    with_channels_last,
)
from converter.model.description import Layer, Model
from tests.rules.upgrading import layer, value, with_weights

FIRST, LAST = {"data_format": "channels_first"}, {"data_format": "channels_last"}
PICTURES = Layout(0, 2)
LAYOUTS = st.builds(Layout, st.integers(0, 1), st.integers(1, 3))


@given(LAYOUTS)
def test_there_and_back(layout: Layout) -> None:
    tensor = np.empty(range(2, layout.rank + 2))
    turned = tensor.transpose(0, *layout.to_last)
    assert turned.shape[-1] == tensor.shape[layout.leading + 1]
    assert turned.transpose(0, *layout.to_first).shape == tensor.shape


@given(LAYOUTS, st.integers(-6, 5))
def test_axes_are_those_of_the_transposed_tensor(layout: Layout, axis: int) -> None:
    axis %= layout.rank
    tensor = np.empty(range(2, layout.rank + 2))
    turned = tensor.transpose(0, *layout.to_last)
    assert turned.shape[layout.moved_axis(axis)] == tensor.shape[axis]
    assert layout.moved_axis(axis - layout.rank) == layout.moved_axis(axis)


@pytest.mark.parametrize(
    "other",
    [
        layer("Conv2D", **LAST),
        layer("MaxPooling2D", **FIRST),
        layer("Dense"),
        Layer("it", "Conv2D", FIRST, module="own", registered_name="Own>Conv2D"),
        layer("TimeDistributed"),
    ],
)
def test_others_are_no_channels_first_convolutions(other: Layer) -> None:
    assert convolution_layout(other) is None


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        ("Conv1D", Layout(0, 1)),
        ("Conv3DTranspose", Layout(0, 3)),
        ("DepthwiseConv2D", Layout(0, 2)),
        ("Convolution2D", Layout(0, 2)),
        ("ConvLSTM2D", Layout(1, 2)),
    ],
)
def test_what_convolutions_take(name: str, layout: Layout) -> None:
    assert convolution_layout(layer(name, **FIRST)) == layout


def test_a_wrapper_takes_what_its_layer_takes() -> None:
    inner = {key: layer("ConvLSTM1D", **FIRST) for key in ("layer", "backward_layer")}
    both = Layer("both", "Bidirectional", {}, inner=inner)
    assert convolution_layout(both) == Layout(1, 1)
    turned = with_channels_last(both)
    assert [dict(each.config) for each in turned.inner.values()] == [LAST, LAST]


def test_a_softmax_is_split_off() -> None:
    plain, own = split_activation(layer("Conv2D", activation="softmax", dtype="float64", **FIRST))
    assert plain.config["activation"] == "linear"
    assert own is not None
    assert dict(own.config) == {"dtype": "float64", "activation": "softmax"}


def test_a_function_of_the_users_is_split_off() -> None:
    assert split_activation(layer("Conv2D", activation="mine"))[1] is not None


def test_an_activation_layer_that_has_weights_is_split_off() -> None:
    prelu = layer("PReLU", "prelu")
    plain, own = split_activation(Layer("it", "Conv2D", FIRST, inner={"activation": prelu}))
    assert plain.inner == {}
    assert own is not None
    assert (own.class_name, own.name) == ("PReLU", "it_activation")


@pytest.mark.parametrize("name", [None, "linear", "relu", "sigmoid", "swish"])
def test_a_pointwise_activation_stays(name: str | None) -> None:
    it = layer("Conv2D", activation=name)
    assert split_activation(it) == (it, None)


def test_activations_of_recurrent_layers() -> None:
    relu = Layer("relu", "ReLU")
    model = Model("m", "sequential", (Layer("r", "Rescaling", {"scale": 2, "offset": 0}), relu))
    inside = Layer("m", "Sequential", model=model, module="keras")
    good = Layer("it", "ConvLSTM2D", {"activation": "tanh"}, inner={"activation": inside})
    assert has_pointwise_activations(good)
    bad = layer("ConvLSTM2D", recurrent_activation="softmax")
    assert not has_pointwise_activations(Layer("b", "Bidirectional", inner={"layer": bad}))


@pytest.mark.parametrize(
    "fixed",
    [
        layer("MaxPooling2D", **LAST),
        layer("MaxPooling1D", **FIRST),
        layer("Flatten", **LAST),
        layer("Activation", activation="softmax"),
        layer("Dropout", rate=0.5, noise_shape=[None, 1, 3, 3]),
        layer("Rescaling", scale=[1.0, 2.0]),
        layer("Dense", units=3),
        layer("LayerNormalization", axis=[1, 2]),
        layer("PReLU"),
        layer("BatchNormalization", axis=[1, 2]),
        Layer("it", "Add", module="keras.src.ops.numpy"),
        layer("Own"),
    ],
)
def test_layers_that_keep_their_place(fixed: Layer) -> None:
    assert moved(fixed, PICTURES) is None


@pytest.mark.parametrize("name", ["MaxPooling2D", "ZeroPadding2D", "UpSampling2D", "Flatten"])
def test_layers_with_a_data_format_get_the_other(name: str) -> None:
    new = moved(layer(name, **FIRST), PICTURES)
    assert new is not None
    assert dict(new.config) == LAST


def test_pooling_of_steps_keeps_its_place() -> None:
    assert moved(layer("MaxPooling2D", **FIRST), Layout(1, 2)) is None


@pytest.mark.parametrize(("axis", "new"), [(1, -1), (-1, 2), (2, 1), (3, 2), (-3, -1)])
def test_axes_follow(axis: int, new: int) -> None:
    it = moved(layer("BatchNormalization", axis=axis), PICTURES)
    assert it is not None
    assert it.config["axis"] == new


def test_slopes_follow() -> None:
    slopes = np.arange(24.0).reshape(2, 3, 4)
    it, stored = with_weights(layer("PReLU", shared_axes=None), alpha=slopes)
    new = moved(it, PICTURES)
    assert new is not None
    assert new.weights[0].shape == (3, 4, 2)
    np.testing.assert_array_equal(value(new.weights[0], stored), np.moveaxis(slopes, 0, -1))


def test_shared_axes_follow() -> None:
    it, _ = with_weights(layer("PReLU", shared_axes=[2, 3]), alpha=np.zeros((5, 1, 1)))
    new = moved(it, PICTURES)
    assert new is not None
    assert new.config["shared_axes"] == [1, 2]
    assert new.weights[0].shape == (1, 1, 5)


@pytest.mark.parametrize(
    ("it", "ends"),
    [
        (layer("GlobalMaxPooling2D"), True),
        (layer("GlobalMaxPooling2D", keepdims=True), False),
        (layer("Flatten"), True),
        (layer("MaxPooling2D"), False),
    ],
)
def test_what_has_no_channels_to_place(it: Layer, ends: bool) -> None:
    assert ends_layout(it) is ends
