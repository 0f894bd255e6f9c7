"""What is asked of a remote store: the only importer of fsspec."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Any

from converter.errors import (
    KfixError,
    MissingObjectError,
    NotAModelError,
    OutputError,
    UnsafeContentError,
    UsageError,
)
from converter.remote.paths import RemotePath

BLOCK = 128 << 10
"""Bytes that are fetched at a time of a file that is only looked at."""
_KEPT = 256
"""Blocks of a file that are kept."""
_CONNECT, _READ = 20, 60
"""Seconds to wait for a store to answer, and for its next bytes."""
_TAGS = ("ETag", "etag", "blob_id", "md5Hash", "Content-MD5", "Digest")
_TIMES = ("LastModified", "updated", "mtime", "Last-Modified", "last_commit")


# Errors


@contextlib.contextmanager
def told(path: RemotePath, *, writing: bool = False) -> Iterator[None]:
    """Turns whatever a store's library raises into an error that says what can't be done, and why.

    Raises:
        FileNotFoundError: as it is, when reading.
        OutputError: when writing.
        NotAModelError: when reading.
    """
    try:
        yield
    except KfixError:
        raise
    # Each store has its own hierarchy of errors, and that of the network below.
    except Exception as error:
        real = _real(error)
        if _is_missing(real):
            if not writing:
                raise FileNotFoundError(str(path)) from error
            raise OutputError(f"{path} can't be written: there is no such bucket") from error
        why, hint = _reason(real, path)
        if writing:
            raise OutputError(f"{path} can't be written: {why}", hint) from error
        raise NotAModelError(f"{path} can't be read: {why}", hint) from error


def _real(error: BaseException) -> BaseException:
    """What has happened: fsspec says of all that goes wrong on the web that there is no file."""
    hidden = isinstance(error, FileNotFoundError) and error.__cause__ is not None
    cause = error.__cause__ if hidden else None
    return cause if cause is not None and type(cause).__module__.startswith("aiohttp") else error


def _is_missing(error: BaseException) -> bool:
    return isinstance(error, FileNotFoundError) or getattr(error, "status", None) in (404, 410)


_CREDENTIALS = {
    "s3": "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE;"
    " for a public bucket FSSPEC_S3_ANON=true.",
    "gs": "Run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS;"
    " for a public bucket FSSPEC_GS_TOKEN=anon.",
    "hf": "Run `hf auth login`, or set HF_TOKEN.",
}


def _reason(error: BaseException, path: RemotePath) -> tuple[str, str]:
    """Why, and what to do about it."""
    kind, said = type(error).__name__, " ".join(str(error).split())[:200]
    hint = _CREDENTIALS.get(_scheme(path), "")
    if "Credentials" in kind or "credentials" in said:
        return "there are no credentials for it", hint
    status = getattr(error, "status", None)
    if isinstance(error, PermissionError) or status in (401, 403):
        return "access is denied", hint
    if status is not None:
        return f"the server answers {status} {getattr(error, 'message', '')}".rstrip(), ""
    if isinstance(error, TimeoutError) or "Timeout" in kind:
        return "the server does not answer in time", "Try again later."
    if "Connect" in kind or "DNS" in kind:
        return "the server can't be reached", "Check the address and the network."
    return said or kind, ""


def _scheme(path: RemotePath) -> str:
    return str(path).partition(":")[0]


# File systems

_LIBRARIES = {"s3": "s3fs", "gs": "gcsfs", "hf": "huggingface_hub", "http": "aiohttp"}

_TALKATIVE = ("asyncio", "fsspec", "gcsfs", "google", "huggingface_hub", "s3fs")


def _system(path: RemotePath) -> Any:
    scheme = _scheme(path)
    library = _LIBRARIES[scheme.replace("https", "http")]
    try:
        fsspec = import_module("fsspec")
        import_module(library)
    except ImportError as error:
        raise MissingObjectError(
            f"{scheme}:// needs {error.name or library}", "pip install 'kfix[remote]'"
        ) from error
    for name in _TALKATIVE:
        # Errors are told once, by us, unless the caller has set up logging.
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
    with told(path):
        return fsspec.filesystem(scheme, use_listings_cache=False, **_options(scheme))


def _options(scheme: str) -> dict[str, Any]:
    if scheme == "s3":
        return {"config_kwargs": {"connect_timeout": _CONNECT, "read_timeout": _READ}}
    if scheme in ("http", "https"):
        # The time of the whole transfer has a limit in aiohttp, which large files would exceed.
        limits = {"total": None, "sock_connect": _CONNECT, "sock_read": _READ}
        timeout = import_module("aiohttp").ClientTimeout(**limits)
        return {"client_kwargs": {"timeout": timeout}}
    return {}


def _name(path: RemotePath) -> str:
    """How file systems call it: the web's by its URL, others without the scheme."""
    return str(path) if path.on_web else str(path).partition("://")[2]


