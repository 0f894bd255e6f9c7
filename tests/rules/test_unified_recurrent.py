"""The first names of the LSTM and GRU of TensorFlow 2."""

import pytest

from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    ANYWHERE,
    KERAS_3,
    TF_1,
    findings,
    found,
    in_graph,
    layer,
    upgraded,
)

CODE = "KF159"


@pytest.mark.parametrize("name", ["LSTM", "GRU", "CuDNNLSTM"])
def test_others_stay(name: str) -> None:
    assert findings(upgraded(layer(name, units=2), TF_1), CODE) == []


def test_files_of_keras_3_are_not_touched() -> None:
    assert findings(upgrade(in_graph(layer("UnifiedLSTM")), KERAS_3), CODE) == []


@pytest.mark.parametrize("where", ANYWHERE)
@pytest.mark.parametrize(("name", "today"), [("UnifiedLSTM", "LSTM"), ("UnifiedGRU", "GRU")])
def test_they_are_renamed_everywhere(where: str, name: str, today: str) -> None:
    it = layer(name, units=2, recurrent_activation="sigmoid", reset_after=True)
    assert found(upgrade(ANYWHERE[where](it), TF_1).model).class_name == today
