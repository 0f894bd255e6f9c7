"""Activations in Keras 2's form."""

import pytest

from converter.model.findings import Edit, Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    ANYWHERE,
    STANDALONE,
    TF_2,
    assert_unchanged,
    findings,
    found,
    in_graph,
    layer,
    only,
    upgraded,
)

CODE = "KF131"
FUNCTION = {"class_name": "function", "config": "relu", "module": "builtins"}
KEYS = ["activation", "recurrent_activation", "gate_activation"]


@pytest.mark.parametrize("name", ["relu", "tanh", "linear", "swish", "softmax", "gelu", None])
@pytest.mark.parametrize("key", KEYS)
def test_names_that_keras_3_knows_stay(key: str, name: object) -> None:
    assert_unchanged(layer("Dense", **{key: name}), CODE)


def test_other_keys_stay() -> None:
    assert_unchanged(layer("Mine", act="nonsense", activations="nonsense"), CODE)


@pytest.mark.parametrize("key", KEYS)
def test_a_function_of_the_user_is_a_finding_and_stays(key: str) -> None:
    result = upgraded(layer("Dense", **{key: "my_activation"}))
    finding = only(result, CODE)
    assert finding.severity is Severity.CUSTOM
    assert "my_activation" in finding.message
    assert found(result.model).config == {key: "my_activation"}


def test_a_function_that_the_user_gives_is_none() -> None:
    result = upgrade(in_graph(layer("Dense", activation="mine")), TF_2, custom=["mine"])
    assert findings(result, CODE) == []


@pytest.mark.parametrize("where", ANYWHERE)
@pytest.mark.parametrize("name", ["Dense", "Conv2D", "LSTM", "Activation"])
def test_functions_are_written_by_name(name: str, where: str) -> None:
    it = layer(name, activation=FUNCTION, data_format="channels_last")
    result = upgrade(ANYWHERE[where](it), TF_2)
    assert found(result.model).config["activation"] == "relu"
    assert Edit("activation", FUNCTION, "relu") in only(result, CODE).edits


def test_softmax_of_tensorflow_1() -> None:
    assert found(upgraded(layer("Dense", activation="softmax_v2")).model).config["activation"] == (
        "softmax"
    )


@pytest.mark.parametrize("name", ["swish", "silu", "relu6", "mish", "leaky_relu"])
def test_names_that_a_later_keras_took_are_told(name: str) -> None:
    """Everybody computed them alike."""
    result = upgraded(layer("Dense", activation=name), STANDALONE)
    finding = only(result, CODE)
    assert finding.severity is Severity.NOTICE
    assert name in finding.message
    assert "--custom" in finding.remedy
    assert found(result.model).config["activation"] == name


@pytest.mark.parametrize("name", ["gelu", "hard_swish", "sparsemax", "hard_silu"])
def test_names_that_had_several_meanings_are_not_taken_for_keras_own(name: str) -> None:
    result = upgraded(layer("Dense", activation=name), STANDALONE)
    assert only(result, CODE).severity is Severity.CUSTOM
    own = upgrade(in_graph(layer("Dense", activation=name)), STANDALONE, {name})
    assert not findings(own, CODE)


def test_a_function_that_was_registered_without_a_package() -> None:
    result = upgraded(layer("Dense", activation="Custom>swish"), STANDALONE)
    assert only(result, CODE).severity is Severity.NOTICE
    assert found(result.model).config["activation"] == "swish"
    own = upgrade(in_graph(layer("Dense", activation="Custom>swish")), TF_2, {"Custom>swish"})
    assert not findings(own, CODE)
    other = upgraded(layer("Dense", activation="Custom>gelu"), STANDALONE)
    assert only(other, CODE).severity is Severity.CUSTOM
