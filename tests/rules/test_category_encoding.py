"""CategoryEncoding in the words of TensorFlow 2.3 to 2.5."""

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
def test_what_was_learned_is_refused_and_left(config: dict) -> None:
    result = upgraded(layer("CategoryEncoding", **config))
    assert only(result, CODE).severity is Severity.REFUSED
    assert found(result.model).config == config


@pytest.mark.parametrize("where", ANYWHERE)
@pytest.mark.parametrize(("old", "new"), [("binary", "multi_hot"), ("count", "count")])
def test_renamed(old: str, new: str, where: str) -> None:
    it = layer("CategoryEncoding", max_tokens=9, output_mode=old)
    result = upgrade(ANYWHERE[where](it), TF_2)
    assert found(result.model).config == {"num_tokens": 9, "output_mode": new}
    assert only(result, CODE).severity is Severity.BREAKS
