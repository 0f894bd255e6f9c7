"""What writers left out."""

import pytest

from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    ANYWHERE,
    KERAS_3,
    STANDALONE,
    assert_unchanged,
    findings,
    found,
    in_graph,
    layer,
    only,
    upgraded,
)

CODE = "KF124"


@pytest.mark.parametrize("name", ["GRU", "GRUCell"])
@pytest.mark.parametrize("reset_after", [True, False])
def test_what_is_said_stays(name: str, reset_after: bool) -> None:
    assert_unchanged(layer(name, reset_after=reset_after), CODE)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("name", ["MaxPooling2D", "Flatten", "UpSampling2D", "ZeroPadding2D"])
def test_data_formats_that_are_said_stay(name: str, data_format: str) -> None:
    assert_unchanged(layer(name, data_format=data_format), CODE)


def test_convolutions_with_the_channels_first_are_left_to_the_rule_about_them() -> None:
    result = upgraded(layer("Conv2D", data_format="channels_first"))
    assert findings(result, CODE) == []
    assert only(result, "KF310").severity is Severity.SILENT


@pytest.mark.parametrize("name", ["Dense", "LSTM", "Concatenate", "Mine"])
def test_layers_that_have_neither_stay(name: str) -> None:
    assert_unchanged(layer(name), CODE)


@pytest.mark.parametrize("name", ["GRU", "Conv2D"])
def test_files_of_keras_3_are_not_touched(name: str) -> None:
    assert findings(upgrade(in_graph(layer(name)), KERAS_3), CODE) == []


@pytest.mark.parametrize("where", ANYWHERE)
@pytest.mark.parametrize("name", ["GRU", "GRUCell"])
def test_a_gru_of_old_resets_before(name: str, where: str) -> None:
    result = upgrade(ANYWHERE[where](layer(name, units=3)), STANDALONE)
    assert found(result.model).config == {"units": 3, "reset_after": False}
    assert only(result, CODE).severity is Severity.SILENT


@pytest.mark.parametrize(
    "name", ["Conv2D", "MaxPooling2D", "Flatten", "UpSampling2D", "ZeroPadding2D", "Cropping3D"]
)
@pytest.mark.parametrize("config", [{}, {"data_format": None}])
def test_channels_come_last(name: str, config: dict) -> None:
    result = upgraded(layer(name, **config))
    assert found(result.model).config["data_format"] == "channels_last"
    assert only(result, CODE).severity is Severity.NOTICE
