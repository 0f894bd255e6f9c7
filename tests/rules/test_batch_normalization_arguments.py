"""Arguments of TensorFlow's own batch normalization."""

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

CODE = "KF118"
HARMLESS = [("virtual_batch_size", None), ("adjustment", None)]
HARMLESS += [("fused", value) for value in (None, True, False)]


def test_other_classes_keep_them() -> None:
    assert_unchanged(layer("LayerNormalization", fused=True), CODE)


def test_renorm_stays() -> None:
    assert_unchanged(layer("BatchNormalization", axis=-1, renorm=True), CODE)


@pytest.mark.parametrize(("key", "value"), [("virtual_batch_size", 8), ("adjustment", "x")])
def test_values_that_change_numbers_are_refused_and_left(key: str, value: object) -> None:
    result = upgraded(layer("BatchNormalization", **{key: value}))
    assert only(result, CODE).severity is Severity.REFUSED
    assert found(result.model).config[key] == value


def test_one_harmful_value_leaves_the_harmless_ones_too() -> None:
    result = upgraded(layer("BatchNormalization", virtual_batch_size=8, fused=True))
    assert found(result.model).config == {"virtual_batch_size": 8, "fused": True}


def test_files_of_keras_3_are_not_touched() -> None:
    result = upgrade(in_graph(layer("BatchNormalization", fused=True)), KERAS_3)
    assert findings(result, CODE) == []


@pytest.mark.parametrize("where", ANYWHERE)
@pytest.mark.parametrize(("key", "value"), HARMLESS)
def test_harmless_values_are_removed(key: str, value: object, where: str) -> None:
    it = layer("BatchNormalization", axis=-1, **{key: value})
    result = upgrade(ANYWHERE[where](it), TF_2)
    assert found(result.model).config == {"axis": -1}


@pytest.mark.parametrize("name", ["BatchNormalizationV1", "BatchNormalizationV2"])
def test_also_under_the_old_names(name: str) -> None:
    result = upgraded(layer(name, axis=-1, fused=True))
    assert found(result.model).class_name == "BatchNormalization"
    assert found(result.model).config == {"axis": -1}
