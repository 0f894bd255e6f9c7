"""``kfix strip-optimizer`` and ``kfix strip-compile``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from converter.cli import options
from converter.cli.frame import Session
from converter.errors import ExitCode

if TYPE_CHECKING:
    from converter.api.strip import Stripped
    from converter.cli.placing import Placing


def strip_optimizer(
    session: Session,
    paths: options.Paths,
    output: options.Output = None,
    output_dir: options.OutputDir = None,
    in_place: options.InPlace = False,
    no_backup: options.NoBackup = False,
    force: options.Force = False,
    dry_run: options.DryRun = False,
) -> ExitCode:
    """Drop the optimizer's state; the models stay compiled."""
    from converter.api.strip import strip_optimizer
    from converter.cli.placing import Placing

    placing = Placing(output, output_dir, in_place)
    return _strip(session, paths, strip_optimizer, placing, no_backup, force, dry_run)


def strip_compile(
    session: Session,
    paths: options.Paths,
    output: options.Output = None,
    output_dir: options.OutputDir = None,
    in_place: options.InPlace = False,
    no_backup: options.NoBackup = False,
    force: options.Force = False,
    dry_run: options.DryRun = False,
) -> ExitCode:
    """Drop loss, metrics and the optimizer with its state."""
    from converter.api.strip import strip_compile
    from converter.cli.placing import Placing

    placing = Placing(output, output_dir, in_place)
    return _strip(session, paths, strip_compile, placing, no_backup, force, dry_run)


def _strip(
    session: Session,
    paths: list[str],
    function: Callable[..., Stripped],
    placing: Placing,
    no_backup: bool,
    force: bool,
    dry_run: bool,
) -> ExitCode:
    from converter.api.discovery import discover
    from converter.api.strip import naming
    from converter.cli import batch

    sources = discover(paths)
    placing.check(sources, naming)
    return batch.run(
        session,
        sources,
        lambda source: function(
            source.path,
            placing.prepared(source, naming, dry_run),
            in_place=placing.in_place,
            backup=not no_backup,
            force=force,
            dry_run=dry_run,
        ),
        _text,
        lambda found: ExitCode.FINDINGS if found.output and not found.written else ExitCode.OK,
    )


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
