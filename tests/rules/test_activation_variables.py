"""Activations that are layers with variables."""

from dataclasses import replace

import numpy as np
import pytest

from converter.model.description import Call, Layer, TensorRef
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    ANYWHERE,
    KERAS_3,
    TF_2,
    findings,
    found,
    in_graph,
    layer,
    only,
    upgraded,
    with_weights,
)

CODE = "KF210"


def with_prelu(it: Layer) -> Layer:
    alpha, _ = with_weights(Layer("alpha", "PReLU", {"shared_axes": [1]}), alpha=np.ones((1, 4)))
    return replace(it, inner={"activation": alpha})


@pytest.mark.parametrize("name", ["ReLU", "LeakyReLU", "ELU", "Softmax"])
def test_activation_layers_without_variables_stay(name: str) -> None:
    it = replace(layer("Dense", units=4), inner={"activation": layer(name, "inside")})
    result = upgraded(it)
    assert findings(result, CODE) == []
    assert found(result.model).inner["activation"].class_name == name


def test_files_of_keras_3_are_not_touched() -> None:
    result = upgrade(in_graph(with_prelu(layer("Dense", units=4))), KERAS_3)
    assert findings(result, CODE) == []
    assert "activation" in found(result.model).inner


@pytest.mark.parametrize(
    "it",
    [
        layer("SimpleRNN", recurrent_initializer="zeros", recurrent_kernel_initializer="zeros"),
        layer("LSTM", recurrent_activation="sigmoid"),
    ],
)
def test_recurrent_layers_are_refused_and_left(it: Layer) -> None:
    result = upgraded(with_prelu(it))
    assert only(result, CODE).severity is Severity.REFUSED
    assert found(result.model).inner["activation"].class_name == "PReLU"


@pytest.mark.parametrize("name", ["Dense", "Conv1D", "Conv2D", "SeparableConv2D", "EinsumDense"])
@pytest.mark.parametrize("where", ["sequential", "graph", "nested graph", "nested sequential"])
def test_the_activation_becomes_the_next_layer(name: str, where: str) -> None:
    it, stored = with_weights(layer(name, use_bias=False), kernel=np.ones((4, 4)))
    result = upgrade(ANYWHERE[where](with_prelu(it)), TF_2)
    first, last = found(result.model, "it_linear"), found(result.model)
    assert (first.class_name, first.config["activation"]) == (name, "linear")
    assert first.inner == {}
    assert [weight.name for weight in first.weights] == ["kernel"]
    assert (last.class_name, last.config) == ("PReLU", {"shared_axes": [1]})
    assert [weight.name for weight in last.weights] == ["alpha"]
    assert only(result, CODE).severity is Severity.BREAKS


def test_both_stay_connected_in_a_graph() -> None:
    model = upgraded(with_prelu(layer("Dense"))).model
    assert found(model, "it_linear").calls == (Call((TensorRef("given"),)),)
    assert found(model).calls == (Call((TensorRef("it_linear"),)),)


@pytest.mark.parametrize("where", ["time distributed", "twice wrapped"])
def test_where_one_layer_fits_they_become_a_sequential(where: str) -> None:
    model = upgrade(ANYWHERE[where](with_prelu(layer("Dense"))), TF_2).model
    it = found(model)
    assert it.class_name == "Sequential"
    assert [each.class_name for each in it.model.layers] == ["Dense", "PReLU"]
