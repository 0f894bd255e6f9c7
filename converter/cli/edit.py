"""``kfix edit``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from converter.cli import document, options
from converter.cli.frame import Session
from converter.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from converter.api.edit import Edited


def edit(
    session: Session,
    path: options.OnePath,
    output: options.Output = None,
    rename_class: Annotated[
        list[str] | None,
        typer.Option("--rename-class", metavar="OLD=NEW", help="Another class for layers."),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="LAYER.KEY=JSON", help="Set a config value."),
    ] = None,
    drop: Annotated[
        list[str] | None,
        typer.Option("--drop", metavar="LAYER.KEY", help="Remove a config key."),
    ] = None,
    keras_version: Annotated[
        str | None, typer.Option("--keras-version", metavar="V", help="Who wrote the file.")
    ] = None,
    backend: Annotated[
        str | None, typer.Option("--backend", metavar="B", help="The writer's backend.")
    ] = None,
    training_config: Annotated[
        str | None,
        typer.Option("--training-config", metavar="drop|FILE.json", help="The compile state."),
    ] = None,
    model_config: Annotated[
        Path | None,
        typer.Option("--model-config", metavar="FILE.json", help="The architecture."),
    ] = None,
    in_place: options.InPlace = False,
    no_backup: options.NoBackup = False,
    force: options.Force = False,
    dry_run: options.DryRun = False,
    show_diff: options.ShowDiff = False,
) -> ExitCode:
    """Rewrite what a file says, exactly as told.

    LAYER is a name, a path such as encoder/dense, or a pattern such as 'conv_*'.
    """
    from converter.api.edit import DROP, edit
    from converter.remote.errand import on_copies

    done = on_copies(
        edit,
        path,
        output=output,
        rename_classes=dict(_pair(each, "--rename-class") for each in rename_class or ()),
        set_values={
            key: _json(text) for key, text in (_pair(each, "--set") for each in set_ or ())
        },
        drop_keys=drop or (),
        keras_version=keras_version,
        backend=backend,
        training_config=_config_file(training_config, DROP),
        model_config=_read(model_config) if model_config else None,
        in_place=in_place,
        backup=not no_backup,
        force=force,
        dry_run=dry_run,
    )
    document.write(session, [done])
    session.text("\n".join(_lines(done, show_diff or dry_run)))
    return ExitCode.FINDINGS if done.output and not done.written else ExitCode.OK


def _pair(text: str, option: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key or not value:
        raise UsageError(f"{option} {text}: there is no NAME=VALUE in it")
    return key, value


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise UsageError(
            f"--set: {text} is not JSON: {error}", "text needs quotes: --set 'dense.name=\"out\"'"
        ) from error


def _config_file(text: str | None, drop: str) -> Any:
    return text if text is None or text == drop else _read(Path(text))


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path} is not JSON: {error}") from error


def _lines(done: Edited, show_diff: bool) -> Iterator[str]:
    from converter.cli import outcome, render

    if done.output is None:
        yield from outcome.remark(done.source, "nothing to change")
        return
    yield from outcome.headline(done.source, done.output, done.written, done.backup)
    count = len(done.edits)
    yield f"  {count} value{'s' if count != 1 else ''} changed"
    for each in done.edits if show_diff else ():
        yield render.coloured(f"@ {each.layer or 'the file'}", "cyan")
        yield from render.edit(each.edit)
