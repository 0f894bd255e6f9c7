"""Shapes stored with MultiHeadAttention."""

import pytest

from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    ANYWHERE,
    KERAS_3,
    TF_2,
    assert_unchanged,
    findings,
    found,
    in_graph,
    layer,
    only,
    upgraded,
)

CODE = "KF122"
SHAPES = ["query_shape", "key_shape", "value_shape"]


@pytest.mark.parametrize("key", SHAPES)
def test_other_layers_stay(key: str) -> None:
    assert_unchanged(layer("Attention", **{key: [None, 4]}), CODE)


def test_robust_masking_is_refused_and_left() -> None:
    it = layer("MultiHeadAttention", softmax_robust_masking=True, query_shape=[None, 4, 3])
    result = upgraded(it)
    assert only(result, CODE).severity is Severity.REFUSED
    assert found(result.model).config == it.config


def test_files_of_keras_3_are_not_touched() -> None:
    it = layer("MultiHeadAttention", query_shape=[None, 4])
    assert findings(upgrade(in_graph(it), KERAS_3), CODE) == []


@pytest.mark.parametrize("where", ["graph", "nested graph"])
@pytest.mark.parametrize("key", [*SHAPES, "softmax_robust_masking"])
def test_removed(key: str, where: str) -> None:
    it = layer("MultiHeadAttention", num_heads=2, **{key: False if "soft" in key else [None, 4]})
    result = upgrade(ANYWHERE[where](it), TF_2)
    assert found(result.model).config == {"num_heads": 2}
    assert only(result, CODE).severity is Severity.BREAKS
