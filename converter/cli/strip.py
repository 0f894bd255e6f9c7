"""``kfix strip-optimizer`` and ``kfix strip-compile``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.cli import options
from converter.cli.frame import Session
from converter.cli.many import NO_OPTIONS, Many, ManyPaths
from converter.errors import ExitCode

if TYPE_CHECKING:
    from converter.api.strip import Stripped
    from converter.cli.placing import Placing


def strip_optimizer(
    session: Session,
    paths: ManyPaths = None,
    output: options.Output = None,
    output_dir: options.OutputDir = None,
    in_place: options.InPlace = False,
    no_backup: options.NoBackup = False,
    force: options.Force = False,
    dry_run: options.DryRun = False,
    many: Many = NO_OPTIONS,
) -> ExitCode:
    """Drop the optimizer's state; the models stay compiled."""
    from converter.cli.placing import Placing

    placing = Placing(output, output_dir, in_place)
    given = _options(in_place, no_backup, force, dry_run)
    return _strip(session, "strip-optimizer", paths, placing, given, many)


def strip_compile(
    session: Session,
    paths: ManyPaths = None,
    output: options.Output = None,
    output_dir: options.OutputDir = None,
    in_place: options.InPlace = False,
    no_backup: options.NoBackup = False,
    force: options.Force = False,
    dry_run: options.DryRun = False,
    many: Many = NO_OPTIONS,
) -> ExitCode:
    """Drop loss, metrics and the optimizer with its state."""
    from converter.cli.placing import Placing

    placing = Placing(output, output_dir, in_place)
    given = _options(in_place, no_backup, force, dry_run)
    return _strip(session, "strip-compile", paths, placing, given, many)


def _options(in_place: bool, no_backup: bool, force: bool, dry_run: bool) -> dict[str, bool]:
    return {"in_place": in_place, "backup": not no_backup, "force": force, "dry_run": dry_run}


def _strip(
    session: Session,
    verb: str,
    paths: list[str] | None,
    placing: Placing,
    given: dict[str, bool],
    many: Many,
) -> ExitCode:
    from converter.api.strip import naming
    from converter.cli import batch

    work = batch.Work(verb, given, _text, naming, placing)
    return batch.over(session, paths, work, many)


def _text(found: Stripped) -> str:
    from converter.cli import outcome
    from converter.cli.render import indented, size

    if found.output is None:
        return "\n".join(outcome.remark(found.source, "nothing to drop"))
    lines = [*outcome.headline(found.source, found.output, found.written, found.backup)]
    what = " and ".join(found.dropped)
    if found.size_after is None:
        sizes = f", {size(found.optimizer_bytes)} of optimizer state"
    else:
        sizes = f": {size(found.size_before)} → {size(found.size_after)}"
    return "\n".join([*lines, *indented(f"without {what}{sizes}", 2)])
