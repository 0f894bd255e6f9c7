"""Hashing with a salt that was not used."""

import pytest

from converter.model.description import Writer
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import ANYWHERE, TF_2, assert_unchanged, found, layer, only

CODE = "KF218"
TF_2_3 = Writer((2, 4, 0), True, "tensorflow", "2.4.0")
TF_2_5 = Writer((2, 5, 0), True, "tensorflow", "2.5.0")
UNUSED = [956888297470, 956888297470]


@pytest.mark.parametrize("salt", [None, [11, 137], [133, 133], [UNUSED[0], 1]])
def test_other_salts_stay(salt: object) -> None:
    assert_unchanged(layer("Hashing", num_bins=5, salt=salt, dtype="int64"), CODE, TF_2_3)


def test_later_releases_used_what_they_wrote() -> None:
    assert_unchanged(layer("Hashing", num_bins=5, salt=UNUSED, dtype="int64"), CODE, TF_2)


def test_other_layers_stay() -> None:
    assert_unchanged(layer("Mine", salt=UNUSED), CODE, TF_2_3)


@pytest.mark.parametrize("where", ANYWHERE)
@pytest.mark.parametrize("writer", [TF_2_3, TF_2_5])
def test_the_salt_is_removed(writer: Writer, where: str) -> None:
    it = layer("Hashing", num_bins=5, salt=UNUSED, dtype="int64")
    result = upgrade(ANYWHERE[where](it), writer)
    assert found(result.model).config == {"num_bins": 5, "salt": None, "dtype": "int64"}
    assert only(result, CODE).severity is Severity.SILENT
