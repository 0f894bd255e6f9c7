"""ThresholdedReLU as ReLU."""

import numpy as np
import pytest

from converter.model.findings import Edit
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    ANYWHERE,
    KERAS_3,
    TF_2,
    activation,
    assert_unchanged,
    findings,
    found,
    in_graph,
    layer,
    only,
    upgraded,
)

CODE = "KF102"


@pytest.mark.parametrize("name", ["ReLU", "LeakyReLU", "PReLU"])
def test_other_activation_layers_stay(name: str) -> None:
    assert_unchanged(layer(name, theta=1.0), CODE)


def test_files_of_keras_3_are_not_touched() -> None:
    result = upgrade(in_graph(layer("ThresholdedReLU", theta=1.0)), KERAS_3)
    assert findings(result, CODE) == []


@pytest.mark.parametrize("where", [*ANYWHERE, "activation"])
def test_becomes_relu_everywhere(where: str) -> None:
    positions = {**ANYWHERE, "activation": activation}
    result = upgrade(positions[where](layer("ThresholdedReLU", theta=0.4)), TF_2)
    it = found(result.model)
    assert it.class_name == "ReLU"
    assert it.config == {"threshold": 0.4}
    assert Edit("class_name", "ThresholdedReLU", "ReLU") in only(result, CODE).edits


def test_the_default_threshold_is_one() -> None:
    assert found(upgraded(layer("ThresholdedReLU")).model).config["threshold"] == 1.0


def test_a_threshold_stored_as_an_array() -> None:
    stored = {"type": "ndarray", "value": 0.25}
    assert found(upgraded(layer("ThresholdedReLU", theta=stored)).model).config["threshold"] == 0.25


def test_other_settings_stay() -> None:
    it = layer("ThresholdedReLU", theta=1.0, trainable=False, dtype="float32")
    config = found(upgraded(it).model).config
    assert (config["trainable"], config["dtype"]) == (False, "float32")


def test_both_formulas_agree() -> None:
    x = np.array([-2.0, -0.4, 0.0, 0.39, 0.4, 0.41, 3.0])
    config = found(upgraded(layer("ThresholdedReLU", theta=0.4)).model).config
    keras_2 = x * (x > 0.4)
    # ReLU: x above the threshold, else negative_slope * (x - threshold).
    threshold, slope = config["threshold"], config.get("negative_slope", 0.0)
    keras_3 = np.where(x > threshold, x, slope * (x - threshold))
    np.testing.assert_array_equal(keras_3, keras_2)
