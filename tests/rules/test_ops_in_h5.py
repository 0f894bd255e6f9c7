"""Op nodes in .h5 files of Keras 3."""

from dataclasses import replace

import pytest

from converter.model.description import Layer, Model
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import KERAS_3, findings, found, in_graph, layer, only

CODE = "KF311"


def node(class_name: str, *, legacy: bool = True) -> Layer:
    return replace(layer(class_name), module="keras.src.ops.numpy", legacy=legacy)


def test_ops_of_archives_stay() -> None:
    assert findings(upgrade(in_graph(node("NotEqual", legacy=False), 0), KERAS_3), CODE) == []


def test_layers_in_h5_files_stay() -> None:
    it = replace(layer("Activation", activation="relu"), legacy=True)
    assert findings(upgrade(in_graph(it), KERAS_3), CODE) == []


@pytest.mark.parametrize("name", ["Concatenate", "Softmax"])
def test_ops_that_are_read_as_equal_layers_stay(name: str) -> None:
    assert findings(upgrade(in_graph(node(name)), KERAS_3), CODE) == []


@pytest.mark.parametrize("name", ["NotEqual", "Add", "Cast"])
def test_other_ops_are_reported_and_kept(name: str) -> None:
    result = upgrade(in_graph(node(name)), KERAS_3)
    assert only(result, CODE).severity is Severity.BREAKS
    assert name in only(result, CODE).message
    assert found(result.model).module == "keras.src.ops.numpy"


def test_one_finding_names_all_nodes_of_a_graph() -> None:
    graph = in_graph(node("NotEqual"))
    both = (*graph.layers, replace(graph.layers[1], name="other", class_name="Cast"))
    model = Model("top", "functional", both, graph.inputs, graph.outputs)
    assert "Cast, NotEqual" in only(upgrade(model, KERAS_3), CODE).message
