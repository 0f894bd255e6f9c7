"""Padding of Theano."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from converter.model.description import Layer, Writer
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    ANYWHERE,
    THEANO,
    every_layer,
    findings,
    found,
    layer,
    only,
    upgraded,
    value,
    with_weights,
)

CODE = "KF216"
THEANO_1 = Writer((1, 2, 2), False, "theano", "1.2.2")
UNKNOWN_1 = Writer((1, 2, 2))
RANKS = {"Conv1D": 1, "Conv2D": 2, "Conv3D": 3, "SeparableConv2D": 2, "DepthwiseConv2D": 2}
POOLING = ["MaxPooling1D", "MaxPooling2D", "AveragePooling2D", "AveragePooling3D"]


def convolution(name: str = "Conv2D", size: int = 2, stride: int = 1, **config: Any) -> Layer:
    rank = RANKS.get(name, 2)
    given = {"kernel_size": [size] * rank, "strides": [stride] * rank, "padding": "same"}
    return layer(name, **{**given, "data_format": "channels_last", **config})


def pooling(name: str, size: int, stride: int | None = None) -> Layer:
    config = {"pool_size": size, "strides": stride, "padding": "same"}
    return layer(name, **config, data_format="channels_last")


@pytest.mark.parametrize("backend", ["tensorflow", "cntk", ""])
@pytest.mark.parametrize("name", RANKS)
def test_other_backends_are_no_finding(name: str, backend: str) -> None:
    writer = Writer((2, 2, 4), False, backend)
    assert findings(upgraded(convolution(name, 2, 2), writer), CODE) == []


@pytest.mark.parametrize("name", RANKS)
@pytest.mark.parametrize(
    "same_as_today",
    [{"size": 3}, {"size": 5}, {"size": 1}, {"size": 2, "stride": 2, "padding": "valid"}],
)
def test_odd_kernels_without_strides_are_no_finding(
    name: str, same_as_today: dict[str, Any]
) -> None:
    assert findings(upgraded(convolution(name, **same_as_today), THEANO), CODE) == []


def test_an_even_kernel_may_reach_an_odd_number_of_steps() -> None:
    assert findings(upgraded(convolution(dilation_rate=[2, 2]), THEANO), CODE) == []


def test_causal_padding_is_no_finding() -> None:
    assert findings(upgraded(convolution("Conv1D", 2, padding="causal"), THEANO), CODE) == []


@pytest.mark.parametrize("name", POOLING)
def test_windows_of_three_without_strides_are_no_finding(name: str) -> None:
    assert findings(upgraded(pooling(name, 3, 1), THEANO), CODE) == []


@pytest.mark.parametrize("where", ANYWHERE)
def test_padding_is_written_out_everywhere(where: str) -> None:
    result = upgrade(ANYWHERE[where](convolution()), THEANO)
    assert only(result, CODE).severity is Severity.SILENT
    classes = [each.class_name for each in every_layer(result.model)]
    assert classes.index("ZeroPadding2D") < classes.index("Conv2D")
    assert found(result.model, "it_padding").config["padding"] == [[1, 0], [1, 0]]


@pytest.mark.parametrize(
    ("it", "expected"),
    [
        (convolution("Conv1D", 2), [1, 0]),
        (convolution("Conv1D", 3, 2), [1, 1]),
        (convolution("Conv3D", 4), [[2, 1]] * 3),
        (convolution("DepthwiseConv2D", 2), [[1, 0]] * 2),
        (convolution("SeparableConv2D", 2), [[1, 1]] * 2),
        (convolution(size=2, dilation_rate=[3, 1]), [[2, 1], [1, 0]]),
        (convolution(size=3, padding="full"), [[2, 2]] * 2),
    ],
)
def test_how_much_is_padded(it: Layer, expected: Any) -> None:
    new = upgraded(it, THEANO).model
    assert found(new, "it_padding").config["padding"] == expected
    assert found(new).config["padding"] == "valid"


def test_padding_keeps_the_order_of_axes() -> None:
    new = upgraded(convolution(data_format="channels_first"), THEANO).model
    assert found(new, "it_padding").config["data_format"] == "channels_first"


def test_volumes_of_keras_1_depend_on_a_release_that_no_file_names() -> None:
    refusal = only(upgraded(convolution("Conv3D"), THEANO_1), CODE)
    assert refusal.severity is Severity.REFUSED
    assert "--writer keras-1.2.2-theano-0.9" in refusal.remedy
    strided = upgraded(convolution("Conv3D", 3, 2), THEANO_1)
    assert only(strided, CODE).severity is Severity.SILENT
    for release, count in (((0, 9), 1), ((1, 0, 5), 1), ((0, 8, 2), 0)):
        told = replace(THEANO_1, backend_version=release)
        changes = findings(upgraded(convolution("Conv3D"), told), CODE)
        assert [each.severity for each in changes] == [Severity.SILENT] * count
    old = Writer((1, 0, 8), False, "theano", "1.0.8")
    assert findings(upgraded(convolution("Conv3D"), old), CODE) == []


@pytest.mark.parametrize("it", [convolution(), pooling("MaxPooling2D", 2)])
def test_a_file_of_keras_1_that_does_not_show_its_backend_is_refused(it: Layer) -> None:
    finding = only(upgraded(it, UNKNOWN_1), CODE)
    assert finding.severity is Severity.REFUSED
    assert "--writer keras-1.0-theano" in finding.remedy
    assert findings(upgraded(convolution(size=3), UNKNOWN_1), CODE) == []


def transposed(size: int, stride: int, **config: Any) -> Layer:
    return convolution("Conv2DTranspose", size, stride, **config)


def test_transposed_convolutions_without_strides_are_no_finding() -> None:
    assert findings(upgraded(transposed(3, 1), THEANO), CODE) == []


@pytest.mark.parametrize(
    ("it", "padding", "cropping"),
    [
        (transposed(3, 2), [0, 0], [[1, 0]] * 2),
        (transposed(5, 2), [0, 0], [[2, 1]] * 2),
        (transposed(3, 3), [1, 1], [[1, 0]] * 2),
        (transposed(3, 2, output_padding=[0, 0]), [0, 0], [[1, 1]] * 2),
    ],
)
def test_transposed_convolutions_are_cut(it: Layer, padding: Any, cropping: Any) -> None:
    new = upgraded(it, THEANO).model
    assert found(new, "it_full").config["padding"] == "valid"
    assert found(new, "it_full").config["output_padding"] == padding
    assert found(new).class_name == "Cropping2D"
    assert found(new).config["cropping"] == cropping


def test_transposed_convolutions_with_even_kernels_are_refused() -> None:
    assert only(upgraded(transposed(2, 1), THEANO), CODE).severity is Severity.REFUSED


def conv_lstm(size: int, stride: int = 1, padding: str = "same") -> Layer:
    it = convolution("ConvLSTM2D", size, stride, padding=padding)
    kernels = {name: np.ones((size, size, 2, 8), "f4") for name in ("kernel", "recurrent_kernel")}
    return with_weights(it, **kernels, bias=np.ones(8, "f4"))[0]


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_odd_kernels_of_a_convolutional_lstm_are_no_finding(padding: str) -> None:
    assert findings(upgraded(conv_lstm(3, padding=padding), THEANO), CODE) == []


def test_even_kernels_of_a_convolutional_lstm_get_a_zero() -> None:
    result = upgraded(conv_lstm(2), THEANO)
    assert only(result, CODE).severity is Severity.SILENT
    new = found(result.model)
    assert new.config["kernel_size"] == [3, 3]
    kernel, recurrent, bias = new.weights
    for weight in (kernel, recurrent):
        assert weight.shape == (3, 3, 2, 8)
        values = value(weight, {weight.name: np.ones((2, 2, 2, 8), "f4")})
        assert values[:2, :2].all()
        assert not values[2].any()
        assert not values[:, 2].any()
    assert bias.shape == (8,)


@pytest.mark.parametrize(
    ("it", "padding"),
    [(conv_lstm(2, padding="valid"), [[0, 1]] * 2), (conv_lstm(3, 2), [[1, 1]] * 2)],
)
def test_each_step_is_padded_where_the_kernels_do_not_do(it: Layer, padding: Any) -> None:
    new = upgraded(it, THEANO).model
    steps = found(new, "it_padding_steps")
    assert steps.class_name == "TimeDistributed"
    assert steps.inner["layer"].config["padding"] == padding
    assert found(new).config["padding"] == "valid"


@pytest.mark.parametrize("name", POOLING)
def test_pooling_becomes_a_graph_of_its_name(name: str) -> None:
    result = upgraded(pooling(name, 2), THEANO)
    assert only(result, CODE).severity is Severity.SILENT
    graph = found(result.model)
    assert graph.class_name == "Functional"
    classes = [each.class_name for each in graph.model.layers] if graph.model else []
    assert "Pad" in classes
    assert ("Divide" in classes) is name.startswith("Average")
