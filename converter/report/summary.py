"""A batch in numbers: what its report shows, as plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from converter.api.rules import list_rules
from converter.batch.row import Row
from converter.report import SCHEMA_VERSION

STATES = ("done", "unchanged", "done before", "findings", "passed over", "failed", "not begun")
"""How a file can end, in the order in which it is shown."""
NO_WRITER = "unknown"


@dataclass(frozen=True)
class Run:
    """One call of the command line over many files.

    Attributes:
        command: what was typed, without the options.
        version: of kfix.
        started: local time with its offset, ISO 8601.
        seconds: that it took.
        options: what was asked for, as text.
        not_begun: files that were left when it stopped.
    """

    command: str
    version: str
    started: str
    seconds: float
    options: tuple[tuple[str, str], ...] = ()
    not_begun: int = 0


@dataclass(frozen=True)
class RuleCount:
    """A rule, and how many files it has found something in."""

    code: str
    name: str
    summary: str
    documentation: str
    files: int
    worst: str


def state_of(row: Row) -> str:
    """How a file ended, of `STATES`."""
    return "done before" if row.resumed else row.state


def outcomes(rows: Sequence[Row], not_begun: int = 0) -> dict[str, int]:
    """How many files ended how, of those that occur."""
    counts = Counter(map(state_of, rows))
    counts["not begun"] += not_begun
    return {state: counts[state] for state in STATES if counts[state]}


def by_writer(rows: Sequence[Row]) -> dict[str, dict[str, int]]:
    """Outcomes of the models of each writer, the most frequent writer first."""
    models: dict[str, list[Row]] = {}
    for row in rows:
        if row.state != "passed over":
            models.setdefault(row.writer or NO_WRITER, []).append(row)
    ordered = sorted(models.items(), key=lambda item: -len(item[1]))
    return {writer: outcomes(of_writer) for writer, of_writer in ordered}


def by_rule(rows: Sequence[Row]) -> list[RuleCount]:
    """What was found, the most frequent rule first."""
    counts: Counter[str] = Counter()
    worst: dict[str, str] = {}
    for row in rows:
        counts.update({each.code for each in row.findings})
        for each in row.findings:
            before = worst.get(each.code, each.severity)
            worst[each.code] = max(before, each.severity, key=_weight)
    known = {info.code: info for info in list_rules()}
    return [
        RuleCount(
            code,
            known[code].name if code in known else "",
            known[code].summary if code in known else "",
            known[code].documentation if code in known else "",
            files,
            worst[code],
        )
        for code, files in counts.most_common()
    ]


_SEVERITIES = ("notice", "breaks", "silent", "custom", "refused", "unsafe")


def _weight(severity: str) -> int:
    return _SEVERITIES.index(severity) if severity in _SEVERITIES else len(_SEVERITIES)


def as_json(run: Run, rows: Sequence[Row]) -> dict[str, Any]:
    """The whole report as JSON values."""
    return {
        "schema_version": SCHEMA_VERSION,
        "kfix": run.version,
        "command": run.command,
        "options": dict(run.options),
        "started": run.started,
        "seconds": round(run.seconds, 3),
        "outcomes": outcomes(rows, run.not_begun),
        "files": [row.to_json() for row in rows],
    }
