"""What layers learned by ``adapt()``, put where Keras 3 has it in every kind of file: the config.

Archives hold vocabularies as assets and the weights of tf-idf beside the variables; tf.keras keeps
the statistics of a Discretization, the weights of tf-idf and the number of tokens of a
CategoryEncoding in variables. None of them is large.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from converter.api.walk import layers
from converter.containers import ModelFile
from converter.containers.sniff import Kind
from converter.errors import NotAModelError
from converter.layouts import vocabularies
from converter.layouts.archive import asset_path, stored_paths
from converter.layouts.legacy import rebuild
from converter.layouts.variables import BINS, IDF_WEIGHTS, LOOKUPS, SUMMARY, TOKENS
from converter.model.description import Array, Json, Layer, Model, Weight

ASSET = "vocabulary.txt"


def with_learned(model: Model, source: ModelFile) -> Model:
    """The model with all that its layers learned in their configs.

    Raises:
        NotAModelError: what they learned is damaged.
        UnsafeContentError: a vocabulary is too large.
    """
    archived = dict(_in_archive(model, source))

    def put(layer: Layer, _: str) -> Layer:
        config = archived.get(id(layer), {})
        left = []
        for weight in layer.weights:
            learned = _in_variable(layer, weight, source)
            config = config | learned
            left += [] if learned else [weight]
        return replace(layer.with_config(**config), weights=tuple(left)) if config else layer

    return replace(model, layers=tuple(rebuild(each, each.name, put) for each in model.layers))


def ending_in_nothing(before: Model, after: Model) -> Iterator[str]:
    """The paths of layers whose vocabularies, read from assets, have an empty word at their end.

    Keras from 3.14 on takes it for an empty line.
    """
    for old, new in zip(layers(before), layers(after), strict=True):
        vocabulary = new.layer.config.get("vocabulary")
        is_new = not old.layer.config.get("vocabulary") and isinstance(vocabulary, list)
        if new.layer.class_name in LOOKUPS and is_new and vocabulary and vocabulary[-1] == "":
            yield new.path


def _in_variable(layer: Layer, weight: Weight, source: ModelFile) -> dict[str, Json]:
    """What a variable of tf.keras says, as arguments of the layer."""
    kind = (layer.class_name, weight.name)
    if kind == ("Discretization", BINS):
        return {"bins": source.value(weight).tolist(), "num_bins": None}
    if kind == ("Discretization", SUMMARY):
        return _boundaries(layer, source.value(weight))
    if kind == ("CategoryEncoding", TOKENS):
        return {"max_tokens": int(source.value(weight))}
    if layer.class_name in LOOKUPS and weight.name == IDF_WEIGHTS:
        return {"idf_weights": source.value(weight).tolist()}
    return {}


def _boundaries(layer: Layer, summary: Array) -> dict[str, Json]:
    bins = layer.config.get("num_bins")
    if summary.ndim != 2 or not summary.size or not isinstance(bins, int) or bins < 1:
        return {}
    boundaries = vocabularies.boundaries(summary, bins)
    if boundaries != sorted(boundaries):
        return {}
    return {"bin_boundaries": boundaries, "num_bins": None}


def _in_archive(model: Model, source: ModelFile) -> Iterator[tuple[int, dict[str, Json]]]:
    """What an archive holds for a layer, by the layer's identity."""
    contents = source.contents
    if contents.kind is not Kind.KERAS_ARCHIVE:
        return
    assets = {asset_path(each): each for each in contents.assets}
    by_keras3 = contents.writer.generation >= 3
    for layer, path in stored_paths(
        model, contents.variables, contents.assets, implicit_masks=by_keras3
    ):
        learned: dict[str, Json] = {}
        summary = contents.variables.get(f"{path}/vars/0")
        if layer.class_name == "Discretization" and summary is not None:
            learned = _boundaries(layer, source.read(summary))
        elif layer.class_name in LOOKUPS:
            learned = _vocabulary(layer, source, assets.get(f"{path}/{ASSET}", ""))
            idf = contents.variables.get(f"{path}/vars/{IDF_WEIGHTS}")
            if idf is not None:
                learned["idf_weights"] = source.read(idf).tolist()
        if learned:
            yield id(layer), learned


def _vocabulary(layer: Layer, source: ModelFile, asset: str) -> dict[str, Json]:
    if not asset or isinstance(layer.config.get("vocabulary"), list):
        return {}
    try:
        tokens = vocabularies.tokens_of(source.asset(asset), layer.class_name)
    except ValueError as error:
        raise NotAModelError(f"{source.contents.path}: {asset}: {error}") from error
    whole = vocabularies.fits(layer.class_name, layer.config, tokens)
    return {"vocabulary": tokens} if whole else {}
