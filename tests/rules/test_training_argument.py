"""``training`` as an argument of calls."""

from dataclasses import replace

import pytest

from converter.model.description import Layer, TensorRef
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    KERAS_3,
    TF_2,
    findings,
    found,
    in_graph,
    in_sequential,
    layer,
    only,
    upgraded,
)

CODE = "KF206"
NOISY = ["Dropout", "SpatialDropout1D", "GaussianNoise", "BatchNormalization", "RandomFlip"]


def called(it: Layer, training: object) -> object:
    return in_graph(it, TensorRef("given"), training=training)


@pytest.mark.parametrize("name", NOISY)
def test_calls_without_it_stay(name: str) -> None:
    it = layer(name, rate=0.5)
    result = upgraded(it)
    assert findings(result, CODE) == []


@pytest.mark.parametrize("name", sorted({*NOISY} - {"BatchNormalization"}))
@pytest.mark.parametrize("training", [True, 1])
def test_always_in_training_is_refused_and_left(name: str, training: object) -> None:
    result = upgrade(called(layer(name), training), TF_2)
    assert only(result, CODE).severity is Severity.REFUSED
    assert found(result.model).calls[0].kwargs == {"training": training}


@pytest.mark.parametrize("key", ["dropout", "recurrent_dropout"])
def test_recurrent_dropout_counts(key: str) -> None:
    result = upgrade(called(layer("LSTM", **{key: 0.5}), True), TF_2)
    assert only(result, CODE).severity is Severity.REFUSED


def test_wrapped_and_nested_layers_count() -> None:
    dropout = layer("Dropout", "inside", rate=0.5)
    wrapped = Layer("it", "TimeDistributed", {}, inner={"layer": dropout})
    nested = Layer("it", "Sequential", model=in_sequential(dropout), module="keras")
    for it in (wrapped, nested):
        assert only(upgrade(called(it, True), TF_2), CODE).severity is Severity.REFUSED


def test_files_of_keras_3_are_not_touched() -> None:
    result = upgrade(called(layer("Dropout", rate=0.5), True), KERAS_3)
    assert findings(result, CODE) == []


@pytest.mark.parametrize("name", [*NOISY, "Dense"])
@pytest.mark.parametrize("training", [False, None, 0])
def test_inference_is_removed(name: str, training: object) -> None:
    result = upgrade(called(layer(name), training), TF_2)
    assert found(result.model).calls[0].kwargs == {}
    assert only(result, CODE).severity is Severity.NOTICE


@pytest.mark.parametrize(
    ("name", "config"), [("Dense", {}), ("LSTM", {"dropout": 0.0}), ("Activation", {})]
)
def test_layers_that_never_differ_lose_a_true_one(name: str, config: dict) -> None:
    result = upgrade(called(layer(name, **config), True), TF_2)
    assert found(result.model).calls[0].kwargs == {}


def test_other_arguments_stay() -> None:
    model = in_graph(layer("LSTM"), TensorRef("given"), training=None, mask=TensorRef("given"))
    it = found(upgrade(model, TF_2).model)
    assert it.calls[0].kwargs == {"mask": TensorRef("given")}
    assert replace(it, calls=()).config == {}
