"""``kernel_*`` on convolutions that have no such kernel."""

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

CODE = "KF114"
CLASSES = ["DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D"]
KEYS = ["kernel_initializer", "kernel_regularizer", "kernel_constraint"]


@pytest.mark.parametrize("name", ["Conv1D", "Conv2D", "Dense", "Conv2DTranspose", "LSTM"])
@pytest.mark.parametrize("key", KEYS)
def test_layers_that_have_a_kernel_keep_them(name: str, key: str) -> None:
    assert_unchanged(layer(name, **{key: None, "data_format": "channels_last"}), CODE)


@pytest.mark.parametrize("name", CLASSES)
def test_the_arguments_of_their_own_kernels_stay(name: str) -> None:
    config = {"depthwise_initializer": None, "pointwise_regularizer": None}
    assert_unchanged(layer(name, **config, data_format="channels_last"), CODE)


@pytest.mark.parametrize("name", CLASSES)
def test_files_of_keras_3_are_not_touched(name: str) -> None:
    result = upgrade(in_graph(layer(name, kernel_initializer=None)), KERAS_3)
    assert findings(result, CODE) == []


@pytest.mark.parametrize("where", ANYWHERE)
@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("key", KEYS)
def test_whatever_they_hold_is_removed(name: str, key: str, where: str) -> None:
    it = layer(name, data_format="channels_last", **{key: {"class_name": "L2", "config": {}}})
    result = upgrade(ANYWHERE[where](it), TF_2)
    assert dict(found(result.model).config) == {"data_format": "channels_last"}
    assert only(result, CODE).severity is Severity.BREAKS
    assert key in only(result, CODE).message


def test_all_three_make_one_finding() -> None:
    result = upgraded(layer("SeparableConv2D", **dict.fromkeys(KEYS)))
    assert sorted(edit.key for edit in only(result, CODE).edits) == sorted(KEYS)
