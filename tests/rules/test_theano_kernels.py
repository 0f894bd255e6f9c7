"""Convolutions of Theano."""

import numpy as np
import pytest

from converter.model.description import Layer, Writer
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    ANYWHERE,
    THEANO,
    findings,
    found,
    layer,
    only,
    upgraded,
    with_weights,
)

CODE = "KF202"
CONVOLUTIONS = {
    **dict.fromkeys(["Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose"], ["kernel"]),
    "ConvLSTM2D": ["kernel", "recurrent_kernel", "bias"],
}


def convolution(name: str, length: int = 3) -> Layer:
    rank = 3 if name == "Conv3D" else 1 if name == "Conv1D" else 2
    shapes = {"bias": (4,)}
    spatial = (length,) * rank + (4, 4)
    values = {each: np.zeros(shapes.get(each, spatial), "f4") for each in CONVOLUTIONS[name]}
    return with_weights(layer(name, data_format="channels_last"), **values)[0]


@pytest.mark.parametrize("name", CONVOLUTIONS)
@pytest.mark.parametrize("backend", ["tensorflow", "cntk", ""])
def test_other_backends_are_no_finding(name: str, backend: str) -> None:
    assert findings(upgraded(convolution(name), Writer((2, 2, 4), False, backend)), CODE) == []


@pytest.mark.parametrize("name", ["SeparableConv2D", "DepthwiseConv2D"])
def test_keras_turned_depthwise_kernels_itself(name: str) -> None:
    it, _ = with_weights(layer(name), depthwise_kernel=np.zeros((3, 3, 4, 1), "f4"))
    assert findings(upgraded(it, THEANO), CODE) == []


@pytest.mark.parametrize("name", ["Dense", "LSTM", "MaxPooling2D"])
def test_layers_without_such_kernels_are_no_finding(name: str) -> None:
    assert findings(upgraded(layer(name), THEANO), CODE) == []


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_kernels_of_one_position_are_no_finding(name: str) -> None:
    assert findings(upgraded(convolution(name, 1), THEANO), CODE) == []


@pytest.mark.parametrize("where", ANYWHERE)
@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_kernels_are_turned_wherever_the_layer_is(name: str, where: str) -> None:
    result = upgrade(ANYWHERE[where](convolution(name)), THEANO)
    assert only(result, CODE).severity is Severity.SILENT
    for weight in found(result.model).weights:
        values = np.arange(np.prod(weight.shape), dtype=np.float32).reshape(weight.shape)
        spatial = tuple(range(max(0, len(weight.shape) - 2)))
        new = weight.compute([values]) if weight.compute else values
        np.testing.assert_array_equal(new, np.flip(values, spatial))


def test_a_file_of_keras_1_that_does_not_show_its_backend_is_refused() -> None:
    finding = only(upgraded(convolution("Conv2D"), Writer((1, 2, 2))), CODE)
    assert finding.severity is Severity.REFUSED
    assert "--writer keras-1.0-theano" in finding.remedy


def test_keras_1_on_theano_is_turned_and_on_tensorflow_is_not() -> None:
    theano, tensorflow = (Writer((1, 2, 2), False, name) for name in ("theano", "tensorflow"))
    assert only(upgraded(convolution("Conv2D"), theano), CODE).severity is Severity.SILENT
    assert findings(upgraded(convolution("Conv2D"), tensorflow), CODE) == []
