"""How lookup layers keep vocabularies, and what Discretization makes of its statistics."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from converter.layouts import vocabularies

TOKENS = st.lists(st.text(st.characters(exclude_characters="\n\r")), min_size=1)


@given(TOKENS)
def test_tokens_are_read_as_they_were_written(tokens: list[str]) -> None:
    assert vocabularies.tokens_of("\n".join(tokens), "StringLookup") == tokens


@given(TOKENS.filter(lambda tokens: len(tokens) > 1))
def test_lines_of_windows_end_in_two_characters(tokens: list[str]) -> None:
    assert vocabularies.tokens_of("\r\n".join(tokens), "TextVectorization") == tokens


def test_integers_are_integers() -> None:
    assert vocabularies.tokens_of("-1\n3\n70", "IntegerLookup") == [-1, 3, 70]
    with pytest.raises(ValueError, match="invalid literal"):
        vocabularies.tokens_of("-1\nthree", "IntegerLookup")


@pytest.mark.parametrize(
    ("name", "config", "front"),
    [
        ("TextVectorization", {}, ["", "[UNK]"]),
        ("TextVectorization", {"output_mode": "count"}, ["[UNK]"]),
        ("StringLookup", {}, ["[UNK]"]),
        ("StringLookup", {"mask_token": "", "oov_token": "?"}, ["", "?"]),
        ("StringLookup", {"mask_token": "", "output_mode": "count"}, ["[UNK]"]),
        ("StringLookup", {"num_oov_indices": 0}, []),
        ("IntegerLookup", {"num_oov_indices": 2, "oov_token": "-7"}, [-7, -7]),
        ("IntegerLookup", {"mask_value": 0, "oov_value": -1}, [0, -1]),
    ],
)
def test_tokens_that_are_no_words(name: str, config: dict, front: list) -> None:
    assert vocabularies.specials(name, config) == front
    words = [5, 6] if name == "IntegerLookup" else ["a", "b"]
    assert vocabularies.words(name, config, front + words) == words
    assert vocabularies.words(name, config, words) == words
    for size, fits in ((len(front) + 2, True), (len(front) + 3, False)):
        told = {**config, "vocabulary_size": size}
        assert vocabularies.fits(name, told, words) is fits
        assert vocabularies.fits(name, told, front + words) is fits


def test_weights_that_pad_an_output_are_left_out() -> None:
    config = {"vocabulary": ["[UNK]", "a"], "idf_weights": [0.5, 2.0, 0.0, 0.0]}
    config |= {"output_mode": "tf_idf"}
    assert vocabularies.weighted("StringLookup", config)["idf_weights"] == [0.5, 2.0]


def test_few_values_are_boundaries_as_they_are() -> None:
    summary = np.array([[1.0, 2.0, 3.0], [1.0, 1.0, 1.0]], "float32")
    assert vocabularies.boundaries(summary, 5) == [1.0, 2.0]


def test_many_values_are_cut_down_to_one_less_than_the_bins() -> None:
    summary = np.array([np.arange(100.0), np.ones(100)], "float32")
    found = vocabularies.boundaries(summary, 4)
    assert found == pytest.approx([24.0, 49.0, 74.0])
