"""Integer dtypes of Discretization."""

import pytest

from converter.model.findings import Edit, Severity
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
)

CODE = "KF125"


@pytest.mark.parametrize("dtype", ["float32", "float16", None])
def test_other_dtypes_stay(dtype: object) -> None:
    config = {} if dtype is None else {"dtype": dtype}
    assert_unchanged(layer("Discretization", bin_boundaries=[0.0], **config), CODE)


@pytest.mark.parametrize("name", ["CategoryEncoding", "Hashing", "IntegerLookup"])
def test_other_layers_keep_integers(name: str) -> None:
    assert_unchanged(layer(name, dtype="int64"), CODE)


def test_files_of_keras_3_are_not_touched() -> None:
    assert findings(upgrade(in_graph(layer("Discretization", dtype="int64")), KERAS_3), CODE) == []


@pytest.mark.parametrize("where", ANYWHERE)
@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8"])
def test_integers_become_float32(dtype: str, where: str) -> None:
    result = upgrade(ANYWHERE[where](layer("Discretization", dtype=dtype, trainable=True)), TF_2)
    assert found(result.model).config == {"dtype": "float32"}
    assert only(result, CODE).severity is Severity.SILENT
    assert Edit("dtype", dtype, "float32") in only(result, CODE).edits
