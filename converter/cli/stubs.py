"""``kfix stubs``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from converter.cli import document, options
from converter.cli.frame import Session
from converter.errors import ExitCode

if TYPE_CHECKING:
    from converter.api.stubs import Stubs


TRAINING = ("loss", "metric", "optimizer", "learning rate schedule")
"""What a model can be used without."""
MOST_OPTIONS = 20
"""So many further options are shown; the module's head has them as well."""


def stubs(
    session: Session,
    paths: options.Paths,
    output: options.Output = None,
    force: options.Force = False,
    dry_run: options.DryRun = False,
) -> ExitCode:
    """Write a module to fill in with your own classes."""
    from converter.api.discovery import discover
    from converter.api.stubs import stubs
    from converter.remote.errand import on_copies

    sources = [source.path for source in discover(paths)]
    done = on_copies(stubs, sources, output=output, force=force, dry_run=dry_run)
    for failure in done.failures:
        session.error(failure.error, str(failure.source))
    errors = [document.error_entry(str(each.source), each.error) for each in done.failures]
    document.write(session, [replace(done, failures=())], errors)
    session.text("\n".join(_lines(done)))
    if done.failures:
        return ExitCode.PARTIAL
    return ExitCode.FINDINGS if dry_run and done.stubs else ExitCode.OK


def _lines(done: Stubs) -> Iterator[str]:
    from converter.cli import render

    count = len(done.sources) - len(done.failures)
    shown = str(done.sources[0]) if len(done.sources) == 1 else f"{count} models"
    if not done.stubs:
        needs = "needs" if len(done.sources) == 1 else "need"
        yield f"{shown} {needs} no code of your own, nothing to write"
        return
    arrow = "→" if done.written else "would become"
    yield f"{shown} {arrow} {done.output}"
    rows = [(each.name, each.kind, _places(each.places)) for each in done.stubs]
    rows = [(render.shortened(name, 32), kind, where) for name, kind, where in rows]
    yield render.table(rows, ("name", "kind", "used by"))
    if all(each.kind in TRAINING for each in done.stubs):
        yield "only training needs it: the model converts without, as if it was not compiled"
    if done.written:
        model = shown if len(done.sources) == 1 else "MODEL"
        first, *more = done.options
        yield f"fill it in, then: kfix convert {model} --to keras {first}"
        yield from (f"  {option}" for option in more[:MOST_OPTIONS])


def _places(places: tuple[str, ...]) -> str:
    """Where an object is used, without the file where that is long."""
    from converter.cli import render

    names = list(dict.fromkeys(place.partition(": ")[2] for place in places))
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return render.shortened(names[0], 32) + more
