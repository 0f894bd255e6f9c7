"""Paths of files that are not on this machine."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from converter.errors import UsageError

_URL = re.compile(r"([a-z][a-z0-9+.-]+)://(.*)", re.DOTALL)
_STORES = ("s3", "gs", "hf")
_WEB = ("http", "https")
_KNOWN = "kfix reads s3://, gs://, hf://, https:// and http://"

if TYPE_CHECKING:
    _Native = Path
else:
    _Native = type(Path())


class RemotePath(_Native):
    """The path of a remote file; its text is the URL that was given.

    It has those methods of `Path` that reading a model needs. All others know no such file.
    """

    def __str__(self) -> str:
        """The URL, whose two slashes are one in a path."""
        return super().__str__().replace(os.sep, "/").replace(":/", "://", 1)

    def __repr__(self) -> str:
        """With the URL."""
        return f"RemotePath({str(self)!r})"

    @property
    def on_web(self) -> bool:
        """Whether it is a plain web address: one file, which can't be written or searched."""
        return str(self).startswith(tuple(f"{each}:" for each in _WEB))

    def absolute(self) -> RemotePath:
        """Itself."""
        return self

    def resolve(self, strict: bool = False) -> RemotePath:
        """Itself."""
        return self

    def open(self, *_: Any, **__: Any) -> Any:
        """The file, open for reading: seekable, fetched in blocks as they are asked for."""
        from converter.remote import store

        return store.opened(self)

    def read_bytes(self) -> bytes:
        """The whole content."""
        with self.open() as file:
            content: bytes = file.read()
        return content

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        """Kind and size; times are unknown, see `store.tag`."""
        from converter.remote import store

        found = store.info(self)
        kind = stat.S_IFDIR if found["type"] == "directory" else stat.S_IFREG
        return os.stat_result((kind | 0o444, 0, 0, 1, 0, 0, store.size(self), 0, 0, 0))

    def exists(self, **_: Any) -> bool:
        """Whether there is a file or a folder."""
        return self._mode() is not None

    def is_dir(self, **_: Any) -> bool:
        """Whether there is a folder: something whose name begins like this."""
        return stat.S_ISDIR(self._mode() or 0)

    def is_file(self, **_: Any) -> bool:
        """Whether there is a file."""
        return stat.S_ISREG(self._mode() or 0)

    def _mode(self) -> int | None:
        try:
            return self.stat().st_mode
        except FileNotFoundError:
            return None

    def samefile(self, other: str | PathLike[str]) -> bool:
        """Whether both are the same URL."""
        return str(self) == str(other)

    def glob(self, pattern: str, **_: Any) -> Iterator[Path]:  # type: ignore[override]
        """What is in this folder and matches the pattern, in order."""
        from converter.remote import store

        return iter(store.matching(self / pattern))

    def files(self) -> list[RemotePath]:
        """All files below this folder, in order."""
        from converter.remote import store

        return store.below(self)


def located(path: str | PathLike[str]) -> Path:
    """The path that a text means: of this machine, or remote.

    Raises:
        UsageError: a URL that kfix does not read.
    """
    if isinstance(path, RemotePath):
        return path
    found = _URL.fullmatch(os.fspath(path))
    if found is None:
        return Path(path)
    scheme, rest = found.groups()
    if scheme not in (*_STORES, *_WEB):
        raise UsageError(f"{path}: {scheme}:// is not supported", _KNOWN)
    parts = re.split(r"[?#]", rest)[0].removesuffix("/").split("/")
    if not all(parts) or {".", ".."} & set(parts) or "//" in rest:
        raise UsageError(f"{path}: a part of the path is empty, or a dot", "Give the plain URL.")
    return RemotePath(f"{scheme}://{rest}")


def is_remote(path: object) -> bool:
    """Whether it is the path of a remote file."""
    return isinstance(path, RemotePath)
