"""Text for people: tables, sizes and findings, in 80 columns where the content allows."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from shutil import get_terminal_size
from textwrap import wrap
from typing import TYPE_CHECKING

import typer

from converter.cli.visible import visible

if TYPE_CHECKING:
    # `kfix doctor` renders where NumPy, which these import, is broken.
    from converter.model.description import Json, Writer
    from converter.model.findings import Edit, Finding

_COLOURS = {
    "unsafe": "red",
    "refused": "red",
    "custom": "yellow",
    "silent": "magenta",
    "breaks": "red",
    "notice": "cyan",
}
"""In the order of showing: what stops kfix first, then what nobody would notice."""
_KINDS = {
    "legacy-model": "complete model in HDF5",
    "legacy-weights": "weights in HDF5, no architecture",
    "keras3-weights": "weights in Keras 3's layout, no architecture",
    "keras-archive": ".keras archive",
    "architecture": "architecture in JSON, no weights",
}
_UNITS = ("B", "kB", "MB", "GB", "TB")
_NARROWEST = 16
"""Columns that a cell of a table keeps when the line would be wider than the terminal."""
_SHOWN_FINDINGS = 200
"""Different findings that are told of a file without ``-v``."""


def has_colours() -> bool:
    """Whether stdout is a terminal, and NO_COLOR is not set."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return not plain and sys.stdout.isatty()


def coloured(text: str, colour: str, *, bold: bool = False) -> str:
    """The text in colour where stdout has colours."""
    shown = visible(text)
    return typer.style(shown, fg=colour, bold=bold) if has_colours() else shown


def width() -> int:
    """Columns to fill: the terminal's, at most 100."""
    return max(min(get_terminal_size().columns, 100), 40)


def size(count: int) -> str:
    """Bytes for people, in powers of 1000: ``1.5 MB``."""
    value, unit = float(count), 0
    while value >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{count} B" if unit == 0 else f"{value:.1f} {_UNITS[unit]}"


def writer(found: Writer) -> str:
    """Who wrote a file, for people: ``tf.keras 2.4.0, tensorflow backend``."""
    package = "tf.keras" if found.tf_keras else "Keras"
    if not found.version:
        return f"{package} {found.label or '1 (no version in the file)'}"
    backend = f", {found.backend} backend" if found.backend else ""
    return f"{package} {found.label}{backend}"


def kind(name: str) -> str:
    """What lies on disk, for people."""
    return _KINDS.get(name, name)


def shape(extents: Iterable[int | None]) -> str:
    """A shape for people: ``?×28×28×1``."""
    return "×".join("?" if each is None else str(each) for each in extents) or "scalar"


def table(rows: Iterable[Sequence[str]], header: Sequence[str], right: Iterable[int] = ()) -> str:
    """Columns as wide as their content, the columns numbered in ``right`` set flush right.

    Where the lines would be wider than the terminal, text in the last column is broken, and the
    middle of other long text is left out.
    """
    flush_right = set(right)
    lines = [list(header), *[[visible(cell) for cell in row] for row in rows]]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    _narrow(widths, flush_right)
    left = sum(widths[:-1]) + 2 * (len(widths) - 1)

    def one(line: Sequence[str]) -> Iterator[str]:
        cells = [
            cell.rjust(widths[column])
            if column in flush_right
            else shortened(cell, widths[column]).ljust(widths[column])
            for column, cell in enumerate(line)
        ]
        parts = cells[-1:] if len(line) - 1 in flush_right else wrap(line[-1], widths[-1]) or [""]
        yield "  ".join([*cells[:-1], parts[0]]).rstrip()
        yield from (" " * left + part for part in parts[1:])

    ruler = "  ".join("-" * each for each in widths)
    body = [text for line in lines[1:] for text in one(line)]
    return "\n".join([*one(lines[0]), ruler, *body])


