"""The report of a batch as one HTML page that needs nothing else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from converter.batch.row import Row
from converter.report.summary import Run, by_rule, by_writer, outcomes, state_of

_HERE = files("converter.report")


def to_html(run: Run, rows: Sequence[Row]) -> str:
    """The page, for a batch of any size."""
    return rendered(
        "batch.html",
        run=run,
        count=len(rows) + run.not_begun,
        outcomes=outcomes(rows, run.not_begun),
        writers=by_writer(rows),
        rules=by_rule(rows),
        saved=_sizes(rows),
        style=part("page.css"),
        script=part("batch.js"),
        data=embedded([{**row.to_json(), "state": state_of(row)} for row in rows]),
    )


def rendered(template: str, **values: object) -> str:
    """A template of this package; every value that is no `Markup` is escaped."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"size": size, "duration": duration}
    return environment.from_string((_HERE / template).read_text(encoding="utf-8")).render(values)


def part(name: str) -> Markup:
    """A style or a script of this package."""
    return Markup((_HERE / name).read_text(encoding="utf-8"))  # noqa: S704


def embedded(value: object) -> Markup:
    """JSON for a script element, from which no text of a file can break out."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704


def size(count: float) -> str:
    """Bytes for people."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:.0f} B" if unit == "B" else f"{count:.3g} {unit}"
        count /= 1000
    raise AssertionError


def duration(seconds: float) -> str:
    """A time for people."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _sizes(rows: Sequence[Row]) -> tuple[int, int]:
    """Bytes of the sources that have an output, and of the outputs."""
    made = [row for row in rows if row.size_after is not None]
    return sum(row.size_before for row in made), sum(row.size_after or 0 for row in made)
