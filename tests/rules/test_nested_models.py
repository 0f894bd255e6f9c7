"""Models inside models, which are reported only."""

import pytest

from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    ANYWHERE,
    KERAS_3,
    TF_2,
    assert_unchanged,
    findings,
    layer,
    only,
)

CODE = "KF303"


def test_layers_are_no_finding() -> None:
    assert_unchanged(layer("Dense", units=3), CODE)


@pytest.mark.parametrize("where", ["nested graph", "nested sequential"])
def test_files_of_keras_3_are_no_finding(where: str) -> None:
    assert findings(upgrade(ANYWHERE[where](layer("Dense")), KERAS_3), CODE) == []


@pytest.mark.parametrize("where", ["nested graph", "nested sequential"])
def test_each_nested_model_is_reported(where: str) -> None:
    finding = only(upgrade(ANYWHERE[where](layer("Dense")), TF_2), CODE)
    assert finding.layer == "inner"
