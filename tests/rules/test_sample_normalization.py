"""BatchNormalization of each sample by itself."""

import numpy as np
import pytest

from converter.model.description import Layer, Model, Writer
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    findings,
    found,
    in_graph,
    layer,
    only,
    upgraded,
    with_weights,
)

CODE = "KF231"
KERAS_1 = Writer((1, 2, 2), False, "tensorflow", "1.2.2")


def normalization(**config: object) -> Layer:
    vectors = {name: np.ones(4, np.float32) for name in ("gamma", "beta", "mean", "variance")}
    return with_weights(layer("BatchNormalization", **config), **vectors)[0]


@pytest.mark.parametrize("mode", [0, 2])
def test_other_modes_are_not_its_matter(mode: int) -> None:
    assert findings(upgraded(normalization(mode=mode), KERAS_1), CODE) == []


def test_files_of_keras_2_are_not_touched() -> None:
    assert findings(upgraded(normalization(mode=1)), CODE) == []


def test_epsilon_is_added_twice() -> None:
    result = upgrade(in_graph(normalization(mode=1, epsilon=0.1)), KERAS_1)
    assert only(result, CODE).severity is Severity.BREAKS
    model = found(result.model).model
    assert model is not None
    names = [each.class_name for each in model.layers]
    assert names[1:] == ["Moments", "Add", "Sqrt", "Add", "Subtract", "Divide", "EinsumDense"]
    assert [each.calls[0].args[1] for each in model.layers if each.class_name == "Add"] == [0.1] * 2
    assert found(result.model, "it_moments").config["axes"] == [-1]


def test_one_behind_another_is_known_by_its_rank() -> None:
    given = Layer("given", "InputLayer", {"batch_shape": [None, 4]})
    first = normalization(mode=2)
    first = Layer("first", first.class_name, first.config, first.weights)
    model = Model("top", "sequential", (given, first, normalization(mode=1)))
    assert only(upgrade(model, KERAS_1), CODE).severity is Severity.BREAKS


def test_an_unknown_rank_is_refused() -> None:
    model = Model("top", "sequential", (normalization(mode=1),))
    assert only(upgrade(model, KERAS_1), CODE).severity is Severity.REFUSED


def test_other_axes_are_refused() -> None:
    given = Layer("given", "InputLayer", {"batch_shape": [None, 4, 5]})
    model = Model("top", "sequential", (given, normalization(mode=1, axis=1)))
    assert only(upgrade(model, KERAS_1), CODE).severity is Severity.REFUSED
