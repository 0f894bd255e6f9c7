"""MultiHeadAttention that takes the masks off the tensors it is given."""

import pytest

from converter.model.description import Call, Layer, Model, TensorRef, Writer
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.graphs import call, called, embedding, given, graph, nested
from tests.rules.upgrading import KERAS_3, TF_2, findings, found, only

CODE = "KF220"
KERAS_3_4 = Writer((3, 4, 1), False, "tensorflow", "3.4.1")


def attention(query: str, value: str) -> Layer:
    calls = (Call((TensorRef(query), TensorRef(value))),)
    return Layer("it", "MultiHeadAttention", {"dtype": "float32"}, calls=calls)


def block(*, masked: bool = True) -> Model:
    added = called("Add", "sum", "embedding", "it")
    layers = (given(), embedding(masked=masked), attention("embedding", "embedding"), added)
    return graph(*layers, output="sum")


def test_without_a_mask_nothing_changes() -> None:
    result = upgrade(block(masked=False), TF_2)
    assert findings(result, CODE) == []
    assert call(result.model, "it").args == (TensorRef("embedding"), TensorRef("embedding"))


@pytest.mark.parametrize("name", ["Attention", "AdditiveAttention"])
def test_other_attentions_leave_masks_alone(name: str) -> None:
    layers = (given(), embedding(), called(name, "it", "embedding", "embedding"))
    assert findings(upgrade(graph(*layers, output="it"), TF_2), CODE) == []


def test_a_writer_that_took_them_off_itself_is_read_as_it_was() -> None:
    assert findings(upgrade(block(), KERAS_3), CODE) == []


@pytest.mark.parametrize("writer", [TF_2, KERAS_3_4], ids=lambda writer: writer.label)
def test_the_layer_gets_a_tensor_of_its_own(writer: Writer) -> None:
    result = upgrade(block(), writer)
    assert only(result, CODE).severity is Severity.SILENT
    own = found(result.model, "it_masked_0")
    assert (own.class_name, own.config["scale"], own.config["dtype"]) == (
        "Rescaling",
        1.0,
        "float32",
    )
    assert call(result.model, "it_masked_0").args == (TensorRef("embedding"),)
    assert call(result.model, "it").args == (TensorRef("it_masked_0"), TensorRef("it_masked_0"))
    # The sum keeps the tensor whose mask nobody takes off.
    assert call(result.model, "sum").args == ([TensorRef("embedding"), TensorRef("it")],)


def test_a_mask_that_comes_from_around_a_nested_model() -> None:
    inside = graph(given("x"), attention("x", "x"), output="it", inputs=("x",))
    model = graph(given(), embedding(), nested("inner", "embedding", inside), output="inner")
    result = upgrade(model, TF_2)
    assert only(result, CODE).layer == "inner/it"
    inner = found(result.model, "inner").model
    assert inner is not None
    assert call(inner, "it").args == (TensorRef("it_masked_0"), TensorRef("it_masked_0"))
