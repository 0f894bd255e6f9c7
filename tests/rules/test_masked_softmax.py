"""Softmax layers with a mask."""

from __future__ import annotations

from typing import Any

import pytest

from converter.model.description import Layer, Model, TensorRef, Writer
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.graphs import call, called, embedding, given, graph, nested, ops
from tests.rules.upgrading import KERAS_3, STANDALONE, TF_2, findings, found, only

CODE = "KF254"
KERAS_3_8 = Writer((3, 8, 0), False, "tensorflow", "3.8.0")
MASK = {"mask": TensorRef("mask")}


def behind_embedding(*, masked: bool = True, axis: int = -1, **keywords: Any) -> Model:
    return graph(
        given(),
        given("mask"),
        embedding(masked=masked),
        called("Softmax", "it", "embedding", config={"axis": axis}, **keywords),
        output="it",
        inputs=("ids", "mask"),
    )


@pytest.mark.parametrize("writer", [STANDALONE, TF_2, KERAS_3], ids=lambda w: w.label)
def test_without_masks_nothing_changes(writer: Writer) -> None:
    assert findings(upgrade(behind_embedding(masked=False), writer), CODE) == []


def test_later_writers_used_masks_that_nobody_passes() -> None:
    assert findings(upgrade(behind_embedding(), TF_2), CODE) == []


def test_the_newest_keras_is_not_touched() -> None:
    assert findings(upgrade(behind_embedding(**MASK), KERAS_3), CODE) == []


def test_an_unused_mask_is_handed_on_by_an_activation() -> None:
    result = upgrade(behind_embedding(), STANDALONE)
    assert only(result, CODE).severity is Severity.SILENT
    it = found(result.model)
    assert (it.class_name, it.config) == ("Activation", {"activation": "softmax"})


def test_another_axis_is_refused_and_left() -> None:
    result = upgrade(behind_embedding(axis=1), STANDALONE)
    assert only(result, CODE).severity is Severity.REFUSED
    assert found(result.model).class_name == "Softmax"


def test_a_mask_from_outside_is_refused() -> None:
    inside = graph(given("x"), called("Softmax", "it", "x"), output="it", inputs=("x",))
    model = graph(given(), embedding(), nested("inner", "embedding", inside), output="inner")
    finding = only(upgrade(model, STANDALONE), CODE)
    assert (finding.severity, finding.layer) == (Severity.REFUSED, "inner/it")


def test_in_a_sequential() -> None:
    layers = (given(), Layer("masking", "Masking"), Layer("it", "Softmax", {"axis": -1}))
    result = upgrade(Model("top", "sequential", layers), STANDALONE)
    assert found(result.model).class_name == "Activation"


@pytest.mark.parametrize("writer", [TF_2, KERAS_3_8], ids=lambda w: w.label)
def test_a_mask_that_is_passed_is_applied_before(writer: Writer) -> None:
    result = upgrade(behind_embedding(masked=False, **MASK), writer)
    assert only(result, CODE).severity is Severity.SILENT
    assert ops(result.model) == ["Where"]
    args = call(result.model, "it_masked_0").args
    assert args == (TensorRef("mask"), TensorRef("embedding"), -1e9)
    after = call(result.model, "it")
    assert (after.args, after.kwargs) == ((TensorRef("it_masked_0"),), {})
