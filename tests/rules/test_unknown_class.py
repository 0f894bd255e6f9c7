"""Classes that stock Keras 3 does not have."""

import pytest

from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    ANYWHERE,
    KERAS_3,
    STANDALONE,
    TF_2,
    findings,
    in_graph,
    layer,
    only,
    upgraded,
)

CODE = "KF903"


@pytest.mark.parametrize("name", ["Dense", "LSTM", "Convolution2D", "MultiHeadAttention", "Add"])
def test_stock_layers_pass(name: str) -> None:
    assert findings(upgraded(layer(name), KERAS_3), CODE) == []


@pytest.mark.parametrize("name", ["Add", "NotEqual", "Multiply"])
def test_op_nodes_of_keras_3_pass(name: str) -> None:
    op = Layer("it", name, module="keras.src.ops.numpy")
    assert findings(upgraded(op, KERAS_3), CODE) == []


@pytest.mark.parametrize("custom", ["Mine", "Pack>Mine"])
def test_classes_that_the_user_gives_pass(custom: str) -> None:
    it = Layer("it", "Mine", registered_name="Pack>Mine")
    assert findings(upgrade(in_graph(it), TF_2, custom=[custom]), CODE) == []


@pytest.mark.parametrize("where", ANYWHERE)
@pytest.mark.parametrize("writer", [TF_2, KERAS_3])
def test_classes_of_the_user_need_them(where: str, writer: object) -> None:
    finding = only(upgrade(ANYWHERE[where](layer("Mine")), writer), CODE)
    assert finding.severity is Severity.CUSTOM
    assert "--custom" in finding.remedy


def test_a_registered_class_with_a_stock_name_is_the_user_s() -> None:
    it = Layer("it", "Dense", registered_name="Mine>Dense")
    assert only(upgraded(it), CODE).severity is Severity.CUSTOM


def test_a_stock_name_from_another_module_is_the_user_s() -> None:
    it = Layer("it", "Dense", module="mine.layers")
    assert only(upgraded(it, KERAS_3), CODE).severity is Severity.CUSTOM


@pytest.mark.parametrize("name", ["TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer"])
@pytest.mark.parametrize("where", ANYWHERE)
def test_op_layers_that_no_rule_has_rewritten_are_refused(name: str, where: str) -> None:
    result = upgrade(ANYWHERE[where](layer(name, function="no.such.function")), TF_2)
    assert result.blockers


@pytest.mark.parametrize("name", ["LocallyConnected2D", "RandomFourierFeatures", "DenseFeatures"])
def test_removed_layers_are_refused(name: str) -> None:
    assert only(upgraded(layer(name)), CODE).severity is Severity.REFUSED


@pytest.mark.parametrize("name", ["PeepholeLSTMCell", "SequenceFeatures", "WideDeepModel"])
def test_experimental_classes_of_tensorflow_are_refused_as_removed(name: str) -> None:
    assert only(upgraded(layer(name)), CODE).severity is Severity.REFUSED
    assert only(upgraded(layer(name), STANDALONE), CODE).severity is Severity.CUSTOM


@pytest.mark.parametrize("where", ANYWHERE)
@pytest.mark.parametrize("function", [["4wEAAAA", None, None], "my_function"])
def test_lambdas_are_never_let_through(where: str, function: object) -> None:
    result = upgrade(ANYWHERE[where](layer("Lambda", function=function)), TF_2)
    assert result.blockers


@pytest.mark.parametrize("name", ["TorchModuleWrapper", "TFSMLayer", "JaxLayer", "FlaxLayer"])
@pytest.mark.parametrize("where", ANYWHERE)
def test_carriers_of_foreign_code_are_unsafe(name: str, where: str) -> None:
    finding = only(upgrade(ANYWHERE[where](layer(name)), KERAS_3), CODE)
    assert finding.severity is Severity.UNSAFE


@pytest.mark.parametrize(
    ("name", "library"),
    [("CRF", "keras_contrib"), ("Text>BertEncoder", "tf-models-official"), ("TCN", "keras-tcn")],
)
def test_well_known_classes_are_told_with_their_library(name: str, library: str) -> None:
    finding = only(upgraded(layer(name)), "KF903")
    assert finding.severity is Severity.CUSTOM
    assert library in finding.message
    assert finding.remedy


def test_a_wrapper_of_cells_is_tensorflows_where_it_holds_one() -> None:
    cell = {"class_name": "LSTMCell", "config": {}}
    result = upgrade(in_graph(layer("DropoutWrapper", cell=cell)), TF_2)
    finding = only(result, CODE)
    assert finding.severity is Severity.REFUSED
    assert "when a model predicts" in finding.remedy
    own = upgrade(in_graph(layer("DropoutWrapper", rate=0.5)), TF_2)
    assert only(own, CODE).severity is Severity.CUSTOM
