"""``kfix repair``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from converter.cli import options
from converter.cli.frame import Session
from converter.cli.many import NO_OPTIONS, Many, ManyPaths
from converter.errors import ExitCode

if TYPE_CHECKING:
    from converter.api.repair import Repair


def repair(
    session: Session,
    paths: ManyPaths = None,
    output: options.Output = None,
    output_dir: options.OutputDir = None,
    in_place: options.InPlace = False,
    no_backup: options.NoBackup = False,
    target: options.Target = "keras-3",
    custom: options.Custom = None,
    writer: options.Writer = None,
    input_shape: options.InputShape = None,
    vocabulary: options.Vocabularies = None,
    verify: Annotated[
        bool,
        typer.Option("--verify/--no-verify", help="Load the output and compare with the source."),
    ] = False,
    allow_inexact: options.AllowInexact = False,
    force: options.Force = False,
    dry_run: options.DryRun = False,
    show_diff: options.ShowDiff = False,
    many: Many = NO_OPTIONS,
) -> ExitCode:
    """Write the same kind of file for today's Keras."""
    from converter.api.repair import naming
    from converter.api.told import parsed_shapes
    from converter.api.vocabularies import parsed_vocabularies
    from converter.cli import batch
    from converter.cli.placing import Placing

    work = batch.Work(
        verb="repair",
        options={
            "target": target,
            "custom": custom or [],
            "writer": writer,
            "input_shape": parsed_shapes(input_shape or ()),
            "vocabulary": parsed_vocabularies(vocabulary or ()),
            "in_place": in_place,
            "backup": not no_backup,
            "verify": verify,
            "allow_inexact": allow_inexact,
            "force": force,
            "dry_run": dry_run,
        },
        show=lambda found: _text(session, found, show_diff),
        naming=naming,
        placing=Placing(output, output_dir, in_place),
        single={"timeout": many.timeout},
    )
    return batch.over(session, paths, work, many)


def _text(session: Session, found: Repair, show_diff: bool) -> str:
    from converter.cli import outcome

    if found.output is None:
        return "\n".join(outcome.remark(found.source, "nothing to repair"))
    lines = [*outcome.headline(found.source, found.output, found.written, found.backup)]
    lines += outcome.answered(session, found.findings, show_diff)
    lines += outcome.verification(found.verified, wanted=False)
    return "\n".join(lines)
