"""Vocabularies that the user tells: what lookup layers learned, and a file does not hold.

A vocabulary is put into the architecture as if the file had said it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from os import PathLike
from pathlib import Path

from converter.errors import UsageError
from converter.layouts import vocabularies
from converter.layouts.variables import LOOKUPS
from converter.layouts.vocabularies import Token
from converter.model.description import Json

Files = Mapping[str, str | PathLike[str]]
"""The files of vocabularies by the names or paths of layers."""

OPTION = "--vocabulary"


def parsed_vocabularies(texts: Iterable[str]) -> dict[str, str]:
    """Files by layer from ``LAYER=FILE``.

    Raises:
        UsageError: a text is something else, or a layer has two files.
    """
    files: dict[str, str] = {}
    for text in texts:
        layer, _, file = text.partition("=")
        if not layer or not file:
            raise UsageError(f"{OPTION} {text}: of which layer?", "for example: words=words.txt")
        if layer in files:
            raise UsageError(f"{OPTION} {text}: a layer has one vocabulary only")
        files[layer] = file
    return files


def with_vocabularies(config: Json, files: Files) -> Json:
    """The architecture with vocabularies where it does not say them.

    Args:
        config: the architecture as stored.
        files: a text with a token on each line, or a JSON file: a list of tokens, or an object with
            ``vocabulary`` and, for the mode tf-idf, ``idf_weights``.

    Raises:
        UsageError: there is no such layer or file, or the vocabulary can't be the layer's.
    """
    for layer, file in files.items():
        paths = [path for path, _ in _lookups(config)]
        named = [path for path in paths if path == layer or path.endswith(f"/{layer}")]
        if len(named) != 1:
            known = ", ".join(paths) or "none that has a vocabulary"
            problem = "several layers have that name" if named else "there is no such layer"
            raise UsageError(f"{OPTION} {layer}: {problem}", f"layers: {known}")
        config = _put(config, named[0], Path(file))
    return config


def _lookups(config: Json) -> Iterator[tuple[str, Json]]:
    """The entries of all lookup layers with their paths."""
    found: list[tuple[str, Json]] = []

    def note(path: str, entry: Json) -> Json:
        found.append((path, entry))
        return entry

    _mapped(config, (), note)
    yield from found


def _put(config: Json, layer: str, file: Path) -> Json:
    def told(path: str, entry: Json) -> Json:
        if path != layer:
            return entry
        said = _read(file, entry["class_name"])
        _require_fit(path, entry, said)
        return {**entry, "config": {**entry["config"], **said}}

    return _mapped(config, (), told)


def _mapped(entry: Json, names: tuple[str, ...], change: Callable[[str, Json], Json]) -> Json:
    """A copy of an architecture in which lookup layers are changed.

    ``names`` are those of the models and wrappers around, the top model's first.
    """
    if isinstance(entry, list):
        return [_mapped(each, names, change) for each in entry]
    if not isinstance(entry, Mapping):
        return entry
    config = entry.get("config")
    if "class_name" in entry and isinstance(config, Mapping | list):
        names = (*names, str(config.get("name", "")) if isinstance(config, Mapping) else "")
        if entry["class_name"] in LOOKUPS and isinstance(config, Mapping):
            return change("/".join(names[1:]), entry)
    return {key: _mapped(each, names, change) for key, each in entry.items()}


def _read(file: Path, class_name: str) -> dict[str, Json]:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise UsageError(f"{OPTION}: {file} can't be read: {reason}") from error
    try:
        if file.suffix == ".json":
            return _from_json(json.loads(text), file)
        lines = text.removesuffix("\n").removesuffix("\r")
        return {"vocabulary": vocabularies.tokens_of(lines, class_name)}
    except ValueError as error:
        raise UsageError(f"{OPTION}: {file}: {error}") from error


def _from_json(value: Json, file: Path) -> dict[str, Json]:
    said = {"vocabulary": value} if isinstance(value, list) else value
    keys = {"vocabulary", "idf_weights"}
    if not isinstance(said, dict) or "vocabulary" not in said or not set(said) <= keys:
        raise ValueError("not a list of tokens, nor an object with vocabulary and idf_weights")
    if any(not isinstance(each, list) for each in said.values()):
        raise ValueError("vocabulary and idf_weights are lists")
    return said


def _require_fit(path: str, entry: Json, said: Mapping[str, Json]) -> None:
    """What the file says of its vocabulary has to hold."""
    class_name, config, tokens = entry["class_name"], entry["config"], said["vocabulary"]
    kind = int if class_name == "IntegerLookup" else str
    if not tokens or any(type(each) is not kind for each in tokens):
        raise UsageError(f"{OPTION} {path}: not a list of {kind.__name__} tokens")
    stored = config.get("vocabulary")
    if isinstance(stored, list) and stored and _plain(entry, stored) != _plain(entry, tokens):
        raise UsageError(f"{OPTION} {path} contradicts the file, which holds another vocabulary")
    plain = _plain(entry, tokens)
    if len(set(plain)) != len(plain):
        raise UsageError(f"{OPTION} {path}: a token is there twice")
    if not vocabularies.fits(class_name, config, tokens):
        front = len(vocabularies.specials(class_name, config))
        raise UsageError(
            f"{OPTION} {path}: {len(plain)} words, but the layer had"
            f" {config['vocabulary_size'] - front}"
        )


def _plain(entry: Json, tokens: list[Token]) -> list[Token]:
    return vocabularies.words(entry["class_name"], entry["config"], tokens)
