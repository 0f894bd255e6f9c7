"""``rms_scaling`` of LayerNormalization."""

import pytest

from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    ANYWHERE,
    KERAS_3,
    assert_unchanged,
    findings,
    found,
    layer,
    only,
    upgraded,
)

CODE = "KF209"


def test_other_layers_stay() -> None:
    assert_unchanged(layer("Mine", rms_scaling=True), CODE, KERAS_3)


def test_layers_that_do_not_scale_that_way_are_no_finding() -> None:
    for config in ({}, {"rms_scaling": False}):
        assert findings(upgraded(layer("LayerNormalization", **config), KERAS_3), CODE) == []


@pytest.mark.parametrize("where", ANYWHERE)
def test_the_others_are_refused_and_left(where: str) -> None:
    it = layer("LayerNormalization", rms_scaling=True)
    result = upgrade(ANYWHERE[where](it), KERAS_3)
    assert only(result, CODE).severity is Severity.REFUSED
    assert found(result.model).config == {"rms_scaling": True}
