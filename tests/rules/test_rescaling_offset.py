"""Rescaling without an offset."""

import pytest

from converter.model.description import Writer
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import ANYWHERE, assert_unchanged, found, layer, only

CODE = "KF135"
TF_2_2 = Writer((2, 3, 0), True, "tensorflow", "2.3.0-tf")


@pytest.mark.parametrize("offset", [0.0, -1, [1.0, 2.0]])
def test_offsets_that_are_said_stay(offset: object) -> None:
    assert_unchanged(layer("Rescaling", scale=2.0, offset=offset), CODE, TF_2_2)


def test_other_layers_stay() -> None:
    assert_unchanged(layer("Mine", scale=2.0), CODE, TF_2_2)


@pytest.mark.parametrize("where", ANYWHERE)
def test_nothing_was_added(where: str) -> None:
    result = upgrade(ANYWHERE[where](layer("Rescaling", scale=2.0)), TF_2_2)
    assert found(result.model).config == {"scale": 2.0, "offset": 0.0}
    assert only(result, CODE).severity is Severity.BREAKS
