"""Outputs appear complete or not at all: written beside their destination, then renamed."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from converter.errors import OutputError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.EISDIR)
_PREFIX = ".kfix-"
_RANDOM = 6
"""Random bytes in the name of a temporary."""
_LONGEST = 200
"""Characters of an output's name that its temporary keeps."""


@contextlib.contextmanager
def publish(
    destination: Path,
    *,
    force: bool = False,
    in_place: bool = False,
    backup: bool = True,
    check: Callable[[Path], object] | None = None,
) -> Iterator[Path]:
    """A path to write to that becomes ``destination`` when the block ends without an error.

    The path is an empty hidden file in the same directory whose name ends like the destination's.
    Afterwards it is flushed to disk, ``check`` is called with it (to reopen it), and it replaces
    the destination in one step. If anything fails, it is removed and the destination is as before.

    Args:
        destination: the final name; a symbolic link is followed.
        force: replace an existing destination, or with ``in_place`` an existing backup.
        in_place: the destination is the source: it must exist and is replaced.
        backup: with ``in_place``, keep the old file as ``NAME.bak``.
        check: raises if the written file is not what it should be.

    Raises:
        OutputError: the destination exists, or cannot be written.
    """
    destination = destination.resolve()
    saved = _backup_path(destination) if in_place and backup else None
    _refuse_existing(destination, saved, force=force, in_place=in_place)
    with _translated(destination):
        temporary = _create(destination)
    try:
        with _translated(destination):
            yield temporary
            _finish(temporary, destination, check)
            if saved:
                _keep(destination, saved, force)
            _replace(temporary, destination, force or in_place)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def publish_directory(
    destination: Path, *, force: bool = False, check: Callable[[Path], object] | None = None
) -> Iterator[Path]:
    """Like ``publish`` for a directory (a SavedModel), which is empty when it is yielded.

    Folders above it are made where they are missing: TensorFlow Serving wants ``models/name/1``.
    """
    destination = destination.resolve()
    _refuse_existing(destination, None, force=force, in_place=False)
    old = _beside(destination)
    with _translated(destination):
        temporary = _beside(destination)
        temporary.mkdir(parents=True)
    try:
        with _translated(destination):
            yield temporary
            for folder, _, names in os.walk(temporary):
                for name in names:
                    _flush(Path(folder, name))
                _flush_directory(Path(folder))
            if check:
                check(temporary)
            if destination.exists():
                # Renaming over a full directory is not possible; the old one waits aside until the
                # new one is there.
                destination.rename(old)
            temporary.rename(destination)
            _flush_directory(destination.parent)
    finally:
        if old.exists() and not destination.exists():
            old.rename(destination)
        _remove(old)
        _remove(temporary)


def remove_leftovers(destination: Path) -> None:
    """Removes what a killed process has left of an output: its temporaries, not the output."""
    destination = destination.resolve()
    ending = f"-{destination.name[-_LONGEST:]}"
    if not destination.parent.is_dir():
        return
    for each in destination.parent.iterdir():
        name = each.name
        own = name.startswith(_PREFIX) and name.endswith(ending)
        if own and len(name) == len(_PREFIX) + 2 * _RANDOM + len(ending):
            shutil.rmtree(each, ignore_errors=True) if each.is_dir() else each.unlink()


def _refuse_existing(destination: Path, saved: Path | None, *, force: bool, in_place: bool) -> None:
    if in_place and not destination.is_file():
        raise OutputError(f"{destination} is not a file that could be replaced")
    if destination.exists() and not (force or in_place):
        raise OutputError(f"{destination} exists already", "Use --force to replace it.")
    if saved and saved.exists() and not force:
        raise OutputError(
            f"the backup {saved} exists already", "Move it away, or use --force to replace it."
        )


def _backup_path(destination: Path) -> Path:
    return destination.with_name(f"{destination.name}.bak")


def _beside(destination: Path) -> Path:
    # The name ends as the destination's does, because Keras tells formats apart by the suffix; it
    # may not grow too long for the disk.
    random = secrets.token_hex(_RANDOM)
    return destination.with_name(f"{_PREFIX}{random}-{destination.name[-_LONGEST:]}")


def _create(destination: Path) -> Path:
    temporary = _beside(destination)
    # 0o666 less the umask, as for any new file; tempfile's 0o600 would end up on the output.
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    return temporary


def _finish(temporary: Path, destination: Path, check: Callable[[Path], object] | None) -> None:
    if destination.is_file():
        shutil.copymode(destination, temporary)
    _flush(temporary)
    if check:
        check(temporary)


def _keep(destination: Path, saved: Path, force: bool) -> None:
    """A second name for the old file, so that it always has one; a copy where links don't exist."""
    if force:
        saved.unlink(missing_ok=True)
    try:
        os.link(destination, saved)
    except FileExistsError:
        raise OutputError(f"the backup {saved} exists already") from None
    except OSError:
        with publish(saved, force=force) as copy:
            shutil.copy2(destination, copy)


def _replace(temporary: Path, destination: Path, may_exist: bool) -> None:
    if may_exist:
        temporary.replace(destination)
    else:
        _claim(temporary, destination)
    _flush_directory(destination.parent)


def _claim(temporary: Path, destination: Path) -> None:
    """Rename without replacing a file that has appeared meanwhile."""
    try:
        os.link(temporary, destination)
    except FileExistsError:
        raise OutputError(f"{destination} exists already", "Use --force to replace it.") from None
    except OSError:
        temporary.replace(destination)


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _flush_directory(path: Path) -> None:
    # Not every system lets a directory be opened or flushed, and the rename is done by then.
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _remove(path: Path) -> None:
    if path.exists():
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def _translated(destination: Path) -> Iterator[None]:
    """The system's errors about the output in one clear line; others, as of reading, pass."""
    folder = destination.parent
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise OutputError(
                f"{folder}: no space left for {destination.name}", "Free some space."
            ) from error
        if not folder.is_dir():
            raise OutputError(f"{folder} is not a directory", "Create it first.") from error
        if error.errno in _REFUSED and _is_about(error, destination):
            raise OutputError(f"{destination} cannot be written: {error.strerror}") from error
        raise


def _is_about(error: OSError, destination: Path) -> bool:
    """Whether an error names the output, its temporary or its backup, rather than a source."""
    names = [Path(os.fsdecode(name)) for name in (error.filename, error.filename2) if name]
    ours = (destination, _backup_path(destination))
    return any(name in ours or name.name.startswith(_PREFIX) for name in names)
