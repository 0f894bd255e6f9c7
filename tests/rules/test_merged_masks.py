"""Masks that meet in a merge layer."""

import pytest

from converter.model.description import Model, TensorRef, Writer
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

CODE = "KF208"
KERAS_3_3 = Writer((3, 3, 3), False, "tensorflow", "3.3.3")
MERGES = ["Add", "Multiply", "Average", "Maximum", "Minimum", "Subtract", "Concatenate"]


def model(
    merge: str, *, both: bool = False, user: str = "LSTM", source: str = "other_ids", **config
) -> Model:
    return graph(
        given(),
        given("other_ids"),
        embedding(),
        embedding("other", source, masked=both),
        called(merge, "merge", "embedding", "other", config={"axis": -1}),
        called(user, "it", "merge", config=config),
        output="it",
        inputs=("ids", "other_ids"),
    )


def made_of(after: Model) -> list[str]:
    """The inputs that the explicit mask is computed from."""
    waiting, seen = [call(after, "it").kwargs["mask"].layer], []
    while waiting:
        node = found(after, waiting.pop())
        if node.module.startswith("keras.src.ops"):
            waiting += [ref.layer for ref in node.calls[0].args if isinstance(ref, TensorRef)]
        else:
            seen.append(node.name)
    return sorted(seen)


@pytest.mark.parametrize("merge", MERGES)
def test_equal_masks_stay(merge: str) -> None:
    result = upgrade(model(merge, both=True, source="ids"), TF_2)
    assert findings(result, CODE) == []
    assert "mask" not in call(result.model, "it").kwargs


@pytest.mark.parametrize("user", ["Dense", "Conv1D", "Flatten"])
def test_masks_that_nobody_uses_stay(user: str) -> None:
    result = upgrade(model("Add", user=user, data_format="channels_last"), TF_2)
    assert findings(result, CODE) == []


@pytest.mark.parametrize("merge", MERGES)
def test_files_of_keras_3_are_not_touched(merge: str) -> None:
    assert findings(upgrade(model(merge), KERAS_3), CODE) == []


@pytest.mark.parametrize("merge", MERGES)
def test_a_single_mask_is_passed_explicitly(merge: str) -> None:
    result = upgrade(model(merge), TF_2)
    assert only(result, CODE).severity is Severity.SILENT
    assert made_of(result.model) == ["ids"]


@pytest.mark.parametrize("merge", MERGES)
def test_of_two_masks_both_have_to_hold(merge: str) -> None:
    result = upgrade(model(merge, both=True), TF_2)
    assert made_of(result.model) == ["ids", "other_ids"]
    last = found(result.model, call(result.model, "it").kwargs["mask"].layer)
    assert last.class_name == "LogicalAnd"


def test_attention_cannot_be_given_the_mask_so_it_is_refused() -> None:
    assert only(upgrade(model("Add", user="MultiHeadAttention"), TF_2), CODE).severity is (
        Severity.REFUSED
    )


def test_keras_3_3_lost_such_masks() -> None:
    result = upgrade(model("Add", both=True, source="ids"), KERAS_3_3)
    last = found(result.model, call(result.model, "it").kwargs["mask"].layer)
    assert last.class_name == "OnesLike"
