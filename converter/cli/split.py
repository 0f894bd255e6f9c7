"""``kfix split`` and ``kfix join``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from converter.cli import document, options
from converter.cli.frame import Session
from converter.cli.many import NO_OPTIONS, Many, ManyPaths
from converter.errors import ExitCode
from converter.remote.paths import located

if TYPE_CHECKING:
    from converter.api.split import Split


def split(
    session: Session,
    directory: Annotated[
        Path,
        typer.Option("--output", "-o", parser=located, metavar="DIR", help="Where the files go."),
    ],
    paths: ManyPaths = None,
    force: options.Force = False,
    dry_run: options.DryRun = False,
    many: Many = NO_OPTIONS,
) -> ExitCode:
    """Take models apart into architecture JSON and weights."""
    from converter.api.outputs import Naming
    from converter.cli import batch
    from converter.cli.placing import Placing

    work = batch.Work(
        verb="split",
        options={"force": force, "dry_run": dry_run},
        show=_text,
        naming=lambda path: Naming(".json"),
        placing=Placing(directory=directory),
    )
    return batch.over(session, paths, work, many)


def _text(done: Split) -> str:
    from converter.cli.render import flowing

    arrow = "→" if done.written else "would become"
    parts = [f"{done.source}", arrow, f"{done.architecture}", f"and {done.weights}"]
    return "\n".join(flowing(parts))


def join(
    session: Session,
    architecture: Annotated[
        Path, typer.Argument(parser=located, metavar="ARCH.json", help="What model.to_json() gave.")
    ],
    weights: Annotated[
        Path,
        typer.Argument(parser=located, metavar="WEIGHTS.h5", help="What save_weights() wrote."),
    ],
    output: options.Output = None,
    force: options.Force = False,
    dry_run: options.DryRun = False,
) -> ExitCode:
    """Put architecture JSON and weights together."""
    from converter.api.split import join
    from converter.cli import matching
    from converter.cli.render import flowing
    from converter.remote.errand import on_copies

    done = matching.told(
        session,
        lambda: on_copies(join, architecture, weights, output=output, force=force, dry_run=dry_run),
        whole=dry_run,
    )
    document.write(session, [done])
    arrow = "→" if done.written else "would become"
    parts = [f"{done.architecture}", f"and {done.weights}", arrow, f"{done.output}"]
    session.text("\n".join(flowing(parts)))
    return ExitCode.OK if done.written else ExitCode.FINDINGS
