"""Float dtypes of Hashing."""

import pytest

from converter.model.findings import Edit, Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import ANYWHERE, TF_2, assert_unchanged, found, layer, only

CODE = "KF134"


@pytest.mark.parametrize("dtype", ["int32", "int64", None])
def test_integer_dtypes_stay(dtype: object) -> None:
    config = {} if dtype is None else {"dtype": dtype}
    assert_unchanged(layer("Hashing", num_bins=3, **config), CODE)


@pytest.mark.parametrize("mode", ["one_hot", "multi_hot", "count"])
def test_vectors_stay_floats(mode: str) -> None:
    assert_unchanged(layer("Hashing", dtype="float32", output_mode=mode), CODE)


@pytest.mark.parametrize("where", ANYWHERE)
@pytest.mark.parametrize("config", [{}, {"output_mode": "int"}])
def test_indices_become_int64(config: dict[str, str], where: str) -> None:
    result = upgrade(ANYWHERE[where](layer("Hashing", dtype="float32", **config)), TF_2)
    assert found(result.model).config == {"dtype": "int64", **config}
    assert only(result, CODE).severity is Severity.BREAKS
    assert Edit("dtype", "float32", "int64") in only(result, CODE).edits