# Looking


@dataclass
class _Seen:
    """What is known of the files that are being read, and which reads have failed."""

    infos: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    files: dict[str, Any] = field(default_factory=dict)
    failures: list[KfixError] = field(default_factory=list)

    def close(self) -> None:
        for file in self.files.values():
            file.close()


_seen: ContextVar[_Seen | None] = ContextVar("_seen", default=None)


@contextlib.contextmanager
def reading() -> Iterator[None]:
    """While a file is being read, what was fetched of it is kept, and may not change.

    Raises:
        KfixError: the store has failed, whatever became of that in between; libraries take the
            file for damaged then.
    """
    if _seen.get() is not None:
        yield
        return
    seen = _Seen()
    token = _seen.set(seen)
    try:
        yield
    except Exception as error:
        if seen.failures and error is not seen.failures[0]:
            raise seen.failures[0] from error
        raise
    finally:
        _seen.reset(token)
        seen.close()
    if seen.failures:
        raise seen.failures[0]


def info(path: RemotePath) -> Mapping[str, Any]:
    """What a store says of a file or folder.

    Raises:
        FileNotFoundError: there is none.
        NotAModelError: the store does not answer, or denies it.
    """
    seen = _seen.get()
    known = seen.infos.get(str(path)) if seen else None
    if known is None:
        with told(path):
            known = _system(path).info(_name(path))
        if seen:
            seen.infos[str(path)] = known
    return known


def size(path: RemotePath) -> int:
    """Bytes; where a web server does not say it, those that it sends."""
    said = info(path).get("size")
    if said is None and path.on_web:
        with opened(path) as file:
            return int(file.seek(0, os.SEEK_END))
    return int(said or 0)


def tag(path: RemotePath) -> str:
    """What changes with a file's content, or at least with each writing; empty when not known."""
    found = info(path)
    names = [each for each in (*_TAGS, *_TIMES) if found.get(each)]
    return str(found[names[0]]) if names else ""


def below(folder: RemotePath) -> list[RemotePath]:
    """All files below a folder, in order.

    Raises:
        UnsafeContentError: the name of one leads out of the folder.
    """
    with told(folder):
        found = _system(folder).find(_name(folder))
    return [_child(folder, name) for name in sorted(found)]


def matching(pattern: RemotePath) -> list[RemotePath]:
    """All files that match a pattern, in order."""
    with told(pattern):
        found = _system(pattern).glob(_name(pattern), detail=True)
    names = sorted(name for name, each in found.items() if each["type"] == "file")
    return [_child(pattern, name) for name in names]


def _child(place: RemotePath, name: str) -> RemotePath:
    parts = name.split("/")
    if {"", ".", ".."} & set(parts) or "\\" in name:
        raise UnsafeContentError(f"{place}: the key {name!r} is no path below it")
    return RemotePath(f"{_scheme(place)}://{name}")


# Reading


