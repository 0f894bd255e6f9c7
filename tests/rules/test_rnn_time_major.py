"""``time_major`` on recurrent layers."""

import pytest

from converter.model.findings import Edit
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    ANYWHERE,
    KERAS_3,
    TF_2,
    assert_unchanged,
    bidirectional,
    findings,
    found,
    in_graph,
    layer,
    only,
    upgraded,
)

CODE = "KF112"
CLASSES = [
    *("RNN", "LSTM", "GRU", "SimpleRNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"),
    *("Bidirectional", "CuDNNLSTM", "CuDNNGRU"),
]


@pytest.mark.parametrize("name", ["Dense", "LSTMCell", "TimeDistributed"])
def test_other_classes_keep_the_key(name: str) -> None:
    assert_unchanged(layer(name, time_major=False), CODE)


@pytest.mark.parametrize("name", CLASSES)
def test_layers_that_are_time_major_are_left_to_another_rule(name: str) -> None:
    assert findings(upgraded(layer(name, time_major=True)), CODE) == []


@pytest.mark.parametrize("name", CLASSES)
def test_files_of_keras_3_are_not_touched(name: str) -> None:
    result = upgrade(in_graph(layer(name, time_major=False)), KERAS_3)
    assert findings(result, CODE) == []
    assert found(result.model).config["time_major"] is False


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("harmless", [False, None])
def test_batch_major_layers_lose_the_key(name: str, harmless: object) -> None:
    result = upgraded(layer(name, time_major=harmless))
    assert "time_major" not in found(result.model).config
    assert only(result, CODE).edits == (Edit("time_major", harmless, None),)


@pytest.mark.parametrize("where", ANYWHERE)
def test_every_position(where: str) -> None:
    result = upgrade(ANYWHERE[where](layer("LSTM", units=3, time_major=False)), TF_2)
    assert dict(found(result.model).config) == {"units": 3}


def test_both_directions() -> None:
    result = upgrade(bidirectional(layer("LSTM", time_major=False)), TF_2)
    assert len(findings(result, CODE)) == 2
    assert "time_major" not in found(result.model).config
    assert "time_major" not in found(result.model, "backward_it").config
