"""RandomShear in both directions."""

import pytest

from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import ANYWHERE, KERAS_3, assert_unchanged, found, layer, only, upgraded

CODE = "KF136"


@pytest.mark.parametrize("factor", [0.2, [0.0, 0.2], [0.1, 0.3], [0.0, 0.0], [-0.0, 0.0]])
def test_factors_that_keras_reads_stay(factor: object) -> None:
    assert_unchanged(layer("RandomShear", x_factor=factor), CODE, KERAS_3)


def test_other_layers_stay() -> None:
    assert_unchanged(layer("Mine", x_factor=[-0.2, 0.2]), CODE, KERAS_3)


@pytest.mark.parametrize("where", ANYWHERE)
def test_ranges_around_0_become_the_number_that_made_them(where: str) -> None:
    it = layer("RandomShear", x_factor=[-0.2, 0.2], y_factor=[0.0, 0.3])
    result = upgrade(ANYWHERE[where](it), KERAS_3)
    assert found(result.model).config == {"x_factor": 0.2, "y_factor": [0.0, 0.3]}
    assert only(result, CODE).severity is Severity.BREAKS


def test_both_axes() -> None:
    result = upgraded(layer("RandomShear", x_factor=(-0.2, 0.2), y_factor=(-0.3, 0.3)), KERAS_3)
    assert found(result.model).config == {"x_factor": 0.2, "y_factor": 0.3}
