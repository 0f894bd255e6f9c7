"""Causal padding of SeparableConv1D."""

import numpy as np
import pytest

from converter.model.description import Layer
from converter.model.findings import Severity
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

CODE = "KF211"


def convolution(**config: object) -> Layer:
    usual = {"kernel_size": [3], "dilation_rate": [2], "padding": "causal", "filters": 4}
    return layer("SeparableConv1D", **{"data_format": "channels_last", **usual, **config})


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_other_paddings_stay(padding: str) -> None:
    assert_unchanged(convolution(padding=padding), CODE)


def test_conv1d_keeps_causal_padding() -> None:
    assert_unchanged(layer("Conv1D", padding="causal", data_format="channels_last"), CODE)


def test_the_padding_knows_where_the_channels_are() -> None:
    result = upgraded(convolution(data_format="channels_first"))
    padding = found(result.model, "it_padding")
    assert padding.config == {"data_format": "channels_first", "padding": [4, 0]}


def test_files_of_keras_3_are_not_touched() -> None:
    assert findings(upgrade(in_graph(convolution()), KERAS_3), CODE) == []


@pytest.mark.parametrize("where", ["sequential", "graph", "nested graph"])
@pytest.mark.parametrize(
    ("size", "dilation", "steps"), [([3], [2], 4), ([2], [1], 1), (5, 1, 4), ([1], [1], 0)]
)
def test_padded_in_front(size: object, dilation: object, steps: int, where: str) -> None:
    it = convolution(kernel_size=size, dilation_rate=dilation)
    result = upgrade(ANYWHERE[where](it), TF_2)
    assert found(result.model, "it_padding").class_name == "ZeroPadding1D"
    assert found(result.model, "it_padding").config["padding"] == [steps, 0]
    assert found(result.model).config["padding"] == "valid"
    assert only(result, CODE).severity is Severity.BREAKS


def test_padding_in_front_is_what_causal_means() -> None:
    """Each output depends on its own step and those before it, and there are as many."""
    x, kernel, dilation = np.arange(1.0, 8.0), np.array([1.0, 10.0, 100.0]), 2
    model = upgraded(convolution(kernel_size=[3], dilation_rate=[dilation])).model
    before, behind = found(model, "it_padding").config["padding"]
    padded = np.pad(x, (before, behind))
    valid = [
        sum(kernel[tap] * padded[step + tap * dilation] for tap in range(3))
        for step in range(len(padded) - 2 * dilation)
    ]
    causal = [
        sum(
            kernel[2 - back] * x[step - back * dilation]
            for back in range(3)
            if step - back * dilation >= 0
        )
        for step in range(len(x))
    ]
    assert valid == causal
