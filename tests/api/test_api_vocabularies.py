"""Vocabularies that the user tells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from converter import check, convert, repair
from converter.api.vocabularies import parsed_vocabularies, with_vocabularies
from converter.errors import NotExactError, UsageError
from tests.sample_store import VOCABULARIES, Sample, samples


def entry(class_name: str, name: str, **config: Any) -> dict[str, Any]:
    return {"class_name": class_name, "config": {"name": name, **config}}


def model(*layers: dict[str, Any], name: str = "top") -> dict[str, Any]:
    return entry("Functional", name, layers=list(layers))


def sample(writer: str, name: str) -> Sample:
    return next(each for each in samples(writer) if each.name == name)


def test_files_by_layer() -> None:
    told = parsed_vocabularies(["words=a.txt", "inner/words=b=c.json"])
    assert told == {"words": "a.txt", "inner/words": "b=c.json"}


@pytest.mark.parametrize("texts", [["words.txt"], ["=a"], ["words="], ["a=b", "a=c"]])
def test_what_is_none_is_refused(texts: list[str]) -> None:
    with pytest.raises(UsageError):
        parsed_vocabularies(texts)


def test_a_layer_is_found_wherever_it_is(tmp_path: Path) -> None:
    file = tmp_path / "words.txt"
    file.write_text("one\ntwo\n")
    inner = model(entry("StringLookup", "words"), name="inner")
    config = model(entry("StringLookup", "other"), inner)
    for name in ("words", "inner/words"):
        told = with_vocabularies(config, {name: file})
        (other, nested) = told["config"]["layers"]
        assert "vocabulary" not in other["config"]
        assert nested["config"]["layers"][0]["config"]["vocabulary"] == ["one", "two"]
    assert "vocabulary" not in inner["config"]["layers"][0]["config"]


@pytest.mark.parametrize("layer", ["nowhere", "top", "dense"])
def test_the_layers_with_a_vocabulary_are_listed(layer: str) -> None:
    config = model(entry("Dense", "dense"), entry("IntegerLookup", "numbers"))
    with pytest.raises(UsageError) as refused:
        with_vocabularies(config, {layer: VOCABULARIES / "numbers.txt"})
    assert refused.value.hint == "layers: numbers"


def test_a_name_of_several_layers_needs_a_path() -> None:
    inner = model(entry("IntegerLookup", "numbers"), name="inner")
    config = model(entry("IntegerLookup", "numbers"), inner)
    file = VOCABULARIES / "numbers.txt"
    with pytest.raises(UsageError, match="several"):
        with_vocabularies(config, {"numbers": file})
    told = with_vocabularies(config, {"inner/numbers": file})
    assert "vocabulary" not in told["config"]["layers"][0]["config"]


@pytest.mark.parametrize(
    ("text", "config", "said"),
    [
        ("", {}, "can't be read"),
        ("a\na\n", {}, "twice"),
        ("a\nb\n", {"vocabulary_size": 5}, "2 words, but the layer had 4"),
        ("a\nb\n", {"vocabulary": ["a", "c"]}, "contradicts"),
    ],
)
def test_what_can_not_be_is_refused(
    tmp_path: Path, text: str, config: dict[str, Any], said: str
) -> None:
    file = tmp_path / "words.txt"
    if text:
        file.write_text(text)
    with pytest.raises(UsageError, match=said):
        with_vocabularies(model(entry("StringLookup", "words", **config)), {"words": file})


@pytest.mark.parametrize("text", ["{", "3", '{"words": []}', '{"vocabulary": 3}', "[1, 2]", "[]"])
def test_json_of_another_form_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "words.json"
    file.write_text(text)
    with pytest.raises(UsageError):
        with_vocabularies(model(entry("StringLookup", "words")), {"words": file})


def test_words_are_no_integers(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="colours"):
        config = model(entry("IntegerLookup", "numbers"))
        with_vocabularies(config, {"numbers": VOCABULARIES / "colours.txt"})


def test_what_tensorflow_never_saved_is_said(tmp_path: Path) -> None:
    half = sample("tf-2.15.0", "vocabularies_stop_saving_early")
    with pytest.raises(NotExactError) as refused:
        convert(half.path, tmp_path / "model.keras", verify=False)
    assert "stopped saving at animals" in refused.value.hint


def test_a_vocabulary_is_no_help_where_weights_are_missing(tmp_path: Path) -> None:
    half = sample("tf-2.15.0", "vocabularies_stop_saving_early")
    told = {"animals": VOCABULARIES / "animals.txt"}
    with pytest.raises(NotExactError, match="0 weights in the file"):
        convert(half.path, tmp_path / "model.keras", verify=False, vocabulary=told)


@pytest.mark.parametrize(
    ("writer", "name"),
    [
        ("tf-2.5.0", "vocabularies_stop_saving"),
        ("tf-2.6.0", "vocabularies_of_classifier"),
        ("keras-3.15.1", "vocabularies_of_classifier"),
    ],
)
def test_a_told_vocabulary_is_verified_against_the_library(
    writer: str, name: str, tmp_path: Path
) -> None:
    given = sample(writer, name)
    done = convert(given.path, tmp_path / "model.keras", **given.options)
    assert done.verified is not None
    assert done.verified.reference == ("tf_keras" if writer.startswith("tf") else "keras")
    assert done.verified.max_difference == 0


def test_a_repaired_file_holds_what_was_told(tmp_path: Path) -> None:
    given = sample("keras-3.15.1", "vocabularies_left_out")
    repaired = tmp_path / "repaired.h5"
    assert repair(given.path, repaired, **given.options).written
    assert [each for each in check(repaired).findings if each.code == "KF143"] == []
