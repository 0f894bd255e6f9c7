"""The same tasks on a Dask cluster that sees the same files: `perform` in the threads of others.

Only tasks and outcomes go over the wire. The user's own files, which a worker may not have, are
sent along with each task as text; everything else is read and written where the worker is.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from converter import __version__
from converter.batch.outcome import Outcome
from converter.batch.task import Task
from converter.batch.workers import Limits, perform
from converter.errors import MissingObjectError, UsageError
from converter.remote.paths import is_remote, located

PATIENCE = 15.0
"""Seconds to wait for the scheduler."""


@dataclass(frozen=True)
class Luggage:
    """The user's own files and folders, packed, by the paths that the options have for them."""

    packed: Mapping[str, bytes]


def luggage(options: Mapping[str, Any]) -> Luggage:
    """What a task's options name of the user's own: modules, builders, functions, architectures."""
    named = set(_paths(options))
    return Luggage({each: _packed(Path(each)) for each in sorted(named)})


def perform_there(task: Task, limits: Limits, carried: Luggage) -> Outcome:
    """On a worker of the cluster: unpacks what was sent along, and does the task."""
    places = {name: _unpacked(content) for name, content in carried.packed.items()}
    outcome = perform(replace(task, options=_moved(task.options, places)), limits)
    return replace(outcome, task=task)


class _There(Executor):
    """Sends tasks to the cluster together with what belongs to them.

    Not scattered once for all: what is scattered goes down with the workers that hold it.
    """

    def __init__(self, inner: Executor) -> None:
        self._inner = inner
        self._packed: dict[tuple[str, ...], Luggage] = {}

    def submit(self, function: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        """Does a task on a worker; the function is always `perform`, with a task and limits."""
        assert function is perform
        assert not named
        task, limits = arguments
        names = tuple(sorted(set(_paths(task.options))))
        if names not in self._packed:
            self._packed[names] = luggage(task.options)
        return self._inner.submit(perform_there, task, limits, self._packed[names])


@contextmanager
def cluster(scheduler: str) -> Iterator[tuple[Executor, int]]:
    """An executor on the cluster, and how many tasks it does at a time.

    A task whose worker is lost goes to another; one that has taken several down is given up
    (``distributed.scheduler.allowed-failures``).

    Raises:
        MissingObjectError: Dask is not installed, or a worker has another kfix or none.
        UsageError: nobody answers at the address, or nobody works there.
    """
    try:
        Client: Any = import_module("distributed").Client
    except ImportError:
        raise MissingObjectError(
            "--executor dask needs Dask", "pip install 'kfix[dask]', here and on the cluster"
        ) from None
    try:
        client = Client(scheduler, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise UsageError(f"no Dask scheduler answers at {scheduler}: {error}") from error
    with client:
        threads = client.nthreads()
        if not threads:
            raise UsageError(f"the cluster at {scheduler} has no workers")
        _require_kfix(client)
        with client.get_executor(pure=False) as executor:
            yield _There(executor), sum(threads.values())


def _require_kfix(client: Any) -> None:
    for worker, version in client.run(_version, on_error="return").items():
        if version != __version__:
            raise MissingObjectError(
                f"the worker {worker} has {version if isinstance(version, str) else 'no kfix'}",
                f"install kfix {__version__} there",
            )


def _version() -> str:
    from converter import __version__ as installed

    return installed


# What options name


def _paths(options: Mapping[str, Any]) -> Iterator[str]:
    """The files and folders among the values of options that exist here."""
    yield from (each for each in options.get("custom") or () if Path(each).exists())
    architecture = options.get("architecture")
    if architecture and not is_remote(located(architecture)):
        yield str(architecture)
    functions = [options.get("builder"), *(options.get("lambdas") or {}).values()]
    functions += [each.partition("=")[2] for each in options.get("signatures") or ()]
    for each in functions:
        file = (each or "").rpartition(":")[0]
        if file and Path(file).exists():
            yield file
    yield from (str(each) for each in (options.get("vocabulary") or {}).values())


def _moved(value: Any, places: Mapping[str, str]) -> Any:
    """The options with the paths on this machine; a path may have ``:FUNCTION`` behind it."""
    if isinstance(value, Mapping):
        return {key: _moved(item, places) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_moved(item, places) for item in value]
    if isinstance(value, Path):
        return _moved(str(value), places)
    if isinstance(value, str):
        front, equals, rest = value.rpartition("=")
        file, colon, function = rest.rpartition(":")
        if rest in places:
            return f"{front}{equals}{places[rest]}"
        if file in places:
            return f"{front}{equals}{places[file]}{colon}{function}"
    return value


def _packed(path: Path) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as archive:
        archive.add(path, arcname=path.resolve().name, filter=_without_clutter)
    return packed.getvalue()


def _without_clutter(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    name = Path(member.name).name
    hidden = name.startswith(".") or name == "__pycache__"
    return None if hidden and "/" in member.name else member


def _unpacked(content: bytes) -> str:
    return _unpacked_once(hashlib.sha256(content).hexdigest(), content)


@lru_cache(maxsize=64)
def _unpacked_once(digest: str, content: bytes) -> str:
    """Unpacks into a folder that stays as long as this process."""
    folder = Path(tempfile.mkdtemp(prefix=f"kfix-{digest[:8]}-"))
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        archive.extractall(folder, filter="data")
        return str(folder / archive.getnames()[0])
