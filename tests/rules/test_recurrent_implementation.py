"""Arguments that only chose an implementation."""

import pytest

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
    upgraded,
)

CODE = "KF119"
KEYS = ["implementation", "dynamic", "autocast", "experimental_run_tf_function", "num_constants"]
CONV = ["ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"]


@pytest.mark.parametrize("name", ["LSTM", "GRU", "SimpleRNN", "RNN"])
@pytest.mark.parametrize("unroll", [True, False])
def test_unrolling_stays_where_keras_3_has_it(name: str, unroll: bool) -> None:
    assert_unchanged(layer(name, unroll=unroll, reset_after=True), CODE)


def test_files_of_keras_3_are_not_touched() -> None:
    assert findings(upgrade(in_graph(layer("LSTM", implementation=2)), KERAS_3), CODE) == []


@pytest.mark.parametrize("where", ANYWHERE)
@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("stored", [0, 2, True, None])
def test_removed_whatever_they_hold(key: str, stored: object, where: str) -> None:
    result = upgrade(ANYWHERE[where](layer("LSTM", units=3, **{key: stored})), TF_2)
    assert found(result.model).config == {"units": 3}


@pytest.mark.parametrize("name", CONV)
def test_convolutional_ones_are_never_unrolled(name: str) -> None:
    it = layer(name, unroll=True, data_format="channels_last")
    assert "unroll" not in found(upgraded(it).model).config
