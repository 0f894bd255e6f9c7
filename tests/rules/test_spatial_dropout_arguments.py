"""``trainable`` and ``noise_shape`` on SpatialDropout."""

import pytest

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

CODE = "KF115"
CLASSES = ["SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"]


@pytest.mark.parametrize("name", ["Dropout", "AlphaDropout", "Dense"])
def test_other_layers_keep_them(name: str) -> None:
    assert_unchanged(layer(name, rate=0.5, noise_shape=[None, 1], trainable=True), CODE)


@pytest.mark.parametrize("name", CLASSES)
def test_files_of_keras_3_are_not_touched(name: str) -> None:
    result = upgrade(in_graph(layer(name, rate=0.5, trainable=True)), KERAS_3)
    assert findings(result, CODE) == []


@pytest.mark.parametrize("where", ANYWHERE)
@pytest.mark.parametrize("name", CLASSES)
def test_removed_everywhere(name: str, where: str) -> None:
    it = layer(name, rate=0.5, trainable=False, noise_shape=None, data_format="channels_last")
    result = upgrade(ANYWHERE[where](it), TF_2)
    config = found(result.model).config
    assert "trainable" not in config
    assert "noise_shape" not in config
    assert config["rate"] == 0.5


def test_both_keys_are_told() -> None:
    finding = only(upgraded(layer("SpatialDropout2D", trainable=True, noise_shape=None)), CODE)
    assert {edit.key for edit in finding.edits} >= {"trainable", "noise_shape"}
