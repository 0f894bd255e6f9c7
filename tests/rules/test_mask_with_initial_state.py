"""Recurrent layers with a mask and an initial state."""

import pytest

from converter.model.description import Call, Layer, Model, TensorRef
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.graphs import call, called, embedding, given, graph, nested
from tests.rules.upgrading import (
    KERAS_3,
    TF_2,
    findings,
    found,
    only,
)

CODE = "KF205"
STATE = TensorRef("state")


def decoder(*between: Layer, source: str = "embedding", name: str = "LSTM", **keywords) -> Model:
    keywords = {"initial_state": [STATE, STATE], **keywords}
    layers = (
        given(),
        given("state"),
        embedding(),
        *between,
        called(name, "it", source, config={"reset_after": True}, **keywords),
    )
    return graph(*layers, output="it", inputs=("ids", "state"))


def test_without_a_state_keras_3_passes_the_mask_on() -> None:
    model = graph(given(), embedding(), called("LSTM", "it", "embedding"), output="it")
    assert findings(upgrade(model, TF_2), CODE) == []


def test_without_a_mask_nothing_changes() -> None:
    plain = embedding("plain", masked=False)
    result = upgrade(decoder(plain, source="plain"), TF_2)
    assert findings(result, CODE) == []
    assert "mask" not in call(result.model, "it").kwargs


def test_a_mask_of_its_own_stays() -> None:
    result = upgrade(decoder(mask=TensorRef("state")), TF_2)
    assert findings(result, CODE) == []
    assert call(result.model, "it").kwargs["mask"] == TensorRef("state")


def test_files_of_keras_3_are_not_touched() -> None:
    assert findings(upgrade(decoder(), KERAS_3), CODE) == []


@pytest.mark.parametrize("name", ["LSTM", "GRU", "SimpleRNN", "RNN"])
def test_the_mask_of_an_embedding_is_passed(name: str) -> None:
    result = upgrade(decoder(name=name), TF_2)
    mask = call(result.model, "it").kwargs["mask"]
    node = found(result.model, mask.layer)
    assert (node.class_name, node.module) == ("NotEqual", "keras.src.ops.numpy")
    assert node.calls == (Call((TensorRef("ids"), 0)),)
    assert call(result.model, "it").kwargs["initial_state"] == [STATE, STATE]
    assert only(result, CODE).severity is Severity.SILENT


@pytest.mark.parametrize("through", ["Dropout", "Dense", "BatchNormalization", "LSTM"])
def test_through_layers_that_hand_it_on(through: str) -> None:
    between = called(through, "between", "embedding", config={"return_sequences": True})
    result = upgrade(decoder(between, source="between"), TF_2)
    node = found(result.model, call(result.model, "it").kwargs["mask"].layer)
    assert node.calls == (Call((TensorRef("ids"), 0)),)


@pytest.mark.parametrize("through", ["Conv1D", "Flatten", "LSTM"])
def test_not_through_layers_that_drop_it(through: str) -> None:
    between = called(through, "between", "embedding", config={"data_format": "channels_last"})
    assert findings(upgrade(decoder(between, source="between"), TF_2), CODE) == []


def test_the_mask_of_masking_looks_at_all_features() -> None:
    masking = called("Masking", "masking", "embedding", config={"mask_value": 2.0})
    result = upgrade(decoder(masking, source="masking"), TF_2)
    last = found(result.model, call(result.model, "it").kwargs["mask"].layer)
    first = found(result.model, last.calls[0].args[0].layer)
    assert (last.class_name, last.config["axis"]) == ("Any", -1)
    assert (first.class_name, first.calls[0].args) == ("NotEqual", (TensorRef("embedding"), 2.0))


def test_a_mask_that_leaves_a_nested_model_is_refused() -> None:
    inner = graph(given("x"), embedding("e", "x"), output="e", inputs=("x",))
    between = nested("inner", "ids", inner)
    result = upgrade(decoder(between, source="inner"), TF_2)
    assert only(result, CODE).severity is Severity.REFUSED
    assert "mask" not in call(result.model, "it").kwargs
