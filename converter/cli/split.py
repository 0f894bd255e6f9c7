"""``kfix split`` and ``kfix join``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from converter.cli import document, options
from converter.cli.frame import Session
from converter.errors import ExitCode


def split(
    session: Session,
    path: options.OnePath,
    directory: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Where the two files go.")
    ],
    force: options.Force = False,
    dry_run: options.DryRun = False,
) -> ExitCode:
    """Take a model apart into architecture JSON and weights."""
    from converter.api.split import split

    done = split(path, directory, force=force, dry_run=dry_run)
    document.write(session, [done])
    arrow = "→" if done.written else "would become"
    session.text(f"{done.source} {arrow} {done.architecture} and {done.weights}")
    return ExitCode.OK if done.written else ExitCode.FINDINGS


def join(
    session: Session,
    architecture: Annotated[
        Path, typer.Argument(metavar="ARCH.json", help="What model.to_json() gave.")
    ],
    weights: Annotated[
        Path, typer.Argument(metavar="WEIGHTS.h5", help="What save_weights() wrote.")
    ],
    output: options.Output = None,
    force: options.Force = False,
    dry_run: options.DryRun = False,
) -> ExitCode:
    """Put architecture JSON and weights together."""
    from converter.api.split import join
    from converter.cli import matching

    done = matching.told(
        session, lambda: join(architecture, weights, output, force=force, dry_run=dry_run)
    )
    document.write(session, [done])
    arrow = "→" if done.written else "would become"
    session.text(f"{done.architecture} and {done.weights} {arrow} {done.output}")
    return ExitCode.OK if done.written else ExitCode.FINDINGS
