"""Reports in the format that the file's name asks for."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from converter.batch.row import Row
from converter.containers.publishing import publish
from converter.errors import UsageError
from converter.report import page
from converter.report.summary import Run, as_json, state_of

_COLUMNS = (
    *("file", "outcome", "exit_code", "writer", "output", "size_before", "size_after"),
    *("seconds", "verified", "difference", "findings", "message", "hint"),
)


def to_json(run: Run, rows: Sequence[Row]) -> str:
    """All that is known of each file, as JSON."""
    return json.dumps(as_json(run, rows), indent=1, ensure_ascii=True) + "\n"


def to_csv(run: Run, rows: Sequence[Row]) -> str:
    """A line for each file, as CSV.

    A cell that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for row in rows:
        codes = " ".join(sorted({each.code for each in row.findings}))
        cells = [
            *(row.source, state_of(row), row.code, row.writer, row.output),
            *(row.size_before, row.size_after, row.seconds, row.verified, row.difference),
            *(codes, row.message, row.hint),
        ]
        writer.writerow([_harmless(cell) for cell in cells])
    return text.getvalue()


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in {*"=+-@\t\r"} and cell else cell


FORMATS: Mapping[str, Callable[[Run, Sequence[Row]], str]] = {
    ".html": page.to_html,
    ".json": to_json,
    ".csv": to_csv,
}


def require_format(path: Path) -> None:
    """Raises UsageError where there is no report of this suffix."""
    if path.suffix.lower() not in FORMATS:
        raise UsageError(
            f"{path} is no kind of report", f"kinds: {', '.join(f'NAME{end}' for end in FORMATS)}"
        )


def write(path: Path, run: Run, rows: Sequence[Row]) -> None:
    """Writes a report; one that is there is replaced.

    Raises:
        OutputError: it can't be written.
        UsageError: the suffix names no format.
    """
    require_format(path)
    text = FORMATS[path.suffix.lower()](run, rows)
    with publish(path, force=True) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace", newline="")
