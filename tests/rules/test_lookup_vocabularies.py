"""Vocabularies of lookup layers."""

import pytest

from converter.model.description import Writer
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import ANYWHERE, KERAS_3, TF_2, assert_unchanged, found, layer, only

CODE = "KF143"
TF_2_1 = Writer((2, 2, 4), True, "tensorflow", "2.2.4-tf")
TF_2_4 = Writer((2, 4, 0), True, "tensorflow", "2.4.0")
TF_2_5 = Writer((2, 5, 0), True, "tensorflow", "2.5.0")
LOOKUPS = ["IntegerLookup", "StringLookup", "TextVectorization"]


@pytest.mark.parametrize("writer", [TF_2, KERAS_3])
def test_words_of_today_stay(writer: Writer) -> None:
    it = layer("StringLookup", vocabulary=["a", "b"], output_mode="int", max_tokens=9)
    assert_unchanged(it, CODE, writer)


def test_other_layers_need_no_vocabulary() -> None:
    assert_unchanged(layer("Hashing", num_bins=3, mask_value=0), CODE)


@pytest.mark.parametrize("name", LOOKUPS)
@pytest.mark.parametrize("where", ANYWHERE)
def test_without_a_vocabulary_the_option_is_named(name: str, where: str) -> None:
    for config in ({}, {"vocabulary": None}, {"vocabulary": []}):
        finding = only(upgrade(ANYWHERE[where](layer(name, **config)), TF_2), CODE)
        assert finding.severity is Severity.REFUSED
        assert f"--vocabulary {finding.layer}=" in finding.remedy


def test_a_path_is_never_followed() -> None:
    result = upgrade(ANYWHERE["graph"](layer("StringLookup", vocabulary="/etc/words")), KERAS_3)
    finding = only(result, CODE)
    assert finding.severity is Severity.REFUSED
    assert "/etc/words" in finding.message
    assert found(result.model).config == {"vocabulary": "/etc/words"}


def test_words_of_tensorflow_2_4() -> None:
    config = {"max_values": 9, "mask_value": 0, "oov_value": -1, "num_oov_indices": 1}
    it = layer("IntegerLookup", vocabulary=[3, 7], **config)
    result = upgrade(ANYWHERE["graph"](it), TF_2_4)
    assert dict(found(result.model).config) == {
        "vocabulary": [3, 7],
        "max_tokens": 9,
        "mask_token": 0,
        "oov_token": -1,
        "num_oov_indices": 1,
    }


@pytest.mark.parametrize(("old", "new"), [("binary", "multi_hot"), ("count", "count")])
def test_modes_of_tensorflow_2_5(old: str, new: str) -> None:
    it = layer("TextVectorization", vocabulary=["a"], output_mode=old, pad_to_max_tokens=True)
    config = found(upgrade(ANYWHERE["graph"](it), TF_2_5).model, "it_counts").config
    assert (config["output_mode"], config["pad_to_max_tokens"]) == (new, False)


@pytest.mark.parametrize(("writer", "count"), [(TF_2_4, 0), (TF_2_5, 1)])
def test_back_from_indices_none_was_of_unknown_words_at_first(writer: Writer, count: int) -> None:
    it = layer("StringLookup", vocabulary=["a"], invert=True, num_oov_indices=1, mask_token="")
    config = found(upgrade(ANYWHERE["graph"](it), writer).model).config
    assert config["num_oov_indices"] == count


@pytest.mark.parametrize(
    ("writer", "config"),
    [
        (TF_2_1, {"output_mode": "count"}),
        (TF_2_4, {"num_oov_indices": 2}),
        (TF_2, {"output_mode": "tf_idf"}),
        (KERAS_3, {"output_mode": "tf_idf", "idf_weights": None}),
    ],
)
def test_what_would_be_otherwise_is_refused(writer: Writer, config: dict) -> None:
    it = layer("StringLookup", vocabulary=["a"], **config)
    assert only(upgrade(ANYWHERE["graph"](it), writer), CODE).severity is Severity.REFUSED


def test_weights_of_words_get_those_of_unknown_ones_in_front() -> None:
    said = {"output_mode": "tf_idf", "idf_weights": [1.0, 2.0], "num_oov_indices": 2}
    it = layer("StringLookup", vocabulary=["a", "b"], **said)
    config = found(upgrade(ANYWHERE["graph"](it), KERAS_3).model).config
    assert config["vocabulary"] == ["[UNK]", "[UNK]", "a", "b"]
    assert config["idf_weights"] == [1.5, 1.5, 1.0, 2.0]
