"""Layers that let go of masks in Keras 2."""

import pytest

from converter.model.description import Layer, Model, TensorRef, Writer
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.graphs import call, called, embedding, given, graph, masked_before, nested, ops
from tests.rules.upgrading import (
    KERAS_3,
    TF_2,
    findings,
    found,
    layer,
    only,
)

CODE = "KF213"
TF_2_8 = Writer((2, 8, 0), True, "tensorflow", "2.8.0")
ALWAYS = ["Identity", "Rescaling", "Normalization"]


@pytest.mark.parametrize("name", ALWAYS)
def test_without_masks_nothing_changes(name: str) -> None:
    result = upgrade(masked_before(name, masked=False), TF_2_8)
    assert findings(result, CODE) == []
    assert ops(result.model) == []


@pytest.mark.parametrize("name", ALWAYS)
def test_behind_a_layer_that_drops_masks_nothing_changes(name: str) -> None:
    assert findings(upgrade(masked_before(name, between="Conv1D"), TF_2_8), CODE) == []


@pytest.mark.parametrize("name", ["Dense", "Dropout", "BatchNormalization", "LayerNormalization"])
def test_layers_that_always_handed_masks_on_stay(name: str) -> None:
    result = upgrade(masked_before(name), TF_2)
    assert findings(result, CODE) == []
    assert call(result.model, "it").args == (TensorRef("between"),)


@pytest.mark.parametrize("name", ALWAYS)
def test_files_of_keras_3_are_not_touched(name: str) -> None:
    assert findings(upgrade(masked_before(name), KERAS_3), CODE) == []


@pytest.mark.parametrize("name", ALWAYS)
def test_the_mask_is_taken_off_before_the_layer(name: str) -> None:
    result = upgrade(masked_before(name), TF_2_8)
    assert only(result, CODE).severity is Severity.SILENT
    assert ops(result.model) == ["Multiply"]
    assert call(result.model, "it_unmasked_0").args == (TensorRef("between"), 1.0)
    assert call(result.model, "it").args == (TensorRef("it_unmasked_0"),)
    # Others still get the masked tensor.
    assert call(result.model, "between").args == (TensorRef("embedding"),)


def test_layers_that_other_rules_put_in_keep_their_masks() -> None:
    """A hard_sigmoid becomes Rescaling and ReLU, which have to hand on what Activation did."""
    model = graph(
        given(),
        given("state"),
        embedding(),
        called("Activation", "it", "embedding", config={"activation": "hard_sigmoid"}),
        called("LSTM", "lstm", "it", initial_state=[TensorRef("state"), TensorRef("state")]),
        output="lstm",
        inputs=("ids", "state"),
    )
    result = upgrade(model, TF_2)
    assert findings(result, CODE) == []
    assert found(result.model, "it_rescaling").class_name == "Rescaling"
    assert call(result.model, "lstm").kwargs["mask"].layer


@pytest.mark.parametrize("name", ALWAYS)
def test_a_sequential_becomes_a_graph(name: str) -> None:
    layers = (given(), Layer("masking", "Masking"), layer(name), layer("LSTM", "lstm", units=3))
    result = upgrade(Model("top", "sequential", layers), TF_2)
    assert result.model.kind == "functional"
    assert call(result.model, "it").args == (TensorRef("it_unmasked_0"),)


def test_inside_a_nested_graph() -> None:
    inner = masked_before("Rescaling")
    model = graph(given(), nested("inner", "ids", inner), output="inner")
    result = upgrade(model, TF_2)
    assert ops(found(result.model, "inner").model) == ["Multiply"]
    assert only(result, CODE).severity is Severity.SILENT


def from_outside(inside: Model) -> Model:
    return graph(given(), embedding(), nested("inner", "embedding", inside), output="inner")


def test_a_mask_from_outside_a_nested_graph_is_taken_off_inside() -> None:
    inside = graph(given("x"), called("Rescaling", "it", "x"), output="it", inputs=("x",))
    result = upgrade(from_outside(inside), TF_2)
    finding = only(result, CODE)
    assert (finding.severity, finding.layer) == (Severity.SILENT, "inner/it")
    assert ops(found(result.model, "inner").model) == ["Multiply"]


def test_a_mask_from_outside_a_nested_sequential_is_refused() -> None:
    layers = (given("x"), layer("Rescaling", "it"))
    finding = only(upgrade(from_outside(Model("inner", "sequential", layers)), TF_2), CODE)
    assert (finding.severity, finding.layer) == (Severity.REFUSED, "inner/it")
