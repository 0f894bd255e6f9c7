"""The table of weights and the variables that they were taken for, or could be for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

from converter.api.joining import MatchingError
from converter.cli import render
from converter.cli.frame import Session
from converter.layouts.matching import Ambiguity, Evidence, Matching, Shape

Result = TypeVar("Result")
HEADER = ("weight in the file", "shape", "variable", "by")
NOTHING = "-"
_SHOWN = 50
"""Rows of each kind in a table that is not asked for as a whole."""
_CANDIDATES = 4
"""Candidates of an ambiguous variable in such a table."""


def table_of(error: BaseException, *, whole: bool) -> str:
    """The table that comes before an error about weights that do not fit; empty before others."""
    return table(error.matching, whole=whole) if isinstance(error, MatchingError) else ""


def told(session: Session, action: Callable[[], Result], *, whole: bool = False) -> Result:
    """Does the action; where weights do not fit, the table comes before the error."""
    try:
        return action()
    except MatchingError as error:
        session.text(table_of(error, whole=whole or session.verbosity > 0))
        raise


def summary(session: Session, found: Matching | None, *, whole: bool) -> Iterator[str]:
    """How weights were matched: in one line, or as the table."""
    if found is None:
        return
    whole = whole or session.verbosity > 0
    if whole or not found.complete:
        yield table(found, whole=whole)
    if found.pairs:
        count = len(found.by_order)
        how = f", {count} of them by order or shape, not by name" if count else " by name"
        yield f"  {len(found.pairs)} matched{how}"


def table(found: Matching, *, whole: bool) -> str:
    """All pairs, then all that found no partner; unless ``whole``, only the first of each kind."""
    limit = None if whole else _SHOWN
    rows = [row for kind in _kinds(found, limit) for row in _first(kind, limit)]
    return render.table(rows, HEADER)


Row = tuple[str, str, str, str]


def _first(rows: Iterable[Row], limit: int | None) -> Iterator[Row]:
    every = iter(rows)
    yield from islice(every, limit)
    if left := sum(1 for _ in every):
        yield f"… and {left:,} more", "", "", "see --dry-run"


def _kinds(found: Matching, limit: int | None) -> Iterator[Iterator[Row]]:
    yield (
        (each.weight, _shape(each.shape), each.variable, _evidence(each.evidence))
        for each in found.pairs
    )
    yield (
        (
            each.weight,
            f"{_shape(each.found)}, not {_shape(each.expected)}",
            each.variable,
            "other shape",
        )
        for each in found.mismatched
    )
    yield (row for each in found.ambiguous for row in _candidates(each, limit))
    yield ((NOTHING, _shape(each.shape), each.name, "missing") for each in found.missing)
    yield ((each.name, _shape(each.shape), NOTHING, "not in the model") for each in found.unmatched)


def _candidates(found: Ambiguity, limit: int | None) -> Iterator[Row]:
    """One row for each weight that the variable's could be."""
    shown = found.weights if limit is None else found.weights[:_CANDIDATES]
    for index, weight in enumerate(shown):
        yield weight, NOTHING, found.variable, "ambiguous" if index == 0 else "or this"
    if left := len(found.weights) - len(shown):
        yield f"… or {left:,} more", NOTHING, found.variable, "or this"


def _shape(shape: Shape | None) -> str:
    return NOTHING if shape is None else render.shape(shape)


def _evidence(evidence: Evidence) -> str:
    return "only fit" if evidence is Evidence.SHAPE else evidence.value
