"""Highway as a small model."""

import numpy as np
import pytest

from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    ANYWHERE,
    KERAS_3,
    STANDALONE,
    TF_2,
    assert_unchanged,
    findings,
    found,
    in_graph,
    layer,
    only,
    upgraded,
    value,
    with_weights,
)

CODE = "KF153"


def highway(**config: object):
    w = np.arange(4, dtype=np.float32).reshape(2, 2)
    weights = {"W": w, "W_carry": -w, "b": w[0], "b_carry": w[1]}
    return with_weights(layer("Highway", activation="tanh", **config), **weights)


def test_dense_stays() -> None:
    assert_unchanged(layer("Dense", units=3), CODE)


def test_a_class_of_the_users_with_this_name_is_not_touched() -> None:
    own = in_graph(layer("Highway"))
    assert findings(upgrade(own, TF_2), CODE) == []
    assert findings(upgrade(own, STANDALONE, ["Highway"]), CODE) == []


def test_files_of_keras_3_are_not_touched() -> None:
    assert findings(upgrade(in_graph(layer("Highway")), KERAS_3), CODE) == []


@pytest.mark.parametrize("where", ANYWHERE)
def test_the_new_and_the_carried_part(where: str) -> None:
    it, stored = highway()
    result = upgrade(ANYWHERE[where](it), STANDALONE)
    assert only(result, CODE).severity is Severity.BREAKS
    layers = found(result.model).model.layers
    new, carry = [each for each in layers if each.class_name == "Dense"]
    assert (new.config["activation"], carry.config["activation"]) == ("tanh", "sigmoid")
    np.testing.assert_array_equal(value(new.weights[0], stored), stored["W"])
    np.testing.assert_array_equal(value(carry.weights[1], stored), stored["b_carry"])
    (left,) = [each for each in layers if each.class_name == "Rescaling"]
    assert (left.config["scale"], left.config["offset"]) == (-1.0, 1.0)


def test_one_without_weights_is_refused() -> None:
    assert only(upgraded(layer("Highway"), STANDALONE), CODE).severity is Severity.REFUSED


def test_a_class_with_other_weights_is_the_users():
    zeros = np.zeros((2, 2), np.float32)
    own, _ = with_weights(layer("Highway"), kernel=zeros, bias=zeros[0])
    assert only(upgrade(in_graph(own), STANDALONE), CODE).severity is Severity.CUSTOM
