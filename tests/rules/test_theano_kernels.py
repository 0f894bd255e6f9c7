"""Convolutions of Theano."""

import pytest

from converter.model.description import Writer
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    ANYWHERE,
    THEANO,
    findings,
    layer,
    upgraded,
)

CODE = "KF202"
CONVOLUTIONS = [
    *("Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "SeparableConv2D", "DepthwiseConv2D"),
    "ConvLSTM2D",
]


@pytest.mark.parametrize("name", CONVOLUTIONS)
@pytest.mark.parametrize("backend", ["tensorflow", "cntk", ""])
def test_other_backends_are_no_finding(name: str, backend: str) -> None:
    it = layer(name, data_format="channels_last")
    assert findings(upgraded(it, Writer((2, 2, 4), False, backend)), CODE) == []


@pytest.mark.parametrize("name", ["Dense", "LSTM", "MaxPooling2D"])
def test_layers_without_such_kernels_are_no_finding(name: str) -> None:
    assert findings(upgraded(layer(name), THEANO), CODE) == []


@pytest.mark.parametrize("where", ANYWHERE)
@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolutions_are_never_silently_kept(name: str, where: str) -> None:
    result = upgrade(ANYWHERE[where](layer(name, data_format="channels_last")), THEANO)
    assert len(findings(result, CODE)) == 1
