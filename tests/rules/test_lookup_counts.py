"""Lookup layers that count gave floats."""

import pytest

from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import ANYWHERE, KERAS_3, TF_2, assert_unchanged, found, layer, only

CODE = "KF243"
WORDS = {"vocabulary": ["a", "b"]}


@pytest.mark.parametrize(
    "config",
    [{}, {"output_mode": "int"}, {"output_mode": "count", "sparse": True}],
)
def test_indices_and_sparse_tensors_stay(config: dict) -> None:
    assert_unchanged(layer("StringLookup", **WORDS, **config), CODE)


def test_keras_3_gave_integers_itself() -> None:
    assert_unchanged(layer("StringLookup", output_mode="count", **WORDS), CODE, KERAS_3)


@pytest.mark.parametrize("mode", ["one_hot", "multi_hot", "count"])
@pytest.mark.parametrize("name", ["IntegerLookup", "StringLookup", "TextVectorization"])
@pytest.mark.parametrize("where", ANYWHERE)
def test_floats_come_out(mode: str, name: str, where: str) -> None:
    words = [3, 4] if name == "IntegerLookup" else ["a", "b"]
    it = layer(name, output_mode=mode, dtype="float16", vocabulary=words)
    result = upgrade(ANYWHERE[where](it), TF_2)
    assert only(result, CODE).severity is Severity.SILENT
    assert found(result.model, "it_counts").class_name == name
    last = found(result.model, "it_last" if "distributed" in where or "twice" in where else "it")
    assert (last.class_name, last.config["dtype"]) == ("Rescaling", "float16")