def _narrow(widths: list[int], flush_right: set[int]) -> None:
    """Takes from the columns of text what is too much: from the last first, then the widest."""
    last = len(widths) - 1
    texts = [column for column in range(last) if column not in flush_right]
    over = sum(widths) + 2 * last - width()
    if last not in flush_right and over > 0:
        kept = min(widths[last], max(widths[last] - over, 20))
        over -= widths[last] - kept
        widths[last] = kept
    while over > 0 and texts:
        widest = max(texts, key=lambda column: widths[column])
        others = [widths[column] for column in texts if column != widest]
        least = max(_NARROWEST, min(widths[widest] - 1, max(others, default=0)))
        if widths[widest] <= _NARROWEST:
            return
        taken = min(over, widths[widest] - least)
        widths[widest] -= taken
        over -= taken


def shortened(text: str, limit: int) -> str:
    """The text, its middle replaced by an ellipsis when it is longer than ``limit``."""
    if len(text) <= limit:
        return text
    head = (limit - 1) // 2
    return f"{text[:head]}…{text[len(text) - (limit - 1 - head) :]}"


def edit(changed: Edit) -> Iterator[str]:
    """One changed value as two lines of a diff; an absent value has no line."""
    for sign, side, colour in (("-", changed.old, "red"), ("+", changed.new, "green")):
        if side is not None:
            text = visible(f"{sign} {changed.key}: {value(side)}")
            for line in wrap(text, width(), initial_indent=" " * 2, subsequent_indent=" " * 6):
                yield coloured(line, colour)


def value(anything: Json) -> str:
    """A config value on one line, whole."""
    return json.dumps(anything, ensure_ascii=False, default=str)


def finding(found: Finding, count: int = 1) -> Iterator[str]:
    """A finding: code, severity and layer on the first line, message and remedy below."""
    where = visible(found.layer) or "the file"
    more = f"and {count - 1} more" if count > 1 else ""
    head = f"{found.code} {found.severity.value}"
    first, *rest = flowing([head, where, more], first="  ", rest=" " * 4)
    severity = coloured(found.severity.value, _COLOURS[found.severity], bold=True)
    yield f"  {found.code} {severity}{first[len(head) + 2 :]}"
    yield from rest
    yield from indented(found.message)
    if found.remedy:
        yield from indented(f"→ {found.remedy}")


def findings(found: Sequence[Finding], *, each: bool = False) -> Iterator[str]:
    """Findings one below the other.

    The same thing at many layers is told once unless ``each``, and only so many things are told.
    """
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for one in found:
        key = (one.code, one.severity, one.message, one.remedy, one.layer if each else "")
        groups.setdefault(key, []).append(one)
    order = list(_COLOURS)
    inorder = sorted(groups.values(), key=lambda group: order.index(group[0].severity))
    shown = inorder if each else inorder[:_SHOWN_FINDINGS]
    for group in shown:
        yield from finding(group[0], len(group))
    if left := len(inorder) - len(shown):
        yield f"  … and {left:,} more: -v or --format json has all"


def edits(found: Iterable[Finding]) -> Iterator[str]:
    """The exact edits of findings in the look of a unified diff, layer by layer."""
    layers: dict[str, list[Edit]] = {}
    for one in found:
        layers.setdefault(one.layer, []).extend(one.edits)
    for layer, changed in layers.items():
        if changed:
            yield coloured(f"@ {layer or 'the file'}", "cyan")
            for one_edit in changed:
                yield from edit(one_edit)


def indented(text: str, indent: int = 4) -> Iterator[str]:
    """Text set in and broken at the width, but not inside of links, paths and names."""
    return flowing(text.split(), first=" " * indent, rest=" " * indent)


def flowing(parts: Iterable[str], *, first: str = "", rest: str = "  ") -> Iterator[str]:
    """Parts in as few lines as the width allows; none is broken, so that paths can be copied."""
    line, limit = "", width()
    for part in map(visible, filter(None, parts)):
        if not line:
            line = first + part
        elif len(line) + 1 + len(part) <= limit:
            line += f" {part}"
        else:
            yield line
            line = rest + part
    if line:
        yield line
