"""From the paths of a call to model files: directories are walked, and content decides."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from converter.containers.sniff import HDF5_MAGIC, Kind, sniff
from converter.errors import KfixError, UsageError
from converter.remote.paths import RemotePath, located
from converter.remote.store import matching

MODELS = frozenset({Kind.LEGACY_MODEL, Kind.KERAS_ARCHIVE})
"""Files that hold a whole model."""

WEIGHTS = frozenset({Kind.LEGACY_WEIGHTS, Kind.KERAS3_WEIGHTS})
"""Files that hold weights alone."""

_BROKEN = frozenset({Kind.GIT_LFS_POINTER, Kind.HTML, Kind.EMPTY, Kind.TRUNCATED, Kind.DAMAGED})
_SUFFIXES = (".h5", ".hdf5", ".keras")
_OWN_MARKS = (".repaired", ".stripped", ".edited")


@dataclass(frozen=True)
class Source:
    """A file to work on.

    Attributes:
        path: the file.
        relative: its path below the directory or the fixed part of the glob that it was found
            through; the part that ``--output-dir`` keeps.
        named: the user has named this very file.
    """

    path: Path
    relative: Path
    named: bool = False


@dataclass(frozen=True)
class Search:
    """What is taken of directories and globs.

    Attributes:
        kinds: what the files have to be.
        include: patterns, of which a file's name or relative path has to match one.
        exclude: patterns, of which it may match none.
        closely: whether files are opened to tell what they are. If not, those are taken whose first
            bytes may begin a model, and the rest is left to who opens them.
    """

    kinds: frozenset[Kind] = MODELS
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    closely: bool = True

    def takes(self, source: Source) -> bool:
        """Whether a file that was come across is wanted."""
        if not self._matches(source) or source.path.name.startswith("."):
            return False
        # A store lists nothing but files.
        is_file = isinstance(source.path, RemotePath) or source.path.is_file()
        if not is_file or _is_own_output(source.path):
            return False
        return is_of(source.path, self.kinds) if self.closely else may_be_model(source.path)

    def _matches(self, source: Source) -> bool:
        names = (source.path.name, source.relative.as_posix())
        included, excluded = (
            any(fnmatchcase(name, pattern) for name in names for pattern in patterns)
            for patterns in (self.include, self.exclude)
        )
        return (included or not self.include) and not excluded


def discover(paths: Sequence[str | Path], search: Search = Search()) -> list[Source]:
    """All files that the paths stand for, in order, each once.

    A file that is named is always taken, so that it can fail with its reason. Of a directory or a
    glob those are taken that hold what is wanted, and those with a model's suffix that are broken.
    What kfix itself wrote beside a source (``model.repaired.h5``) is left out, and so are backups
    and hidden folders.

    Args:
        paths: files, directories and globs.
        search: what is taken from directories and globs.

    Raises:
        UsageError: a path does not exist, or nothing was found at it.
    """
    found: dict[Path, Source] = {}
    for path in paths:
        for source in _expand(str(path), search):
            found.setdefault(source.path, source)
    return list(found.values())


def _expand(text: str, search: Search) -> list[Source]:
    path = located(text)
    if _is_folder(path):
        found = (Source(each, _below(each, path)) for each in _walk(path))
        sources = list(filter(search.takes, found)) or _as_a_whole(path)
        return _or_usage_error(sources, f"{text} holds no Keras models")
    if not _is_pattern(path):
        return [Source(path, Path(path.name.partition("?")[0]), named=True)]
    base = _fixed_part(path)
    found = (Source(each, _below(each, base)) for each in _matches(path))
    message = f"nothing that matches {text} is a Keras model"
    return _or_usage_error(filter(search.takes, found), message)


def _is_folder(path: Path) -> bool:
    """Whether it is a folder of files, and not a SavedModel."""
    if isinstance(path, RemotePath) and path.on_web:
        return False
    try:
        return path.is_dir() and not (path / "saved_model.pb").exists()
    except (OSError, ValueError) as error:
        # Too long, or with a null byte.
        raise UsageError(f"{path}: {getattr(error, 'strerror', None) or error}") from error


def _as_a_whole(folder: Path) -> list[Source]:
    """A folder that is one thing: a checkpoint of TensorFlow, an unpacked archive."""
    if sniff(folder).kind is Kind.UNKNOWN:
        return []
    whole = folder if folder.name else folder.resolve()
    return [Source(whole, Path(whole.name), named=True)]


def _or_usage_error(found: Iterable[Source], message: str) -> list[Source]:
    sources = list(found)
    if not sources:
        raise UsageError(message, "name a file to hear why it is not recognised")
    return sources


def _fixed_part(pattern: Path) -> Path:
    """The folders in front of the first part with a wildcard."""
    parts: list[str] = []
    for part in pattern.parts:
        if glob.has_magic(part):
            break
        parts.append(part)
    return type(pattern)(*parts)


def _below(path: Path, top: Path) -> Path:
    """A path below a folder, as one of this machine."""
    return Path(*path.relative_to(top).parts)


def _is_pattern(path: Path) -> bool:
    """Whether it is a glob; what the user has named may have such characters in its name."""
    if not glob.has_magic(str(path)):
        return False
    return not (isinstance(path, RemotePath) and path.on_web) and not path.exists()


def _matches(pattern: Path) -> list[Path]:
    if isinstance(pattern, RemotePath):
        return list(matching(pattern))
    return [Path(each) for each in sorted(glob.glob(str(pattern), recursive=True))]  # noqa: PTH207


def _walk(top: Path) -> Iterator[Path]:
    return _walk_store(top) if isinstance(top, RemotePath) else _walk_here(top)


def _walk_store(top: RemotePath) -> Iterator[Path]:
    files = top.files()
    models = {each.parent for each in files if each.name == "saved_model.pb"}
    for each in files:
        hidden = any(part.startswith(".") for part in each.relative_to(top).parts)
        if not hidden and models.isdisjoint(each.parents):
            yield each


def _walk_here(top: Path) -> Iterator[Path]:
    for folder, names, files in os.walk(top):
        names[:] = sorted(name for name in names if not name.startswith("."))
        if "saved_model.pb" in files:
            names.clear()
            continue
        yield from (Path(folder, name) for name in sorted(files))


def is_of(path: Path, kinds: frozenset[Kind]) -> bool:
    """Whether a file is of one of the kinds, or was meant to be: broken, with a model's suffix."""
    try:
        kind = sniff(path).kind
    except KfixError:
        return path.suffix.lower() in _SUFFIXES
    return kind in kinds or (kind in _BROKEN and path.suffix.lower() in _SUFFIXES)


def may_be_model(path: Path) -> bool:
    """Whether a file begins as HDF5 and zip files do, or is called like one."""
    if path.suffix.lower() in _SUFFIXES:
        return True
    try:
        with path.open("rb") as file:
            return file.read(8).startswith((HDF5_MAGIC, b"PK\x03\x04"))
    except OSError:
        return False


def _is_own_output(path: Path) -> bool:
    """Whether this is the output or the backup of a source that is still beside it."""
    if path.suffix == ".bak":
        return True
    stem, mark = os.path.splitext(path.stem)  # noqa: PTH122
    return mark in _OWN_MARKS and any(
        path.with_name(f"{stem}{suffix}").exists() for suffix in (*_SUFFIXES, path.suffix)
    )
