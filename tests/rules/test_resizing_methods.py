"""Interpolations that are gone."""

import pytest

from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    ANYWHERE,
    TF_2,
    assert_unchanged,
    found,
    layer,
    only,
)

CODE = "KF212"
CLASSES = ["UpSampling2D", "Resizing"]


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize(
    "method", ["nearest", "bilinear", "bicubic", "area", "lanczos3", "lanczos5"]
)
def test_methods_of_today_stay(name: str, method: str) -> None:
    assert_unchanged(layer(name, data_format="channels_last", interpolation=method), CODE)


def test_other_layers_stay() -> None:
    assert_unchanged(layer("Mine", interpolation="gaussian"), CODE)


@pytest.mark.parametrize("where", ANYWHERE)
@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("method", ["gaussian", "mitchellcubic"])
def test_the_others_are_refused_and_left(name: str, method: str, where: str) -> None:
    it = layer(name, data_format="channels_last", interpolation=method)
    result = upgrade(ANYWHERE[where](it), TF_2)
    assert only(result, CODE).severity is Severity.REFUSED
    assert method in only(result, CODE).message
    assert found(result.model).config == it.config
