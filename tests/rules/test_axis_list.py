"""Axes stored as lists."""

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

CODE = "KF121"
CLASSES = [
    *("BatchNormalization", "LayerNormalization", "Normalization", "Softmax", "UnitNormalization")
]


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("axis", [-1, 3, None])
def test_numbers_stay(name: str, axis: object) -> None:
    assert_unchanged(layer(name, axis=axis), CODE)


@pytest.mark.parametrize("name", ["Concatenate", "Dense", "Dot"])
def test_other_layers_stay(name: str) -> None:
    assert_unchanged(layer(name, axis=[1]), CODE)


def test_batch_normalization_over_several_axes_is_refused_and_left() -> None:
    result = upgraded(layer("BatchNormalization", axis=[1, 3]))
    assert only(result, CODE).severity is Severity.REFUSED
    assert found(result.model).config == {"axis": [1, 3]}


@pytest.mark.parametrize("name", CLASSES)
def test_files_of_keras_3_are_not_touched(name: str) -> None:
    assert findings(upgrade(in_graph(layer(name, axis=[3])), KERAS_3), CODE) == []


@pytest.mark.parametrize("where", ANYWHERE)
@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("stored", [[3], {"class_name": "__tuple__", "items": [3]}])
def test_one_axis_becomes_a_number(name: str, stored: object, where: str) -> None:
    result = upgrade(ANYWHERE[where](layer(name, axis=stored)), TF_2)
    assert found(result.model).config == {"axis": 3}
    assert only(result, CODE).severity is Severity.BREAKS


@pytest.mark.parametrize("name", CLASSES[1:])
@pytest.mark.parametrize("stored", [[1, 2], {"class_name": "__tuple__", "items": [1, 2]}])
def test_several_axes_are_kept_and_reported(name: str, stored: object) -> None:
    result = upgraded(layer(name, axis=stored))
    assert found(result.model).config == {"axis": [1, 2]}
    assert only(result, CODE).severity is Severity.SILENT