class RemoteFile(io.RawIOBase):
    """A remote file to read from, wherever in it."""

    def __init__(self, path: RemotePath, inner: Any, length: int, *, own: bool) -> None:
        """``inner`` is a file of fsspec, which is closed in the end if it is its ``own``."""
        super().__init__()
        self._path, self._inner, self._length, self._own = path, inner, length, own
        self._position = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """The position in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Moves to ``offset``; returns the new position."""
        origins = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._length}
        self._position = origins[whence] + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Fills ``buffer``, except at the end; returns the number of bytes."""
        view = memoryview(buffer).cast("B")
        wanted = max(0, min(len(view), self._length - self._position))
        if not wanted:
            return 0
        with self._failure_kept():
            self._inner.seek(self._position)
            content = self._inner.read(wanted)
            if len(content) != wanted:
                raise OSError("it ends before its time")
        view[:wanted] = content
        self._position += wanted
        return wanted

    @contextlib.contextmanager
    def _failure_kept(self) -> Iterator[None]:
        try:
            with told(self._path):
                yield
        except (KfixError, FileNotFoundError) as error:
            gone = NotAModelError(f"{self._path} can't be read: it is gone")
            seen = _seen.get()
            if seen:
                seen.failures.append(error if isinstance(error, KfixError) else gone)
            raise OSError(str(error)) from error

    def close(self) -> None:
        """Closes it."""
        if self._own and not self.closed:
            self._inner.close()
        super().close()


def opened(path: RemotePath) -> RemoteFile:
    """A file to read from; of one that comes in one piece only there is a copy without a name.

    Raises:
        FileNotFoundError: there is none.
        NotAModelError: it can't be read.
    """
    seen = _seen.get()
    inner = seen.files.get(str(path)) if seen else None
    if inner is None:
        with told(path):
            inner = _ranged(path) or _whole(path)
        if seen:
            seen.files[str(path)] = inner
    return RemoteFile(path, inner, inner.seek(0, os.SEEK_END), own=seen is None)


def _ranged(path: RemotePath) -> Any:
    """A file of fsspec; None where the server gives no parts of it or does not know its length."""
    length = info(path).get("size")
    if length is None:
        return None
    system = _system(path)
    kept = {"maxblocks": _KEPT}
    file = system.open(
        _name(path), "rb", block_size=BLOCK, cache_type="blockcache", cache_options=kept
    )
    if not path.on_web or not length:
        return file
    try:
        file.seek(length - 1)
        file.read(1)
    except ValueError:
        # What fsspec raises when a web server sends all of it.
        file.close()
        return None
    return file


def _whole(path: RemotePath) -> Any:
    copy = tempfile.TemporaryFile()  # noqa: SIM115  handed to the caller
    try:
        with _system(path).open(_name(path), "rb", block_size=0) as stream:
            while block := stream.read(1 << 20):
                copy.write(block)
    except BaseException:
        copy.close()
        raise
    return copy


def fetch(path: RemotePath, target: Path) -> None:
    """Copies a file, or a folder with all that is in it.

    Raises:
        UsageError: there is none.
        NotAModelError: it can't be read.
        UnsafeContentError: see `below`.
    """
    try:
        folder = path.is_dir()
        files = path.files() if folder else [path]
        for each in files:
            place = target.joinpath(*each.relative_to(path).parts) if folder else target
            place.parent.mkdir(parents=True, exist_ok=True)
            with told(each):
                _system(each).get_file(_name(each), str(place))
    except FileNotFoundError as error:
        raise UsageError(f"{path}: no such file") from error


# Writing


def require_writable(path: RemotePath) -> None:
    """Raises UsageError for a web address."""
    if path.on_web:
        raise UsageError(f"{path}: kfix can't write there", "Outputs go to s3://, gs:// or hf://.")


def put(source: Path, target: RemotePath) -> None:
    """Uploads a file, or a folder; of a folder nothing stays when it can't be finished.

    A SavedModel is one only when its ``saved_model.pb`` is there, which comes last. An older one
    loses it first.

    Raises:
        OutputError: it can't be written.
    """
    if not source.is_dir():
        _put_file(source, target)
        return
    names = [
        PurePosixPath(each.relative_to(source)) for each in source.rglob("*") if each.is_file()
    ]
    names.sort(key=lambda name: (name.name == "saved_model.pb", name))
    with told(target, writing=True):
        old = set(target.files()) if target.is_dir() else set()
    remove([each for each in old if each.name == "saved_model.pb"])
    done: list[RemotePath] = []
    try:
        for name in names:
            _put_file(source / name, target / name)
            done.append(target / name)
    except BaseException:
        remove(done)
        raise
    remove(sorted(old - set(done) - {target / "saved_model.pb"}))


def _put_file(source: Path, target: RemotePath) -> None:
    with told(target, writing=True):
        _system(target).put_file(str(source), _name(target))
    _forget(target)


def remove(paths: list[RemotePath]) -> None:
    """Removes files; those that are not there don't matter."""
    for path in paths:
        with contextlib.suppress(FileNotFoundError), told(path, writing=True):
            _system(path).rm_file(_name(path))
        _forget(path)


def _forget(path: RemotePath) -> None:
    seen = _seen.get()
    if seen:
        seen.infos.pop(str(path), None)
        if file := seen.files.pop(str(path), None):
            file.close()
