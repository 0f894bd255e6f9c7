"""``kfix diff``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from converter.cli import document
from converter.cli.frame import Session
from converter.cli.visible import visible
from converter.errors import ExitCode
from converter.remote.paths import located

if TYPE_CHECKING:
    from converter.api.diff import Difference, LayerDifference


def diff(
    session: Session,
    a: Annotated[
        Path, typer.Argument(parser=located, metavar="A", help="A model or weights file.")
    ],
    b: Annotated[Path, typer.Argument(parser=located, metavar="B", help="Another one.")],
    raw: Annotated[
        bool, typer.Option("--raw", help="Compare as stored, not in Keras 3's words.")
    ] = False,
) -> ExitCode:
    """Compare configs and weights of two files."""
    from converter.api.diff import diff
    from converter.remote.errand import on_copies

    found = on_copies(diff, a, b, raw=raw)
    document.write(session, [found])
    session.text("\n".join(_lines(found)))
    return ExitCode.OK if found.same else ExitCode.FINDINGS


def _lines(found: Difference) -> Iterator[str]:
    from converter.cli.render import flowing

    if found.same:
        same = ["hold the same model", "and the same weights"]
        yield from flowing([f"{found.a}", f"and {found.b}", *same])
        return
    yield visible(f"--- {found.a}")
    yield visible(f"+++ {found.b}")
    for layer in found.layers:
        yield from _layer(layer)
    yield f"greatest difference of a weight: {found.max_difference:.3g}"


def _layer(found: LayerDifference) -> Iterator[str]:
    from converter.cli import render

    sign = {"added": "+", "removed": "-"}.get(found.state, "@")
    colour = {"added": "green", "removed": "red"}.get(found.state, "cyan")
    yield render.coloured(f"{sign} {found.path or 'the model'} ({found.class_name})", colour)
    for edit in found.edits:
        yield from render.edit(edit)
    for weight in found.weights:
        size = "" if weight.max_difference is None else f", at most {weight.max_difference:.3g}"
        yield from render.indented(f"{weight.name}: {weight.reason}{size}")
