"""What every release of Keras takes, by which names, and what it means by leaving something out.

The tables are made by tools/knowledge_of_releases.py from the published packages; a table is read
when it is first asked for. Kinds are ``layers``, ``initializers``, ``regularizers``,
``constraints``, ``activations``, ``losses``, ``metrics`` and ``optimizers``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

from converter.model.description import Json, Writer

_FOLDER = Path(__file__).parent
COMPAT = "compat.v1."
"""Begins the names that TensorFlow 2 keeps for code of TensorFlow 1."""


class Absent(Enum):
    """Why there is no default."""

    NOT_TAKEN = "the class has no such argument"
    REQUIRED = "the argument has to be given"
    UNTOLD = "the releases that may have written the file differ"


@dataclass(frozen=True, order=True)
class Release:
    """One release.

    Attributes:
        line: ``keras`` for the stand-alone package, ``tf`` for the Keras of TensorFlow.
        index: its place in the order of the line's releases.
        version: of the package keras, or of TensorFlow.
        stored: the version that files of it name.
    """

    line: str
    index: int
    version: str
    stored: str


@cache
def releases() -> tuple[Release, ...]:
    """All releases there are tables of, each line in its order."""
    stored = _read("releases")
    return tuple(
        Release(line, index, version, label)
        for line, versions in stored.items()
        for index, (version, label) in enumerate(versions)
    )


def candidates(writer: Writer) -> tuple[Release, ...]:
    """The releases that may have written a file.

    Several share the version ``2.2.4-tf``. A release without a table stands for the last one before
    it, a file without a version for every release of its generation.
    """
    line = [each for each in releases() if each.line == ("tf" if writer.tf_keras else "keras")]
    if not writer.version:
        return tuple(each for each in line if _numbers(each.version)[0] == writer.generation)
    if writer.tf_keras and writer.backend_version:
        return _last_until(line, writer.backend_version, lambda each: each.version)
    exact = tuple(each for each in line if each.stored == writer.label)
    return exact or _last_until(line, writer.version, lambda each: each.stored)


def arguments(reader: Writer, kind: str, name: str) -> frozenset[str]:
    """What a constructor takes in every release that may be the reader and has the class.

    Empty where none of them has it.
    """
    taken = [
        frozenset(described["arguments"]) - {"**"}
        for release in candidates(reader)
        for described in [_described(release, kind, name)]
        if described is not None
    ]
    return frozenset.intersection(*taken) if taken else frozenset()


def default(writer: Writer, kind: str, name: str, argument: str) -> Json | Absent:
    """What a writer means by leaving out an argument.

    Returns:
        The default, as JSON; ``{"expression": …}`` for one that only running tells. Absent where
        there is none, or none that all possible writers agree on.
    """
    found = [_default(release, kind, name, argument) for release in candidates(writer)]
    agreed = found and all(repr(each) == repr(found[0]) for each in found)
    return found[0] if agreed else Absent.UNTOLD


def had(writer: Writer, kind: str, name: str) -> bool:
    """Whether a release that may have written a file has an object of its own by a name.

    What is not known may be: so it is where no release is known that may have written it.
    """
    found = candidates(writer)
    return not found or any(_described(each, kind, name) is not None for each in found)


@cache
def layer_classes(release: Release) -> frozenset[str]:
    """The layer classes of a release that are public, by the names that files have for them."""
    return frozenset(
        name.rpartition(".")[2]
        for name, lines in _table("layers").items()
        if any(not each.startswith(COMPAT) for each in _names(lines, release))
    )


def _default(release: Release, kind: str, name: str, argument: str) -> Json | Absent:
    described = _described(release, kind, name)
    if described is None or argument not in described["arguments"]:
        return Absent.NOT_TAKEN
    fact = described["arguments"][argument]
    return fact[0] if fact else Absent.REQUIRED


def _described(release: Release, kind: str, name: str) -> dict[str, Any] | None:
    """A class in one release: its arguments, each with its default in a list of at most one."""
    lines = _table(kind).get(_class_of(release, kind, name), {})
    if not _exists(lines, release):
        return None
    stored = lines[release.line]["arguments"]
    found = {argument: list(_facts(runs, release)) for argument, runs in stored.items()}
    return {"arguments": {argument: fact[0] for argument, fact in found.items() if fact}}


def _class_of(release: Release, kind: str, name: str) -> str:
    """The class that a public name stands for: ``Convolution2D`` is Conv2D."""
    table = _table(kind)
    if name in table and _exists(table[name], release):
        return name
    return next((key for key, lines in table.items() if name in _names(lines, release)), name)


def _exists(lines: dict[str, Any], release: Release) -> bool:
    return release.line in lines and bool(_facts(lines[release.line]["names"], release))


def _names(lines: dict[str, Any], release: Release) -> list[str]:
    if not _exists(lines, release):
        return []
    return [name for fact in _facts(lines[release.line]["names"], release) for name in fact[0]]


def _facts(runs: list[list[Any]], release: Release) -> list[list[Any]]:
    """What follows the first and last release in the run that holds the release."""
    return [rest for first, last, *rest in runs if first <= release.index <= last]


def _last_until(
    line: list[Release], version: tuple[int, ...], text: Callable[[Release], str]
) -> tuple[Release, ...]:
    """The releases of a version; where there are none, the last one before it."""
    same = tuple(each for each in line if _numbers(text(each))[: len(version)] == version)
    before = [each for each in line if _numbers(text(each)) <= version]
    return same or tuple(before[-1:])


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.removesuffix("-tf").split("."))


@cache
def _table(kind: str) -> dict[str, Any]:
    table: dict[str, Any] = _read(f"releases_{kind}")
    return table


def _read(name: str) -> Any:
    return json.loads((_FOLDER / f"{name}.json").read_text())
