"""One-hot encodings of one column."""

from __future__ import annotations

from typing import Any

import pytest

from converter.model.description import Call, Layer, Model, TensorRef, Writer
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import KERAS_3, TF_2, findings, found, only

CODE = "KF258"
KERAS_3_0 = Writer((3, 0, 5), False, "tensorflow", "3.0.5")


def bins(rank: int | None = 2, mode: str = "one_hot", **config: Any) -> Model:
    given = Layer("given", "InputLayer", {"batch_shape": [None] * rank if rank else None})
    config = {"bin_boundaries": [0.0, 1.0], "output_mode": mode, **config}
    it = Layer("it", "Discretization", config, calls=(Call((TensorRef("given"),)),))
    return Model("top", "functional", (given, it), TensorRef("given"), TensorRef("it"))


@pytest.mark.parametrize("mode", ["int", "multi_hot", "count"])
def test_other_modes_stay(mode: str) -> None:
    assert findings(upgrade(bins(mode=mode), KERAS_3_0), CODE) == []


@pytest.mark.parametrize("writer", [TF_2, KERAS_3], ids=lambda w: w.label)
def test_other_writers_left_the_column_out(writer: Writer) -> None:
    assert findings(upgrade(bins(), writer), CODE) == []


def test_a_reshape_brings_the_axis_back() -> None:
    result = upgrade(bins(), KERAS_3_0)
    assert only(result, CODE).severity is Severity.SILENT
    assert found(result.model, "it_bins").class_name == "Discretization"
    it = found(result.model)
    assert (it.class_name, it.config["target_shape"]) == ("Reshape", [-1, 3])
    assert it.calls[0].args == (TensorRef("it_bins"),)


@pytest.mark.parametrize("rank", [1, 3, None])
def test_other_ranks_are_refused(rank: int | None) -> None:
    assert only(upgrade(bins(rank), KERAS_3_0), CODE).severity is Severity.REFUSED
