"""Epsilons that the fused batch normalization raised."""

from __future__ import annotations

import pytest

from converter.model.description import Call, Layer, Model, TensorRef, Writer
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import KERAS_3, STANDALONE, TF_2, THEANO, findings, found, only

CODE = "KF250"
TF_2_4 = Writer((2, 4, 0), True, "tensorflow", "2.4.0")
TF_2_8 = Writer((2, 8, 0), True, "tensorflow", "2.8.0")
KERAS_2_1 = Writer((2, 1, 6), False, "tensorflow", "2.1.6")


def normalized(rank: int | None = 4, **config: object) -> Model:
    shape = [None] * rank if rank else None
    given = Layer("given", "InputLayer", {"batch_shape": shape})
    it = Layer("it", "BatchNormalization", {"axis": -1, "epsilon": 1e-7, **config})
    it = Layer(it.name, it.class_name, it.config, calls=(Call((TensorRef("given"),)),))
    return Model("top", "functional", (given, it), TensorRef("given"), TensorRef("it"))


@pytest.mark.parametrize("writer", [TF_2, KERAS_2_1, KERAS_3, THEANO], ids=lambda w: w.label)
def test_other_writers_took_the_epsilon_as_it_is(writer: Writer) -> None:
    assert findings(upgrade(normalized(), writer), CODE) == []


@pytest.mark.parametrize("writer", [STANDALONE, TF_2_4], ids=lambda w: w.label)
@pytest.mark.parametrize("epsilon", [1e-3, 1e-4, 1.001e-5])
def test_usual_epsilons_stay(writer: Writer, epsilon: float) -> None:
    assert findings(upgrade(normalized(epsilon=epsilon), writer), CODE) == []


@pytest.mark.parametrize("rank", [2, 3, 5])
def test_tensors_that_are_no_pictures_stay(rank: int) -> None:
    assert findings(upgrade(normalized(rank), TF_2_4), CODE) == []
    assert findings(upgrade(normalized(rank), STANDALONE), CODE) == []


def test_axes_without_a_kernel_stay() -> None:
    assert findings(upgrade(normalized(axis=2), TF_2_4), CODE) == []
    assert findings(upgrade(normalized(axis=1), STANDALONE), CODE) == []


@pytest.mark.parametrize("writer", [STANDALONE, TF_2_4, TF_2_8], ids=lambda w: w.label)
@pytest.mark.parametrize("epsilon", [0, 0.0, 1e-12, 1e-6])
def test_small_epsilons_are_raised(writer: Writer, epsilon: float) -> None:
    result = upgrade(normalized(epsilon=epsilon), writer)
    assert found(result.model).config["epsilon"] == 1.001e-5
    assert only(result, CODE).severity is Severity.SILENT


def test_volumes_since_2_6() -> None:
    assert found(upgrade(normalized(5, axis=4), TF_2_8).model).config["epsilon"] == 1.001e-5


def test_channels_first_in_tf_keras() -> None:
    assert found(upgrade(normalized(axis=[1]), TF_2_4).model).config["epsilon"] == 1.001e-5


def test_nearly_the_same_epsilon_is_a_notice() -> None:
    result = upgrade(normalized(epsilon=1e-5), TF_2_4)
    assert only(result, CODE).severity is Severity.NOTICE
    assert found(result.model).config["epsilon"] == 1.001e-5


def test_an_unknown_rank_is_refused_and_left() -> None:
    result = upgrade(normalized(None), STANDALONE)
    assert only(result, CODE).severity is Severity.REFUSED
    assert found(result.model).config["epsilon"] == 1e-7


@pytest.mark.parametrize(("rank", "raised"), [(5, True), (4, False)])
def test_inside_a_time_distributed(rank: int, raised: bool) -> None:
    given = Layer("given", "InputLayer", {"batch_shape": [None] * rank})
    it = Layer("it", "BatchNormalization", {"axis": -1, "epsilon": 1e-7})
    model = Model("top", "sequential", (given, Layer("td", "TimeDistributed", inner={"layer": it})))
    epsilon = found(upgrade(model, STANDALONE).model).config["epsilon"]
    assert epsilon == (1.001e-5 if raised else 1e-7)
