"""CuDNNLSTM and CuDNNGRU as LSTM and GRU."""

from __future__ import annotations

import numpy as np
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
    value,
    with_weights,
)

CODE = "KF150"


@pytest.mark.parametrize("name", ["LSTM", "GRU"])
def test_the_stock_layers_stay(name: str) -> None:
    more = {"reset_after": True} if name == "GRU" else {}
    it = layer(name, units=2, recurrent_activation="sigmoid", **more)
    assert_unchanged(it, CODE)


def test_files_of_keras_3_are_not_touched() -> None:
    assert findings(upgrade(in_graph(layer("CuDNNLSTM")), KERAS_3), CODE) == []


@pytest.mark.parametrize("where", ANYWHERE)
@pytest.mark.parametrize(("name", "stock"), [("CuDNNLSTM", "LSTM"), ("CuDNNGRU", "GRU")])
def test_they_are_renamed_everywhere(where: str, name: str, stock: str) -> None:
    it = found(upgrade(ANYWHERE[where](layer(name, units=2)), STANDALONE).model)
    assert it.class_name == stock
    assert it.config["recurrent_activation"] == "sigmoid"
    assert it.config["activation"] == "tanh"
    assert it.config.get("reset_after") is (True if stock == "GRU" else None)


@pytest.mark.parametrize(
    ("name", "gates", "shape"), [("CuDNNLSTM", 4, (8,)), ("CuDNNGRU", 3, (2, 6))]
)
def test_the_weights_have_the_stock_layout(name: str, gates: int, shape: tuple) -> None:
    it, stored = with_weights(
        layer(name, units=2),
        kernel=np.arange(6 * gates, dtype=np.float32).reshape(3, 2 * gates),
        recurrent_kernel=np.arange(4 * gates, dtype=np.float32).reshape(2, 2 * gates),
        bias=np.arange(4 * gates, dtype=np.float32),
    )
    result = upgraded(it, STANDALONE)
    assert only(result, CODE).severity is Severity.BREAKS
    kernel, recurrent_kernel, bias = found(result.model).weights
    assert kernel.shape == (3, 2 * gates)
    assert bias.shape == value(bias, stored).shape == shape
    first = value(recurrent_kernel, stored)[:, :2]
    np.testing.assert_array_equal(first, stored["recurrent_kernel"][:, :2].T)
