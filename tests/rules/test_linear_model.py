"""LinearModel as Dense."""

import numpy as np

from converter.model.description import TensorRef
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    STANDALONE,
    TF_2,
    assert_unchanged,
    findings,
    found,
    in_graph,
    layer,
    only,
    value,
    with_weights,
)

CODE = "KF144"


def linear(**config):
    values = {"linear_model/kernel:0": np.ones((4, 2), "float32")}
    values["linear_model/bias:0"] = np.arange(2, dtype="float32")
    return with_weights(layer("LinearModel", units=2, activation="relu", **config), **values)


def test_dense_stays() -> None:
    assert_unchanged(layer("Dense", units=3), CODE)


def test_of_one_input_it_is_a_dense() -> None:
    it, stored = linear(kernel_initializer={"class_name": "Zeros", "config": {}})
    result = upgrade(in_graph(it), TF_2)
    assert only(result, CODE).severity is Severity.BREAKS
    new = found(result.model)
    assert (new.class_name, dict(new.config)) == ("Dense", {"units": 2, "activation": "relu"})
    assert [each.name for each in new.weights] == ["kernel", "bias"]
    assert value(new.weights[1], stored).tolist() == [0.0, 1.0]


def test_of_several_inputs_it_is_refused() -> None:
    it, _ = linear()
    given = [TensorRef("given"), TensorRef("given")]
    result = upgrade(in_graph(it, given), TF_2)
    assert not findings(result, CODE)
    assert only(result, "KF903").severity is Severity.REFUSED


def test_one_without_its_weights_is_refused() -> None:
    result = upgrade(in_graph(layer("LinearModel", units=2)), TF_2)
    assert only(result, "KF903").severity is Severity.REFUSED


def test_in_files_of_keras_itself_it_is_the_users() -> None:
    it, _ = linear()
    assert not findings(upgrade(in_graph(it), STANDALONE), CODE)
    assert not findings(upgrade(in_graph(it), TF_2, custom=["LinearModel"]), CODE)
