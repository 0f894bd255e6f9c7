"""CategoryEncoding in the words of TensorFlow 2.3 to 2.5."""

import numpy as np
import pytest

from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    ANYWHERE,
    TF_2,
    assert_unchanged,
    found,
    layer,
    only,
    upgraded,
    value,
    with_weights,
)

CODE = "KF127"


@pytest.mark.parametrize("mode", ["multi_hot", "one_hot", "count"])
def test_words_of_today_stay(mode: str) -> None:
    assert_unchanged(layer("CategoryEncoding", num_tokens=9, output_mode=mode), CODE)


def test_other_layers_keep_max_tokens() -> None:
    assert_unchanged(layer("IntegerLookup", max_tokens=9), CODE)


@pytest.mark.parametrize(
    "config",
    [{"max_tokens": None}, {"max_tokens": 9, "output_mode": "tf-idf"}],
)
def test_what_was_learned_and_is_not_in_the_file_is_refused(config: dict) -> None:
    result = upgraded(layer("CategoryEncoding", **config))
    assert only(result, CODE).severity is Severity.REFUSED
    assert found(result.model).config == config


def test_counts_are_weighed() -> None:
    idf = np.array([0.5, 1.5], "float32")
    it = layer("CategoryEncoding", max_tokens=2, output_mode="tf-idf")
    it, stored = with_weights(it, idf_weights=idf)
    graph = found(upgraded(it).model).model
    assert graph is not None
    assert [each.class_name for each in graph.layers[1:]] == ["OneHot", "Sum", "EinsumDense"]
    (kernel,) = graph.layers[-1].weights
    assert value(kernel, stored).tolist() == [0.5, 1.5]


def test_another_number_of_weights_is_refused() -> None:
    it = layer("CategoryEncoding", max_tokens=3, output_mode="tf-idf")
    it, _ = with_weights(it, idf_weights=np.ones(2, "float32"))
    assert only(upgraded(it), CODE).severity is Severity.REFUSED


@pytest.mark.parametrize("where", ANYWHERE)
@pytest.mark.parametrize(("old", "new"), [("binary", "multi_hot"), ("count", "count")])
def test_renamed(old: str, new: str, where: str) -> None:
    it = layer("CategoryEncoding", max_tokens=9, output_mode=old)
    result = upgrade(ANYWHERE[where](it), TF_2)
    assert found(result.model).config == {"num_tokens": 9, "output_mode": new}
    assert only(result, CODE).severity is Severity.BREAKS
