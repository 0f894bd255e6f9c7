"""Activations of TensorFlow Addons, as far as no sample shows them."""

from __future__ import annotations

import pytest

from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    ANYWHERE,
    TF_2,
    assert_unchanged,
    bidirectional,
    cell,
    findings,
    found,
    in_graph,
    layer,
    only,
    upgraded,
)

CODE = "KF174"


@pytest.mark.parametrize("name", ["gelu", "mish", "relu"])
def test_keras_own_activations_stay(name: str) -> None:
    assert_unchanged(layer("Dense", units=3, activation=name), CODE)


@pytest.mark.parametrize("where", ANYWHERE)
def test_gelu_is_the_approximation(where: str) -> None:
    result = upgrade(ANYWHERE[where](layer("Dense", units=3, activation="Addons>gelu")), TF_2)
    assert only(result, CODE).severity is Severity.BREAKS
    function = found(result.model).config["activation"]
    assert (function["class_name"], function["config"]) == ("Gelu", {"approximate": True})


@pytest.mark.parametrize("approximate", [True, False])
def test_the_layer_gelu(approximate: bool) -> None:
    new = found(upgraded(layer("Addons>GELU", approximate=approximate)).model)
    assert new.class_name == "Activation"
    assert new.config["activation"]["config"] == {"approximate": approximate}


@pytest.mark.parametrize("form", ["plain", "function"])
@pytest.mark.parametrize("where", [bidirectional, cell])
def test_activations_inside_of_recurrent_layers(where, form: str) -> None:
    stored = "Addons>lisht"
    value = stored if form == "plain" else {"class_name": "function", "config": stored}
    name = "LSTM" if where is bidirectional else "LSTMCell"
    model = upgrade(where(layer(name, units=2, activation=value)), TF_2).model
    held = found(model).inner["activation"]
    assert held.model is not None
    assert held.model.layers[0].config["batch_shape"] == [None, None]
    assert "activation" not in found(model).config


def test_an_activation_computes_in_the_precision_of_its_layer() -> None:
    it = layer("Dense", units=2, activation="Addons>snake", dtype="float64")
    held = found(upgraded(it).model).inner["activation"]
    assert held.model is not None
    assert held.model.layers[0].config["dtype"] == "float64"


def test_what_addons_never_had_is_refused() -> None:
    finding = only(upgraded(layer("Dense", units=2, activation="Addons>other")), CODE)
    assert finding.severity is Severity.REFUSED


def test_the_users_own_function_is_used() -> None:
    it = layer("Dense", units=2, activation="Addons>lisht")
    result = upgrade(in_graph(it), TF_2, custom=["lisht"])
    kept = found(result.model).config["activation"]
    assert "lisht" in (kept, kept["config"])
    assert [each for each in findings(result, CODE) if each.blocks] == []
