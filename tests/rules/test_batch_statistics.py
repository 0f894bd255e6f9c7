"""BatchNormalization by the batch at hand."""

from __future__ import annotations

import numpy as np
import pytest

from converter.model.description import Layer, Model, TensorRef, Writer
from converter.model.findings import Severity
from converter.rules.apply import Upgrade, upgrade
from tests.rules.graphs import masked_before
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
    with_weights,
)

CODE = "KF230"


def normalization(**config: object) -> Layer:
    vectors = {name: np.ones(4, np.float32) for name in ("gamma", "beta", "mean", "variance")}
    return with_weights(layer("BatchNormalization", **config), **vectors)[0]


def in_training(it: Layer, writer: Writer = TF_2, training: object = True) -> Upgrade:
    return upgrade(in_graph(it, TensorRef("given"), training=training), writer)


def keras1(version: tuple[int, ...], backend: str) -> Writer:
    return Writer(version, False, backend, ".".join(map(str, version)))


def classes(result: Upgrade) -> list[str]:
    model = found(result.model).model
    assert model is not None
    return [each.class_name for each in model.layers]


@pytest.mark.parametrize("training", [False, None, 0])
def test_one_that_is_not_in_training_stays(training: object) -> None:
    result = in_training(normalization(), training=training)
    assert findings(result, CODE) == []
    assert found(result.model).class_name == "BatchNormalization"


def test_one_that_is_not_told_stays() -> None:
    assert findings(upgraded(normalization()), CODE) == []


def test_a_frozen_one_was_not_in_training() -> None:
    result = in_training(normalization(trainable=False))
    assert findings(result, CODE) == []


def test_files_of_keras_3_are_not_touched() -> None:
    assert findings(in_training(normalization(), KERAS_3), CODE) == []


def test_moments_of_the_batch_take_the_place_of_the_averages() -> None:
    result = in_training(normalization())
    assert only(result, CODE).severity is Severity.SILENT
    assert classes(result)[1:3] == ["Moments", "Subtract"]
    moments = found(result.model, "it_moments")
    assert moments.config["axes"] == [0]
    assert found(result.model).calls[0].kwargs == {}


@pytest.mark.parametrize(
    ("version", "backend", "deviation"),
    [
        ((), "theano", ["Add", "Sqrt", "Add", "Divide"]),
        ((1, 0, 5), "theano", ["Add", "Sqrt", "Add", "Divide"]),
        ((1, 0, 7), "theano", ["Sqrt", "Add", "Divide"]),
        ((1, 0, 7), "tensorflow", ["Add", "Rsqrt", "Multiply"]),
        ((1, 2, 2), "theano", ["Add", "Rsqrt", "Multiply"]),
    ],
)
def test_early_releases_added_epsilon_elsewhere(
    version: tuple[int, ...], backend: str, deviation: list[str]
) -> None:
    it = normalization(mode=2, epsilon=0.1)
    result = upgrade(in_graph(it), keras1(version, backend))
    assert only(result, CODE).severity is Severity.SILENT
    assert classes(result)[3:-1] == deviation


@pytest.mark.parametrize(("version", "backend"), [((1, 0, 6), "theano"), ((1, 0, 7), "")])
def test_where_the_release_is_not_known_it_is_refused(
    version: tuple[int, ...], backend: str
) -> None:
    result = upgrade(in_graph(normalization(mode=2)), keras1(version, backend))
    assert only(result, CODE).severity is Severity.REFUSED


def test_one_inside_a_wrapper_is_refused() -> None:
    wrapper = Layer("wrapper", "TimeDistributed", {}, inner={"layer": normalization(mode=2)})
    given = Layer("given", "InputLayer", {"batch_shape": [None, 3, 4]})
    model = Model("top", "sequential", (given, wrapper))
    result = upgrade(model, keras1((1, 2, 2), "tensorflow"))
    assert only(result, CODE).severity is Severity.REFUSED


def test_an_unknown_rank_is_refused() -> None:
    model = Model("top", "sequential", (in_sequential(normalization(mode=2)).layers[1],))
    result = upgrade(model, keras1((1, 2, 2), "tensorflow"))
    assert only(result, CODE).severity is Severity.REFUSED


def test_one_that_hands_on_a_mask_is_refused() -> None:
    model = masked_before("BatchNormalization")
    layers = tuple(
        Layer(each.name, each.class_name, {"mode": 2}, normalization().weights, each.calls)
        if each.name == "it"
        else each
        for each in model.layers
    )
    model = Model(model.name, model.kind, layers, model.inputs, model.outputs)
    result = upgrade(model, keras1((1, 2, 2), "tensorflow"))
    assert only(result, CODE).severity is Severity.REFUSED
