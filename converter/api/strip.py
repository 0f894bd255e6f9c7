"""Dropping optimizer state or the whole compile state, everything else kept byte for byte."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from converter.api.outputs import Destination, Naming, destination
from converter.api.provenance import Provenance
from converter.containers import Contents, copy_h5, copy_keras, open_model
from converter.containers.sniff import Kind
from converter.errors import UsageError

OPTIMIZER = "optimizer_weights"
COMPILE = "training_config"


@dataclass(frozen=True)
class Stripped:
    """What was dropped from one file.

    Attributes:
        source: the file.
        output: what was written, or would be; None when there was nothing to drop.
        backup: where the source is kept when it was replaced.
        written: False for a dry run, and when there was nothing to drop.
        dropped: names of what was dropped: ``optimizer_weights``, ``training_config``.
        optimizer_bytes: size of the dropped arrays.
        size_before: bytes on disk.
        size_after: bytes on disk; None when nothing was written.
    """

    source: Path
    output: Path | None
    backup: Path | None
    written: bool
    dropped: tuple[str, ...]
    optimizer_bytes: int
    size_before: int
    size_after: int | None


def strip_optimizer(
    path: str | PathLike[str],
    output: str | PathLike[str] | None = None,
    *,
    in_place: bool = False,
    backup: bool = True,
    force: bool = False,
    dry_run: bool = False,
) -> Stripped:
    """Drops the optimizer's variables; the model stays compiled, the optimizer starts afresh.

    Args:
        path: a legacy model or an archive.
        output: the output's name; by default ``NAME.stripped.h5`` beside the source.
        in_place: replace the source.
        backup: with ``in_place``, keep the source as ``NAME.bak``.
        force: replace an output, or a backup, that exists.
        dry_run: only find out what would be done.

    Raises:
        NotAModelError: the file is no Keras model.
        OutputError: the output exists or can't be written.
        UsageError: no such file, or options that contradict each other.
    """
    return _strip(Path(path), output, (OPTIMIZER,), in_place, backup, force, dry_run)


def strip_compile(
    path: str | PathLike[str],
    output: str | PathLike[str] | None = None,
    *,
    in_place: bool = False,
    backup: bool = True,
    force: bool = False,
    dry_run: bool = False,
) -> Stripped:
    """Drops loss, metrics, the optimizer's settings and its variables; see ``strip_optimizer``."""
    return _strip(Path(path), output, (COMPILE, OPTIMIZER), in_place, backup, force, dry_run)


def _strip(
    path: Path,
    output: str | PathLike[str] | None,
    parts: tuple[str, ...],
    in_place: bool,
    backup: bool,
    force: bool,
    dry_run: bool,
) -> Stripped:
    with open_model(path) as source:
        contents = source.contents
    if contents.kind not in (Kind.LEGACY_MODEL, Kind.KERAS_ARCHIVE):
        raise UsageError(f"{path} holds neither compile nor optimizer state, only part of a model")
    dropped = tuple(part for part in parts if _has(contents, part))
    size = sum(each.nbytes for each in contents.optimizer_weights)
    if not dropped:
        return Stripped(path, None, None, False, (), 0, contents.size, None)
    place = destination(
        path,
        naming(path),
        None if output is None else Path(output),
        in_place=in_place,
        backup=backup,
        force=force,
    )
    after = None if dry_run else _write(contents, parts, dropped, place)
    backup_path = place.backup_path
    return Stripped(path, place.path, backup_path, not dry_run, dropped, size, contents.size, after)


def naming(source: Path) -> Naming:
    """How the stripped form of a file is called."""
    return Naming(source.suffix, ".stripped")


def _has(contents: Contents, part: str) -> bool:
    if part == OPTIMIZER:
        return bool(contents.optimizer_weights or contents.optimizer_problem)
    # A state that is no JSON is kept among the attributes.
    return contents.training_config is not None or COMPILE in contents.attributes


def _write(
    contents: Contents, parts: tuple[str, ...], dropped: tuple[str, ...], place: Destination
) -> int:
    rules = [f"strip {part}" for part in dropped]
    with place.publishing(_reopen) as path, Provenance(contents.path, rules) as note:
        if contents.kind is Kind.KERAS_ARCHIVE:
            config = {**(contents.config or {}), "compile_config": None}
            copy_keras(
                contents.path,
                path,
                config=config if COMPILE in parts else None,
                metadata=note.metadata,
                drop_optimizer=True,
            )
        else:
            copy_h5(
                contents.path,
                path,
                drop_attributes=(COMPILE,) if COMPILE in parts else (),
                drop_groups=(OPTIMIZER,),
                late_attributes=note.attributes,
            )
        return path.stat().st_size


def _reopen(path: Path) -> None:
    with open_model(path):
        pass
