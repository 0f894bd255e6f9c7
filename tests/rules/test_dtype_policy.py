"""Dtype policies in tf.keras's form."""

import pytest

from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    ANYWHERE,
    KERAS_3,
    TF_2,
    assert_unchanged,
    findings,
    found,
    in_graph,
    layer,
    only,
    upgraded,
)

CODE = "KF120"
NEW = {
    "module": "keras",
    "class_name": "DTypePolicy",
    "config": {"name": "mixed_float16"},
    "registered_name": None,
}


def old(name: str, class_name: str = "Policy", **more: object) -> dict:
    return {"class_name": class_name, "config": {"name": name, **more}}


@pytest.mark.parametrize("dtype", ["float32", "float16", "mixed_float16", NEW])
@pytest.mark.parametrize("name", ["Dense", "Embedding"])
def test_names_and_policies_of_today_stay(name: str, dtype: object) -> None:
    assert_unchanged(layer(name, dtype=dtype), CODE)


def test_integers_on_other_layers_stay() -> None:
    assert_unchanged(layer("Hashing", dtype="int64"), CODE)


def test_layers_without_dtype_stay() -> None:
    assert_unchanged(layer("Dense", units=3), CODE)


def test_files_of_keras_3_are_not_touched() -> None:
    it = layer("Dense", dtype=old("mixed_float16"))
    assert findings(upgrade(in_graph(it), KERAS_3), CODE) == []


@pytest.mark.parametrize("where", ANYWHERE)
@pytest.mark.parametrize("name", ["Dense", "LSTM", "Activation"])
@pytest.mark.parametrize(
    "dtype",
    [
        old("mixed_float16"),
        old("mixed_float16", "PolicyV1", loss_scale=None),
        old("mixed_float16", loss_scale={"class_name": "DynamicLossScale"}),
    ],
)
def test_policies_keep_their_name(name: str, dtype: dict, where: str) -> None:
    result = upgrade(ANYWHERE[where](layer(name, dtype=dtype)), TF_2)
    assert found(result.model).config == {"dtype": NEW}
    assert "mixed_float16" in only(result, CODE).message


@pytest.mark.parametrize("name", ["infer", "_infer", None])
def test_policies_that_took_the_dtype_of_the_input_are_float32(name: str) -> None:
    result = upgraded(layer("Dense", dtype=old(name)))
    assert found(result.model).config["dtype"]["config"] == {"name": "float32"}


def test_none_is_left_out() -> None:
    assert found(upgraded(layer("Dense", dtype=None)).model).config == {}


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8"])
def test_an_embedding_keeps_floats(dtype: str) -> None:
    result = upgraded(layer("Embedding", dtype=dtype))
    assert found(result.model).config == {"dtype": "float32"}
    assert only(result, CODE).severity is Severity.SILENT
