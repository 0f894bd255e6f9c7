"""Recurrent layers whose sequences have time as the first axis."""

from __future__ import annotations

from dataclasses import replace

import pytest

from converter.model.description import Call, Layer, Model, TensorRef, Writer
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.graphs import called, embedding, given, graph
from tests.rules.upgrading import (
    ANYWHERE,
    TF_2,
    assert_unchanged,
    found,
    in_graph,
    in_sequential,
    layer,
    only,
    upgraded,
)

CODE = "KF241"


def test_layers_that_take_the_samples_first_stay() -> None:
    assert_unchanged(layer("LSTM", units=3, return_sequences=True), CODE)


def _tensor_of(model: Model, ref: TensorRef) -> str:
    """How a tensor came to be, from the layers of a model and back to its input."""
    it = next(each for each in model.layers if each.name == ref.layer)
    if not it.calls:
        return it.name
    (first, *_), output = it.calls[ref.call].args, f".{ref.output}" if ref.output else ""
    return f"{it.class_name}({_tensor_of(model, first)}){output}"


def test_the_last_step_alone_is_swapped_in_front() -> None:
    result = upgraded(layer("LSTM", time_major=True))
    assert only(result, CODE).severity is Severity.BREAKS
    assert _tensor_of(result.model, result.model.outputs) == "LSTM(Swapaxes(given))"
    assert "time_major" not in found(result.model).config


@pytest.mark.parametrize("name", ["LSTM", "RNN", "ConvLSTM2D"])
def test_sequences_are_swapped_back(name: str) -> None:
    model = upgraded(layer(name, time_major=True, return_sequences=True)).model
    assert _tensor_of(model, model.outputs) == f"Swapaxes({name}(Swapaxes(given)))"
    assert found(model).class_name == "Swapaxes"


def test_states_are_not_swapped() -> None:
    it = layer("LSTM", time_major=True, return_sequences=True, return_state=True)
    outputs = [TensorRef("it", 0, 0), TensorRef("it", 0, 2)]
    model = upgrade(replace(in_graph(it), outputs=outputs), TF_2).model
    ways = [_tensor_of(model, ref) for ref in model.outputs]
    assert ways == ["Swapaxes(LSTM(Swapaxes(given)))", "LSTM(Swapaxes(given)).2"]


def test_each_call_and_its_states() -> None:
    first = layer("LSTM", time_major=True, return_sequences=True, return_state=True)
    calls = (
        Call((TensorRef("given"),)),
        Call((TensorRef("it"),), {"initial_state": [TensorRef("it", 0, 1), TensorRef("it", 0, 2)]}),
    )
    model = in_graph(first)
    twice = replace(model.layers[1], calls=calls)
    model = replace(model, layers=(model.layers[0], twice), outputs=TensorRef("it", 1))
    new = upgrade(model, TF_2).model
    way = "Swapaxes(LSTM(Swapaxes(Swapaxes(LSTM(Swapaxes(given))))))"
    assert _tensor_of(new, new.outputs) == way
    (recurrent,) = [each for each in new.layers if each.class_name == "LSTM"]
    states = recurrent.calls[1].kwargs["initial_state"]
    assert [(ref.layer, ref.output) for ref in states] == [(recurrent.name, 1), (recurrent.name, 2)]


def test_directions_that_are_not_joined_are_both_swapped_back() -> None:
    inner = {
        key: layer("LSTM", key, time_major=True, return_sequences=True)
        for key in ("layer", "backward_layer")
    }
    both = Layer("it", "Bidirectional", {"merge_mode": None}, inner=inner)
    outputs = [TensorRef("it", 0, 0), TensorRef("it", 0, 1)]
    model = upgrade(replace(in_graph(both), outputs=outputs), TF_2).model
    ways = [_tensor_of(model, ref) for ref in model.outputs]
    way = "Swapaxes(Bidirectional(Swapaxes(given)))"
    assert ways == [way, way.replace("given))", "given)).1")]
    assert "time_major" not in found(model, "backward_layer").config


@pytest.mark.parametrize("where", ["sequential", "nested graph", "nested sequential"])
def test_wherever_there_is_a_graph(where: str) -> None:
    result = upgrade(ANYWHERE[where](layer("LSTM", time_major=True)), TF_2)
    assert only(result, CODE).severity is Severity.BREAKS
    assert "time_major" not in found(result.model).config


@pytest.mark.parametrize("where", ["time distributed", "twice wrapped"])
def test_wrapped_layers_are_refused(where: str) -> None:
    result = upgrade(ANYWHERE[where](layer("LSTM", time_major=True)), TF_2)
    assert only(result, CODE).severity is Severity.REFUSED


def test_a_sequential_without_its_input_is_refused() -> None:
    model = in_sequential(layer("LSTM", time_major=True))
    result = upgrade(replace(model, layers=model.layers[1:]), TF_2)
    assert only(result, CODE).severity is Severity.REFUSED


@pytest.mark.parametrize("masked", [True, False])
def test_a_mask_is_refused(masked: bool) -> None:
    recurrent = called("LSTM", "it", "embedding", config={"time_major": True})
    model = graph(given(), embedding(masked=masked), recurrent, output="it")
    refused = only(upgrade(model, TF_2), CODE).severity is Severity.REFUSED
    assert refused is masked


def test_a_mask_as_an_argument_is_refused() -> None:
    model = in_graph(layer("LSTM", time_major=True), TensorRef("given"), mask=TensorRef("given"))
    assert only(upgrade(model, TF_2), CODE).severity is Severity.REFUSED


@pytest.mark.parametrize(
    ("version", "severity"), [((2, 3, 0), Severity.REFUSED), ((2, 4, 0), Severity.BREAKS)]
)
def test_early_releases_turned_the_samples_of_both_directions_around(
    version: tuple, severity: Severity
) -> None:
    inner = {
        key: layer("LSTM", key, time_major=True, return_sequences=True)
        for key in ("layer", "backward_layer")
    }
    both = Layer("it", "Bidirectional", {"merge_mode": "concat"}, inner=inner)
    result = upgrade(in_graph(both), Writer(version, True, "tensorflow"))
    assert only(result, CODE).severity is severity
