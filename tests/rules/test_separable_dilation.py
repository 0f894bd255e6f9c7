"""Dilation of separable convolutions."""

from __future__ import annotations

import pytest

from converter.model.description import Writer
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import ANYWHERE, STANDALONE, TF_1, findings, found, in_graph, layer, only

CODE = "KF257"
KERAS_2_1_2 = Writer((2, 1, 2), False, "tensorflow", "2.1.2")
KERAS_2_1_3 = Writer((2, 1, 3), False, "tensorflow", "2.1.3")


def separable(rate: object = (2, 2)):
    return layer("SeparableConv2D", dilation_rate=rate, data_format="channels_last")


@pytest.mark.parametrize("rate", [1, [1, 1]])
def test_no_dilation_stays(rate: object) -> None:
    assert findings(upgrade(in_graph(separable(rate)), KERAS_2_1_2), CODE) == []


@pytest.mark.parametrize("writer", [KERAS_2_1_3, STANDALONE, TF_1], ids=lambda w: w.label)
def test_later_writers_obeyed_it(writer: Writer) -> None:
    assert findings(upgrade(in_graph(separable()), writer), CODE) == []


@pytest.mark.parametrize("name", ["Conv2D", "DepthwiseConv2D"])
def test_other_convolutions_stay(name: str) -> None:
    it = layer(name, dilation_rate=[2, 2], data_format="channels_last")
    assert findings(upgrade(in_graph(it), KERAS_2_1_2), CODE) == []


@pytest.mark.parametrize("rate", [2, [2, 1], [2, 2]])
@pytest.mark.parametrize("where", ANYWHERE)
def test_becomes_one(where: str, rate: object) -> None:
    result = upgrade(ANYWHERE[where](separable(rate)), KERAS_2_1_2)
    assert only(result, CODE).severity is Severity.SILENT
    assert found(result.model).config["dilation_rate"] == [1, 1]
