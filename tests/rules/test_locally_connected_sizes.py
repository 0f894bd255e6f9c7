"""The input of a LocallyConnected2D without a bias."""

from __future__ import annotations

import numpy as np
import pytest

from converter.model.description import Layer, Model, TensorRef
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.graphs import called
from tests.rules.upgrading import KERAS_3, TF_2, Call, findings, found, layer, only, with_weights

CODE, REWRITTEN = "KF149", "KF151"


def local(*, bias: bool = False, **config: object) -> Layer:
    """Ten positions of a 2×2 patch with 2 channels, by its kernel."""
    weights = {"kernel": np.zeros((10, 8, 3), np.float32)}
    if bias:
        weights["bias"] = np.zeros((2, 5, 3), np.float32)
    config = {"filters": 3, "kernel_size": [2, 2], "strides": [1, 1], "use_bias": bias, **config}
    return with_weights(layer("LocallyConnected2D", **config), **weights)[0]


def sequential(it: Layer, *before: Layer, shape: object = (None, 3, 6, 2)) -> Model:
    given = Layer("given", "InputLayer", {"batch_input_shape": shape})
    return Model("top", "sequential", (given, *before, it))


def outputs(result: object) -> object:
    return found(result.model).config["output_shape"]


def test_one_with_a_bias_says_it_itself() -> None:
    result = upgrade(sequential(local(bias=True)), TF_2)
    assert findings(result, CODE) == []
    assert outputs(result) == [2, 5, 3]


def test_files_of_keras_3_are_not_touched() -> None:
    assert findings(upgrade(sequential(local()), KERAS_3), CODE) == []


def test_the_models_input_says_it() -> None:
    result = upgrade(sequential(local()), TF_2)
    assert only(result, CODE).severity is Severity.NOTICE
    assert outputs(result) == [2, 5, 3]


@pytest.mark.parametrize(
    ("before", "shape"),
    [
        (layer("Dropout", "a", rate=0.5), (None, 3, 6, 2)),
        (layer("MaxPooling2D", "a", pool_size=[1, 2], strides=[1, 2]), (None, 3, 12, 2)),
        (layer("ZeroPadding2D", "a", padding=[[1, 0], [0, 1]]), (None, 2, 5, 2)),
        (layer("Cropping2D", "a", cropping=[[1, 1], [0, 0]]), (None, 5, 6, 2)),
        (layer("Conv2D", "a", filters=2, kernel_size=[2, 1], strides=[1, 1]), (None, 4, 6, 1)),
    ],
)
def test_layers_in_between_are_followed(before: Layer, shape: object) -> None:
    assert outputs(upgrade(sequential(local(), before, shape=shape), TF_2)) == [2, 5, 3]


def test_a_graph_is_followed() -> None:
    given = Layer("given", "InputLayer", {"batch_input_shape": [None, 3, 6, 2]})
    it = local()
    it = Layer("it", it.class_name, it.config, it.weights, (Call((TensorRef("a"),)),))
    layers = (given, called("Activation", "a", "given", config={"activation": "relu"}), it)
    model = Model("top", "functional", layers, TensorRef("given"), TensorRef("it"))
    assert outputs(upgrade(model, TF_2)) == [2, 5, 3]


def test_channels_in_front_lie_on_another_axis() -> None:
    it = local(data_format="channels_first")
    result = upgrade(sequential(it, shape=(None, 2, 3, 6)), TF_2)
    assert found(result.model, "it_product").config["output_shape"] == [2, 5, 3]


@pytest.mark.parametrize(
    ("before", "shape"),
    [
        (layer("Reshape", "a", target_shape=[3, 6, 2]), (None, 36)),
        (layer("Dropout", "a", rate=0.5), (None, None, 6, 2)),
        (layer("Cropping2D", "a", data_format="channels_first"), (None, 5, 8, 2)),
    ],
)
def test_what_is_not_known_is_refused(before: Layer, shape: object) -> None:
    result = upgrade(sequential(local(), before, shape=shape), TF_2)
    assert findings(result, CODE) == []
    assert only(result, REWRITTEN).severity is Severity.REFUSED
