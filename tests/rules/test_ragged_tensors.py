"""Ragged tensors on their way through a model."""

from __future__ import annotations

import pytest

from converter.model.description import Call, Layer, Model, TensorRef, Writer
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.graphs import bidirectional, call, called, embedding, graph, nested, ops
from tests.rules.upgrading import KERAS_3, TF_2, findings, found

CODE = "KF312"


def given(name: str = "ids", *, ragged: bool = True) -> Layer:
    config = {"batch_shape": [None, None], "dtype": "int32", "ragged": ragged}
    return Layer(name, "InputLayer", config)


def behind(*layers: Layer, ragged: bool = True) -> Model:
    """Layers behind an embedding of ragged ids; the last one is the output."""
    return graph(given(ragged=ragged), embedding(masked=False), *layers, output=layers[-1].name)


def lstm(name: str = "lstm", source: str = "embedding", **config: object) -> Layer:
    return called("LSTM", name, source, config={"units": 2, **config})


@pytest.mark.parametrize(
    "layer",
    [
        called("GlobalAveragePooling1D", "it", "embedding"),
        called("GlobalMaxPooling1D", "it", "embedding"),
        called("Dropout", "it", "embedding", config={"rate": 0.5}),
        called("Activation", "it", "embedding", config={"activation": "tanh"}),
        called("Add", "it", "embedding", "embedding"),
    ],
    ids=lambda layer: layer.class_name,
)
def test_what_keras_3_computes_with_stays(layer: Layer) -> None:
    model = behind(layer)
    result = upgrade(model, TF_2)
    assert findings(result, CODE) == []
    assert ops(result.model) == []
    assert found(result.model, "ids").config["ragged"]


def test_whole_arrays_are_not_touched() -> None:
    assert findings(upgrade(behind(lstm(), ragged=False), TF_2), CODE) == []


def test_files_of_keras_3_are_not_touched() -> None:
    assert findings(upgrade(behind(lstm()), KERAS_3), CODE) == []


@pytest.mark.parametrize("name", ["LSTM", "GRU", "SimpleRNN"])
def test_a_recurrent_layer_gets_filled_rows_and_a_mask(name: str) -> None:
    result = upgrade(behind(called(name, "it", "embedding", config={"units": 2})), TF_2)
    (finding,) = findings(result, CODE)
    assert (finding.severity, finding.layer) == (Severity.BREAKS, "it")
    changed = call(result.model, "it")
    filled = found(result.model, changed.args[0].layer)
    assert (filled.class_name, filled.module) == ("ConvertToTensor", "keras.src.ops.core")
    assert filled.config["ragged"] is False
    assert filled.calls[0].args == (TensorRef("embedding"),)
    assert found(result.model, changed.kwargs["mask"].layer).class_name == "Any"


def test_bidirectional_gets_them_too() -> None:
    model = behind(bidirectional("it", "embedding", {"units": 2}))
    result = upgrade(model, TF_2)
    assert len(findings(result, CODE)) == 1
    assert "mask" in call(result.model, "it").kwargs


def test_rows_are_filled_up_once() -> None:
    """For two layers on one tensor, and along a chain."""
    model = behind(lstm("a", return_sequences=True), lstm("b", "a"), lstm("c"))
    result = upgrade(model, TF_2)
    assert len(findings(result, CODE)) == 3
    assert ops(result.model).count("ConvertToTensor") == 2
    masks = {call(result.model, name).kwargs["mask"] for name in "abc"}
    assert len(masks) == 1
    assert call(result.model, "b").args == (TensorRef("a"),)


def test_an_average_behind_leaves_out_what_was_filled_up() -> None:
    model = behind(lstm(return_sequences=True), called("GlobalAveragePooling1D", "it", "lstm"))
    result = upgrade(model, TF_2)
    assert call(result.model, "it").kwargs["mask"] == call(result.model, "lstm").kwargs["mask"]


def test_dense_works_on_filled_rows() -> None:
    model = behind(called("Dense", "dense", "embedding", config={"units": 2}), lstm("it", "dense"))
    result = upgrade(model, TF_2)
    assert "mask" not in call(result.model, "dense").kwargs
    assert "mask" in call(result.model, "it").kwargs


def test_a_sequential_becomes_a_graph() -> None:
    layers = [
        given(),
        *(
            Layer(each.name, each.class_name, each.config)
            for each in (embedding(masked=False), lstm("it"))
        ),
    ]
    result = upgrade(Model("top", "sequential", tuple(layers)), TF_2)
    assert result.model.kind == "functional"
    assert "mask" in call(result.model, "it").kwargs


def test_vectorized_text_may_be_ragged() -> None:
    text = Layer("text", "InputLayer", {"batch_shape": [None, 1], "dtype": "string"})
    words = called(
        "TextVectorization", "words", "text", config={"ragged": True, "vocabulary": ["a"]}
    )
    model = graph(
        *(text, words, embedding(source="words", masked=False), lstm("it")),
        output="it",
        inputs=("text",),
    )
    assert "mask" in call(upgrade(model, TF_2).model, "it").kwargs


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (
            [lstm(return_sequences=True), called("GlobalMaxPooling1D", "it", "lstm")],
            "would count",
        ),
        ([called("Conv1D", "it", "embedding")], "no layer"),
        ([called("Activation", "it", "embedding", config={"activation": "softmax"})], "no layer"),
        ([lstm("it", return_sequences=True)], "ragged again"),
        ([bidirectional("it", "embedding", {"return_sequences": True})], "ragged again"),
        ([lstm("it", stateful=True)], "a state already"),
    ],
)
def test_what_is_refused(layers: list[Layer], message: str) -> None:
    result = upgrade(behind(*layers), TF_2)
    (finding,) = findings(result, CODE)
    assert finding.severity is Severity.REFUSED
    assert finding.layer == "it"
    assert message in finding.message


def test_nested_models_are_refused() -> None:
    inner = graph(given("inside"), embedding("low", "inside", masked=False), output="low")
    model = graph(given(), nested("it", "ids", inner), output="it")
    (finding,) = findings(upgrade(model, TF_2), CODE)
    assert (finding.severity, finding.layer) == (Severity.REFUSED, "it")


def test_a_mask_of_its_own_is_refused() -> None:
    mask = Layer("mask", "InputLayer", {"batch_shape": [None, None], "dtype": "bool"})
    it = Layer(
        "it", "LSTM", {}, calls=(Call((TensorRef("embedding"),), {"mask": TensorRef("mask")}),)
    )
    model = graph(given(), mask, embedding(masked=False), it, output="it", inputs=("ids", "mask"))
    (finding,) = findings(upgrade(model, Writer((2, 8, 0), True)), CODE)
    assert finding.severity is Severity.REFUSED
