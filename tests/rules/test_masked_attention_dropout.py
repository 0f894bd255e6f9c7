"""MultiHeadAttention whose rows may be masked altogether."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from converter.model.description import Call, Dataset, Layer, Model, TensorRef, Weight, Writer
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.graphs import embedding, given, graph
from tests.rules.upgrading import KERAS_3, TF_2, findings, found, only

CODE = "KF253"
TF_2_8 = Writer((2, 8, 0), True, "tensorflow", "2.8.0")
KERAS_3_8 = Writer((3, 8, 0), False, "tensorflow", "3.8.0")
MASK = {"attention_mask": TensorRef("mask")}


def attention(*, masked: bool = False, dropout: float = 0.1, **keywords: Any) -> Model:
    config = {"num_heads": 2, "key_dim": 3, "dropout": dropout}
    kwargs = {"value": TensorRef("embedding"), **keywords}
    it = Layer("it", "MultiHeadAttention", config, calls=(Call((TensorRef("embedding"),), kwargs),))
    return graph(
        given(), given("mask"), embedding(masked=masked), it, output="it", inputs=("ids", "mask")
    )


def test_without_masks_nothing_changes() -> None:
    result = upgrade(attention(), TF_2)
    assert findings(result, CODE) == []
    assert found(result.model).config["dropout"] == 0.1


def test_a_causal_mask_alone_masks_no_row() -> None:
    assert findings(upgrade(attention(use_causal_mask=True), TF_2), CODE) == []


def test_without_dropout_nothing_changes() -> None:
    assert findings(upgrade(attention(dropout=0.0, **MASK), TF_2), CODE) == []


def test_the_newest_keras_is_not_touched() -> None:
    assert findings(upgrade(attention(**MASK), KERAS_3), CODE) == []


def test_early_releases_made_no_use_of_masks_of_their_inputs() -> None:
    assert findings(upgrade(attention(masked=True), TF_2_8), CODE) == []


@pytest.mark.parametrize(
    ("model", "writer"),
    [
        (attention(**MASK), TF_2),
        (attention(**MASK), TF_2_8),
        (attention(**MASK), KERAS_3_8),
        (attention(masked=True), TF_2),
        (attention(query_mask=TensorRef("mask")), KERAS_3_8),
    ],
)
def test_the_dropout_goes(model: Model, writer: Writer) -> None:
    result = upgrade(model, writer)
    assert only(result, CODE).severity is Severity.SILENT
    assert "training" in only(result, CODE).remedy
    assert found(result.model).config["dropout"] == 0.0


@pytest.mark.parametrize("writer", [TF_2, KERAS_3_8], ids=lambda w: w.label)
def test_scores_are_written_out(writer: Writer) -> None:
    model = attention(return_attention_scores=True, **MASK)
    *others, it = model.layers
    mask = Layer("mask", "InputLayer", {"batch_shape": [None, 6, 6], "dtype": "bool"})
    others = [mask if each.name == "mask" else each for each in others]
    shapes = [(4, 2, 3), (2, 3)] * 3 + [(2, 3, 4), (4,)]
    weights = [
        Weight(
            "bias" if n % 2 else "kernel", (Dataset(f"w{n}", shape, "float32"),), shape, "float32"
        )
        for n, shape in enumerate(shapes)
    ]
    model = replace(model, layers=(*others, replace(it, weights=tuple(weights))))
    result = upgrade(model, writer)
    assert only(result, CODE).severity is Severity.SILENT
    written = found(result.model)
    assert written.model is not None
    names = [each.class_name for each in written.model.layers]
    assert (names.count("EinsumDense"), names.count("Einsum")) == (4, 2)
    sources = [ref.layer for ref in written.calls[0].args[0]]
    assert sources == ["embedding", "embedding", "embedding", "mask"]
    layers = [embedding() if each.name == "embedding" else each for each in model.layers]
    masked_twice = upgrade(replace(model, layers=tuple(layers)), writer)
    assert only(masked_twice, CODE).severity is Severity.REFUSED


def test_scores_are_refused() -> None:
    model = attention(dropout=0.0, return_attention_scores=True, **MASK)
    assert only(upgrade(model, TF_2), CODE).severity is Severity.REFUSED
