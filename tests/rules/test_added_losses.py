"""Losses and metrics in a graph."""

from converter.model.description import Layer, Model, TensorRef
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.graphs import called
from tests.rules.upgrading import KERAS_3, TF_2, assert_unchanged, findings, found, layer, only

CODE = "KF234"


def model(*layers: Layer, output: str = "dense") -> Model:
    given = Layer("given", "InputLayer", {"batch_shape": [None, 4]})
    dense = called("Dense", "dense", "given", config={"units": 3})
    return Model(
        "top", "functional", (given, dense, *layers), TensorRef("given"), TensorRef(output)
    )


LOSS = (called("Activation", "square", "dense"), called("AddLoss", "loss", "square"))


def test_a_graph_without_them_stays() -> None:
    assert_unchanged(layer("Dense", units=4), CODE)
    unused = model(called("Activation", "beside", "dense", config={"activation": "relu"}))
    result = upgrade(unused, TF_2)
    assert findings(result, CODE) == []
    assert found(result.model, "beside")


def test_files_of_keras_3_are_not_touched() -> None:
    assert findings(upgrade(model(*LOSS), KERAS_3), CODE) == []


def test_they_are_left_out_with_what_only_they_need() -> None:
    result = upgrade(model(*LOSS), TF_2)
    assert only(result, CODE).severity is Severity.BREAKS
    assert [each.name for each in result.model.layers] == ["given", "dense"]


def test_one_that_an_output_is_behind_hands_its_input_on() -> None:
    metric = called("AddMetric", "metric", "dense", config={"aggregation": "mean"})
    result = upgrade(model(metric, output="metric"), TF_2)
    assert found(result.model, "metric").class_name == "Identity"
    assert "aggregation" not in found(result.model, "metric").config
