"""All releases in one table: each fact once, with the releases that it holds in.

A run is ``[first, last]`` or ``[first, last, fact]``, counted in the releases of its line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .releases import RELEASES
from .signatures import REQUIRED
from .tables import Entry, Table

LINES = ("keras", "tf")
Runs = list[list[Any]]


def releases() -> dict[str, list[list[str]]]:
    """For each line its releases in order, each with the version that its files name."""
    return {
        line: [[each.version, each.stored] for each in RELEASES if each.line == line]
        for line in LINES
    }


def encoded(tables: Mapping[str, Table], kind: str) -> dict[str, dict[str, Any]]:
    """Names, then lines, then what is known; ``tables`` are by name of the release."""
    found: dict[str, dict[str, Any]] = {}
    for line in LINES:
        ordered = [tables[each.name][kind] for each in RELEASES if each.line == line]
        for name in sorted({name for entries in ordered for name in entries}):
            entries = {i: each[name] for i, each in enumerate(ordered) if name in each}
            found.setdefault(name, {})[line] = _described(entries)
    return dict(sorted(found.items()))


def _described(entries: Mapping[int, Entry]) -> dict[str, Any]:
    names = list(dict.fromkeys(name for entry in entries.values() for name in entry.arguments))
    described = {
        "names": _runs({i: list(entry.names) for i, entry in entries.items()}),
        "arguments": {
            name: _runs({i: e.arguments[name] for i, e in entries.items() if name in e.arguments})
            for name in names
        },
    }
    calls = _runs({i: list(entry.call) for i, entry in entries.items() if entry.call})
    return described | ({"call": calls} if calls else {})


def _runs(facts: Mapping[int, Any]) -> Runs:
    """Neighbouring releases with the same fact together; REQUIRED leaves the fact out."""
    runs: Runs = []
    for index, fact in facts.items():
        tail = [] if fact is REQUIRED else [fact]
        if runs and runs[-1][1] == index - 1 and _same(runs[-1][2:], tail):
            runs[-1][1] = index
        else:
            runs.append([index, index, *tail])
    return runs


def _same(one: list[Any], other: list[Any]) -> bool:
    """Equal and of one type: 1, 1.0 and True are not the same default."""
    return repr(one) == repr(other)
