"""Batch normalization under the names of TensorFlow's versions."""

import numpy as np
import pytest

from converter.model.findings import Edit
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    ANYWHERE,
    KERAS_3,
    TF_1,
    assert_unchanged,
    findings,
    found,
    in_graph,
    layer,
    only,
    upgraded,
    with_weights,
)

CODE = "KF101"
NAMES = ["BatchNormalizationV1", "BatchNormalizationV2", "SyncBatchNormalization"]


@pytest.mark.parametrize("name", ["BatchNormalization", "LayerNormalization", "BatchNorm"])
def test_other_names_stay(name: str) -> None:
    assert_unchanged(layer(name, axis=-1), CODE)


@pytest.mark.parametrize("name", NAMES)
def test_files_of_keras_3_are_not_touched(name: str) -> None:
    result = upgrade(in_graph(layer(name)), KERAS_3)
    assert findings(result, CODE) == []
    assert found(result.model).class_name == name


@pytest.mark.parametrize("where", ANYWHERE)
@pytest.mark.parametrize("name", NAMES)
def test_renamed_everywhere(name: str, where: str) -> None:
    result = upgrade(ANYWHERE[where](layer(name, axis=-1)), TF_1)
    assert found(result.model).class_name == "BatchNormalization"
    assert Edit("class_name", name, "BatchNormalization") in only(result, CODE).edits


def test_only_the_synchronised_one_becomes_synchronised() -> None:
    synchronised = {
        name: found(upgraded(layer(name)).model).config.get("synchronized") for name in NAMES
    }
    assert synchronised == dict.fromkeys(NAMES[:2]) | {NAMES[2]: True}


def test_the_weights_stay() -> None:
    it, _ = with_weights(layer("BatchNormalizationV1"), gamma=np.ones(3), beta=np.ones(3))
    assert found(upgraded(it).model).weights == it.weights
