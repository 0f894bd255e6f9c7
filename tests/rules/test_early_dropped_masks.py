"""Layers that let go of masks in early releases of tf.keras."""

import pytest

from converter.model.description import Call, Layer, TensorRef, Writer
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.graphs import call, embedding, given, graph, masked_before, ops
from tests.rules.upgrading import STANDALONE, TF_1, findings, found, only

CODE = "KF219"
TF_2_4 = Writer((2, 4, 0), True, "tensorflow", "2.4.0")
TF_2_8 = Writer((2, 8, 0), True, "tensorflow", "2.8.0")
TF_2_10 = Writer((2, 10, 0), True, "tensorflow", "2.10.0")


def test_attention_of_later_writers_uses_masks_itself() -> None:
    result = upgrade(masked_before("MultiHeadAttention"), TF_2_10)
    assert findings(result, CODE) == []


@pytest.mark.parametrize("writer", [STANDALONE, TF_2_8], ids=lambda w: w.label)
def test_most_releases_handed_masks_on_through_relu(writer: Writer) -> None:
    assert findings(upgrade(masked_before("ReLU"), writer), CODE) == []


@pytest.mark.parametrize("writer", [TF_1, TF_2_4], ids=lambda w: w.label)
def test_relu_of_early_tf_keras_dropped_them(writer: Writer) -> None:
    result = upgrade(masked_before("ReLU"), writer)
    assert only(result, CODE).severity is Severity.SILENT
    assert call(result.model, "it").args == (TensorRef("it_unmasked_0"),)


def test_a_thresholded_relu_always_handed_them_on() -> None:
    result = upgrade(masked_before("ThresholdedReLU"), TF_2_4)
    assert found(result.model).class_name == "ReLU"
    assert findings(result, CODE) == []


def test_without_masks_nothing_changes() -> None:
    result = upgrade(masked_before("MultiHeadAttention", masked=False), TF_2_8)
    assert findings(result, CODE) == []
    assert ops(result.model) == []


def test_the_mask_is_taken_off_before_the_layer() -> None:
    result = upgrade(masked_before("MultiHeadAttention"), TF_2_8)
    assert only(result, CODE).severity is Severity.SILENT
    assert call(result.model, "it_unmasked_0").args == (TensorRef("between"), 1.0)
    assert call(result.model, "it").args == (TensorRef("it_unmasked_0"),)


@pytest.mark.parametrize("masked", ["query", "value", "key"])
def test_each_tensor_of_an_attention_counts(masked: str) -> None:
    refs = dict.fromkeys(["query", "value", "key"], TensorRef("dense"))
    refs[masked] = TensorRef("embedding")
    attention = Layer(
        "it",
        "MultiHeadAttention",
        calls=(Call((refs["query"],), {"value": refs["value"], "key": refs["key"]}),),
    )
    model = graph(
        given(),
        embedding(),
        embedding("dense", masked=False),
        attention,
        output="it",
    )
    after = call(upgrade(model, TF_2_8).model, "it")
    seen = {"query": after.args[0], **after.kwargs}
    assert seen == {**refs, masked: TensorRef("it_unmasked_0")}
