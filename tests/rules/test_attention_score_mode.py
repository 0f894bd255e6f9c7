"""``score_mode="dot"``, which is reported only."""

from dataclasses import replace

import pytest

from converter.model.findings import Severity
from tests.rules.upgrading import (
    KERAS_3,
    assert_unchanged,
    found,
    layer,
    only,
    upgraded,
)

CODE = "KF126"


@pytest.mark.parametrize("config", [{}, {"score_mode": "concat"}, {"use_scale": True}])
def test_other_modes_are_no_finding(config: dict) -> None:
    assert_unchanged(layer("Attention", **config), CODE)


def test_other_layers_are_no_finding() -> None:
    assert_unchanged(layer("Mine", score_mode="dot"), CODE)


def test_the_word_is_reported_and_kept() -> None:
    result = upgraded(layer("Attention", score_mode="dot"))
    assert only(result, CODE).severity is Severity.BREAKS
    assert found(result.model).config == {"score_mode": "dot"}


def test_files_of_keras_3_are_read_right_unless_they_are_h5() -> None:
    it = layer("Attention", score_mode="dot")
    assert_unchanged(it, CODE, KERAS_3)
    result = upgraded(replace(it, legacy=True), KERAS_3)
    assert only(result, CODE).severity is Severity.BREAKS
    assert found(result.model).config == {"score_mode": "dot"}
