"""How lookup layers keep their vocabularies, and Discretization what ``adapt()`` found.

A vocabulary may begin with the tokens that are not words: the mask's, where indices are given out,
and one for each index of unknown words. Keras reads it with them or without.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from converter.model.description import Array, Json

Config = Mapping[str, Json]
Token = str | int


def tokens_of(text: str, class_name: str) -> list[Token]:
    """The tokens of a file with one on each line.

    Raises:
        ValueError: a line of an IntegerLookup is no integer.
    """
    lines = text.split("\n")
    if len(lines) > 1 and all(line.endswith("\r") for line in lines[:-1]):
        lines = [line.removesuffix("\r") for line in lines]
    return [int(line) for line in lines] if class_name == "IntegerLookup" else list(lines)


def specials(class_name: str, config: Config) -> list[Token]:
    """The tokens in front of the words, in the order of their indices."""
    if class_name == "TextVectorization":
        mask, unknown, count = "", "[UNK]", 1
    else:
        mask = _told(config, "mask_token", "mask_value", default=None)
        unknown = _told(config, "oov_token", "oov_value", default=_UNKNOWN[class_name])
        count = int(config.get("num_oov_indices", 1))
    masked = [] if mask is None or config.get("output_mode", "int") != "int" else [mask]
    return [_token(each, class_name) for each in (*masked, *[unknown] * count)]


_UNKNOWN: Mapping[str, Token] = {"IntegerLookup": -1, "StringLookup": "[UNK]"}


def _told(config: Config, *keys: str, default: Json) -> Json:
    return next((config[key] for key in keys if key in config), default)


def _token(value: Json, class_name: str) -> Token:
    return int(value) if class_name == "IntegerLookup" else str(value)


def words(class_name: str, config: Config, vocabulary: Sequence[Token]) -> list[Token]:
    """A vocabulary without the tokens that are no words."""
    front = specials(class_name, config)
    plain = list(vocabulary)
    return plain[len(front) :] if plain[: len(front)] == front else plain


def fits(class_name: str, config: Config, vocabulary: Sequence[Token]) -> bool:
    """Whether a vocabulary is as long as the config says, where it does."""
    size = config.get("vocabulary_size")
    front = len(specials(class_name, config))
    return size is None or size == front + len(words(class_name, config, vocabulary))


def weighted(class_name: str, config: Config) -> dict[str, Json]:
    """Vocabulary and weights of a layer of mode tf-idf, those of unknown words in front.

    Where the weights are of the words alone, an unknown one has their mean, as in Keras.
    """
    plain = words(class_name, config, config["vocabulary"])
    front = specials(class_name, config)
    weights = [float(each) for each in config["idf_weights"]]
    if len(weights) == len(plain):
        weights = [float(np.mean(weights))] * len(front) + weights
    # What is left pads the output of the layer, which Keras does again.
    whole = [*front, *plain]
    return {"vocabulary": whole, "idf_weights": weights[: len(whole)]}


def boundaries(summary: Array, bins: int) -> list[float]:
    """What Discretization made of the statistics that it kept of its data, from TensorFlow 2.6 on.

    The values and how often each was seen are cut down to as many as there are bins.
    """
    share = 1.0 / bins
    if summary.shape[1] * share >= 1:
        percents = share + np.arange(0.0, 1.0, share)
        counts = summary[1].cumsum()
        parts = counts / counts[-1]
        summary = np.stack([np.interp(percents, parts, summary[0])]).astype(np.float32)
    return [float(each) for each in summary[0, :-1]]
