"""Transposed convolutions of Keras 3 that do not say their output padding."""

import pytest

from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import KERAS_3, TF_2, findings, found, in_graph, layer, only

CODE = "KF133"
CLASSES = ["Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"]


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("padding", [None, [1, 1]])
def test_a_layer_that_says_it_is_no_finding(name: str, padding: object) -> None:
    it = layer(name, data_format="channels_last", output_padding=padding)
    assert findings(upgrade(in_graph(it), KERAS_3), CODE) == []


def test_other_layers_and_writers_are_no_finding() -> None:
    assert findings(upgrade(in_graph(layer("Conv2D")), KERAS_3), CODE) == []
    it = layer("Conv2DTranspose", data_format="channels_last")
    assert findings(upgrade(in_graph(it), TF_2), CODE) == []


@pytest.mark.parametrize("name", CLASSES)
def test_a_layer_that_does_not_say_it_is_reported_and_left(name: str) -> None:
    it = layer(name, data_format="channels_last")
    result = upgrade(in_graph(it), KERAS_3)
    assert only(result, CODE).severity is Severity.NOTICE
    assert found(result.model).config == it.config
