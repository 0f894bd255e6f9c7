"""The table of weights and the variables that they were taken for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from converter.api.joining import MatchingError
from converter.cli import render
from converter.cli.frame import Session
from converter.layouts.matching import Evidence, Matching, Shape

Result = TypeVar("Result")
HEADER = ("weight in the file", "shape", "variable", "by")
NOTHING = "-"


def told(session: Session, action: Callable[[], Result]) -> Result:
    """Does the action; where weights do not fit, the whole table comes before the error."""
    try:
        return action()
    except MatchingError as error:
        session.text(table(error.matching))
        raise


def summary(session: Session, found: Matching | None, *, whole: bool) -> Iterator[str]:
    """How weights were matched: in one line, or as the table."""
    if found is None:
        return
    if whole or session.verbosity > 0 or not found.complete:
        yield table(found)
    if found.pairs:
        count = len(found.by_order)
        how = f", {count} of them by order or shape, not by name" if count else " by name"
        yield f"  {len(found.pairs)} matched{how}"


def table(found: Matching) -> str:
    """All pairs, then all that found no partner."""
    rows = list(_rows(found))
    others = max((len(row[1]) + len(row[3]) for row in rows), default=0) + 8
    limit = max((render.width() - others) // 2, 24)
    short = [
        (render.shortened(row[0], limit), row[1], render.shortened(row[2], limit), row[3])
        for row in rows
    ]
    return render.table(short, HEADER)


def _rows(found: Matching) -> Iterator[tuple[str, ...]]:
    for pair in found.pairs:
        yield pair.weight, _shape(pair.shape), pair.variable, _evidence(pair.evidence)
    for each in found.mismatched:
        shapes = f"{_shape(each.found)}, not {_shape(each.expected)}"
        yield each.weight, shapes, each.variable, "other shape"
    for ambiguous in found.ambiguous:
        yield " or ".join(ambiguous.weights), NOTHING, ambiguous.variable, "ambiguous"
    for missing in found.missing:
        yield NOTHING, _shape(missing.shape), missing.name, "missing"
    for left in found.unmatched:
        yield left.name, _shape(left.shape), NOTHING, "not in the model"


def _shape(shape: Shape | None) -> str:
    return NOTHING if shape is None else render.shape(shape)


def _evidence(evidence: Evidence) -> str:
    return "only fit" if evidence is Evidence.SHAPE else evidence.value
