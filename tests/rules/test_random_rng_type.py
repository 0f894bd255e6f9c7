"""``rng_type`` on random layers."""

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
)

CODE = "KF116"
RANDOM = ["RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomContrast"]


@pytest.mark.parametrize("name", [*RANDOM, "Dropout", "Dense"])
def test_layers_without_it_stay(name: str) -> None:
    assert_unchanged(layer(name, seed=3, data_format="channels_last"), CODE)


def test_files_of_keras_3_are_not_touched() -> None:
    result = upgrade(in_graph(layer("RandomFlip", rng_type="stateful")), KERAS_3)
    assert findings(result, CODE) == []


@pytest.mark.parametrize("where", ANYWHERE)
@pytest.mark.parametrize("name", [*RANDOM, "Dropout", "GaussianNoise", "SpatialDropout1D"])
@pytest.mark.parametrize("value", ["stateful", "legacy_stateful", None])
def test_removed_whatever_it_holds(name: str, where: str, value: object) -> None:
    it = layer(name, seed=3, rng_type=value, force_generator=True)
    result = upgrade(ANYWHERE[where](it), TF_2)
    assert "rng_type" not in found(result.model).config
    assert "force_generator" not in found(result.model).config
    assert found(result.model).config["seed"] == 3
