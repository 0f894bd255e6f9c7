"""Bidirectional layers over a mask."""

import pytest

from converter.model.description import Call, Layer, Model, TensorRef, Writer
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.graphs import bidirectional, call, called, embedding, given, graph, nested
from tests.rules.upgrading import (
    KERAS_3,
    STANDALONE,
    TF_2,
    findings,
    found,
    only,
)

CODE = "KF204"
SEQUENCES = {"units": 3, "return_sequences": True}


def model(inner: dict, masked: bool = True, **config: object) -> Model:
    return graph(
        given(),
        embedding(masked=masked),
        bidirectional("it", "embedding", inner, **config),
        called("Dense", "dense", "it"),
        output="dense",
    )


@pytest.mark.parametrize(
    ("changed", "writer"),
    [
        (model(SEQUENCES, masked=False), STANDALONE),
        (model({"units": 3}), STANDALONE),
        (model(SEQUENCES), TF_2),
        (model({**SEQUENCES, "zero_output_for_mask": True}), TF_2),
        (model(SEQUENCES), KERAS_3),
    ],
    ids=["no mask", "last output", "tf.keras", "tf.keras says so", "Keras 3"],
)
def test_what_keras_3_does_alike_stays(changed: Model, writer: Writer) -> None:
    result = upgrade(changed, writer)
    assert findings(result, CODE) == []
    assert found(result.model).class_name == "Bidirectional"


@pytest.mark.parametrize("mode", [None])
def test_two_outputs_are_refused_and_left(mode: object) -> None:
    result = upgrade(model(SEQUENCES, merge_mode=mode), STANDALONE)
    assert only(result, CODE).severity is Severity.REFUSED
    assert found(result.model).class_name == "Bidirectional"


def test_states_are_refused() -> None:
    result = upgrade(model({**SEQUENCES, "return_state": True}), STANDALONE)
    assert only(result, CODE).severity is Severity.REFUSED


@pytest.mark.parametrize(
    ("mode", "merge"),
    [("concat", "Concatenate"), ("sum", "Add"), ("mul", "Multiply"), ("ave", "Average")],
)
def test_written_as_two_layers_and_their_merge(mode: str, merge: str) -> None:
    result = upgrade(model(SEQUENCES, merge_mode=mode), STANDALONE)
    assert only(result, CODE).severity is Severity.SILENT
    it = found(result.model)
    assert it.class_name == merge
    forward, turned = (ref.layer for ref in it.calls[0].args[0])
    flip = found(result.model, turned)
    assert (flip.class_name, flip.config) == ("Flip", {"axis": 1})
    (backward,) = (ref.layer for ref in flip.calls[0].args)
    for name, backwards in ((forward, None), (backward, True)):
        half = found(result.model, name)
        assert half.config.get("go_backwards") is backwards
        assert half.calls == (Call((TensorRef("embedding"),)),)
    assert call(result.model, "dense").args == (TensorRef("it"),)


def test_a_sequential_becomes_a_graph() -> None:
    inside = bidirectional("it", "ids", SEQUENCES)
    it = Layer("it", "Bidirectional", inside.config, inner=inside.inner)
    layers = (given(), Layer("masking", "Masking"), it)
    result = upgrade(Model("top", "sequential", layers), STANDALONE)
    assert result.model.kind == "functional"
    assert found(result.model).class_name == "Concatenate"


def test_inside_a_nested_model_it_is_refused() -> None:
    outside = graph(given(), nested("inner", "ids", model(SEQUENCES)), output="inner")
    assert only(upgrade(outside, STANDALONE), CODE).severity is Severity.REFUSED
