"""Initial states at the first masked steps."""

from __future__ import annotations

from typing import Any

import pytest

from converter.model.description import Model, TensorRef, Writer
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.graphs import call, called, embedding, given, graph, ops
from tests.rules.upgrading import STANDALONE, TF_1, TF_2, findings, only

CODE = "KF255"
KERAS_2_3 = Writer((2, 3, 1), False, "tensorflow", "2.3.1")


def decoder(
    class_name: str = "GRU", *, masked: bool = True, state: bool = True, **config: Any
) -> Model:
    states = {"initial_state": [TensorRef("state")]} if state else {}
    it = called(class_name, "it", "embedding", config={"units": 4, **config}, **states)
    layers = (given(), given("state"), embedding(masked=masked), it)
    last = called("Dense", "last", "it")
    return graph(*layers, last, output="last", inputs=("ids", "state"))


@pytest.mark.parametrize("writer", [TF_1, TF_2, KERAS_2_3], ids=lambda w: w.label)
def test_other_writers_returned_zeros(writer: Writer) -> None:
    assert findings(upgrade(decoder(), writer), CODE) == []


@pytest.mark.parametrize("without", [{"masked": False}, {"state": False}, {"unroll": True}])
def test_nothing_changes_without(without: dict[str, Any]) -> None:
    result = upgrade(decoder(**without), STANDALONE)
    assert findings(result, CODE) == []
    assert call(result.model, "last").args == (TensorRef("it"),)


def test_the_last_output_of_what_is_masked_altogether() -> None:
    result = upgrade(decoder(), STANDALONE)
    assert only(result, CODE).severity is Severity.SILENT
    assert call(result.model, "last").args == (TensorRef("it_state_0"),)
    args = call(result.model, "it_state_0").args
    assert args[1:] == (TensorRef("it"), TensorRef("state"))


@pytest.mark.parametrize("backwards", [False, True])
def test_sequences(backwards: bool) -> None:
    model = decoder("LSTM", return_sequences=True, go_backwards=backwards)
    result = upgrade(model, STANDALONE)
    assert call(result.model, "last").args == (TensorRef("it_state_0"),)
    assert ("Flip" in ops(result.model)) is backwards
    assert ops(result.model)[-5:] == ["Cumsum", "Greater", "ExpandDims", "ExpandDims", "Where"]


def test_outputs_of_the_model_change_too() -> None:
    model = decoder()
    model = graph(*model.layers, output="it", inputs=("ids", "state"))
    assert upgrade(model, STANDALONE).model.outputs == TensorRef("it_state_0")


def test_where_the_mask_is_used_behind_it_is_refused() -> None:
    model = decoder(return_sequences=True)
    more = called("LSTM", "second", "last", config={"units": 2})
    result = upgrade(graph(*model.layers, more, output="second"), STANDALONE)
    assert only(result, CODE).severity is Severity.REFUSED
    assert call(result.model, "last").args == (TensorRef("it"),)


def test_other_recurrent_layers_are_refused() -> None:
    assert only(upgrade(decoder("RNN"), STANDALONE), CODE).severity is Severity.REFUSED
