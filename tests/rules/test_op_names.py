"""Layers that bear the names of ops."""

import pytest

from converter.model.description import Model, TensorRef
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.graphs import call, called, embedding, given, graph
from tests.rules.upgrading import (
    KERAS_3,
    TF_2,
    findings,
    found,
    only,
)

CODE = "KF302"
NAMES = ["concatenate", "concatenate_1", "any", "not_equal_12", "logical_or", "ones_like", "cast"]


def model(name: str, masked: bool = True) -> Model:
    layers = (given(), embedding(masked=masked), called("Dense", name, "embedding"))
    return graph(*layers, called("LSTM", "lstm", name), output="lstm")


@pytest.mark.parametrize("name", ["dense", "concatenate_a", "my_any", "any1", "add"])
def test_other_names_stay(name: str) -> None:
    result = upgrade(model(name), TF_2)
    assert findings(result, CODE) == []
    assert found(result.model, name).class_name == "Dense"


@pytest.mark.parametrize("name", NAMES)
def test_without_masks_they_stay(name: str) -> None:
    assert findings(upgrade(model(name, masked=False), TF_2), CODE) == []


@pytest.mark.parametrize("name", NAMES)
def test_files_of_keras_3_are_not_touched(name: str) -> None:
    assert findings(upgrade(model(name), KERAS_3), CODE) == []


@pytest.mark.parametrize("name", NAMES)
def test_renamed_with_every_reference(name: str) -> None:
    result = upgrade(model(name), TF_2)
    assert found(result.model, f"{name}_layer").class_name == "Dense"
    assert call(result.model, "lstm").args == (TensorRef(f"{name}_layer"),)
    assert only(result, CODE).severity is Severity.BREAKS


@pytest.mark.parametrize("taken", ["any_layer", "any_layer_1"])
def test_a_name_that_is_taken_is_not_given_again(taken: str) -> None:
    before = model("any")
    layers = (*before.layers, called("Dense", "any_layer", "embedding"))
    layers = (*layers, called("Dense", "any_layer_1", "embedding"))
    result = upgrade(graph(*layers, output="lstm"), TF_2)
    names = [each.name for each in result.model.layers]
    assert taken in names
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", ["multiply", "multiply_3", "floor_divide"])
def test_ops_that_rules_put_in(name: str) -> None:
    average = called("GlobalAveragePooling1D", "average", name)
    result = upgrade(
        graph(given(), called("Flatten", name, "ids"), average, output="average"), TF_2
    )
    assert only(result, CODE).severity is Severity.BREAKS
    assert found(result.model, f"{name}_layer").class_name == "Flatten"
    assert call(result.model, "average_ones").args == (TensorRef(f"{name}_layer"),)
