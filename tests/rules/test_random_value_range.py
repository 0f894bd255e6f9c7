"""``value_range`` on layers that move pixels."""

import pytest

from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    ANYWHERE,
    KERAS_3,
    assert_unchanged,
    findings,
    found,
    layer,
    upgraded,
)

CODE = "KF128"
CLASSES = ["RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom", "RandomCrop"]


@pytest.mark.parametrize("name", ["RandomBrightness", "RandomContrast"])
def test_layers_that_change_colours_keep_it(name: str) -> None:
    assert_unchanged(layer(name, value_range=[0, 255]), CODE, KERAS_3)


@pytest.mark.parametrize("name", CLASSES)
def test_files_of_keras_2_do_not_have_it(name: str) -> None:
    assert findings(upgraded(layer(name, value_range=[0, 1], height=1, width=1)), CODE) == []


@pytest.mark.parametrize("where", ANYWHERE)
@pytest.mark.parametrize("name", CLASSES)
def test_removed(name: str, where: str) -> None:
    result = upgrade(ANYWHERE[where](layer(name, value_range=[0, 1], seed=3)), KERAS_3)
    assert found(result.model).config == {"seed": 3}
