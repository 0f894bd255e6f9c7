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
    from converter.cli.render import flowing

    done = split(path, directory, force=force, dry_run=dry_run)
    document.write(session, [done])
    arrow = "→" if done.written else "would become"
    parts = [f"{done.source}", arrow, f"{done.architecture}", f"and {done.weights}"]
    session.text("\n".join(flowing(parts)))
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
    from converter.cli.render import flowing

    done = matching.told(
        session,
        lambda: join(architecture, weights, output, force=force, dry_run=dry_run),
        whole=dry_run,
    )
    document.write(session, [done])
    arrow = "→" if done.written else "would become"
    parts = [f"{done.architecture}", f"and {done.weights}", arrow, f"{done.output}"]
    session.text("\n".join(flowing(parts)))
    return ExitCode.OK if done.written else ExitCode.FINDINGS
