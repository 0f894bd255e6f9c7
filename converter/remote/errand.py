"""Work on copies: what is remote is fetched, and what comes of it is uploaded when all is well."""

from __future__ import annotations

import contextlib
import copy
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from converter.errors import KfixError, OutputError, UsageError
from converter.remote import store
from converter.remote.paths import RemotePath


class Errand:
    """Folders of this machine that stand for remote ones, as long as a piece of work takes."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._folders: dict[Path, RemotePath] = {}
        self._fetched: dict[Path, tuple[int, int]] = {}

    def fetched(self, path: Path) -> Path:
        """A copy of a remote file or SavedModel; a path of this machine as it is.

        Raises:
            UsageError: there is none.
            NotAModelError: it can't be read.
        """
        if not isinstance(path, RemotePath):
            return path
        place = self._folder(path.parent) / (path.name.partition("?")[0] or "model")
        store.fetch(path, place)
        self._fetched[place] = _identity(place)
        return place

    def outgoing(self, path: Path) -> Path:
        """Where to write what is to become a remote output; a path of this machine as it is."""
        if not isinstance(path, RemotePath):
            return path
        return self._folder(path.parent) / path.name

    def require_free(self, path: Path, source: Path | None = None, *, force: bool) -> None:
        """Looks whether a remote output may be written, before any work is done for it.

        Raises:
            UsageError: it is a web address, or the source.
            OutputError: it exists already.
        """
        if not isinstance(path, RemotePath):
            return
        store.require_writable(path)
        if path == source:
            raise UsageError(f"{path} is the source itself", "replace the source with --in-place")
        if not force and path.exists():
            raise OutputError(f"{path} exists already", "Use --force to replace it.")

    def upload(self, *, force: bool = False) -> None:
        """Uploads all that was written, what replaces a source last.

        Raises:
            OutputError: it exists already, or can't be written; then nothing of it stays.
        """
        found = sorted(
            (self._fetched.get(each) is not None, each, folder / each.name)
            for local, folder in self._folders.items()
            for each in local.iterdir()
            if self._fetched.get(each) != _identity(each)
        )
        for replaces, _, target in found:
            self.require_free(target, force=force or replaces)
        done: list[RemotePath] = []
        try:
            for _, each, target in found:
                store.put(each, target)
                done.append(target)
        except BaseException:
            store.remove([each for each in done if not each.is_dir()])
            raise

    def shown(self, value: Any) -> Any:
        """A result whose paths are those that the user knows."""
        if isinstance(value, Path):
            for local, folder in self._folders.items():
                if value.is_relative_to(local):
                    return folder / value.relative_to(local)
            return value
        if isinstance(value, str):
            for local, folder in self._folders.items():
                value = value.replace(f"{local}{os.sep}", f"{folder}/")
            return value
        if is_dataclass(value) and not isinstance(value, type):
            shown = copy.copy(value)
            for each in fields(value):
                object.__setattr__(shown, each.name, self.shown(getattr(value, each.name)))
            return shown
        if isinstance(value, Mapping):
            return {key: self.shown(item) for key, item in value.items()}
        if type(value) in (list, tuple):
            return type(value)(map(self.shown, value))
        return value

    def relabel(self, error: BaseException) -> None:
        """The same for an error, as it is."""
        error.args = tuple(map(self.shown, error.args))
        for name, value in vars(error).items():
            if name != "__notes__":
                setattr(error, name, self.shown(value))

    def _folder(self, folder: Path) -> Path:
        assert isinstance(folder, RemotePath)
        place = self._scratch / str(len(self._folders))
        place.mkdir()
        self._folders[place] = folder
        return place


@contextlib.contextmanager
def errand() -> Iterator[Errand]:
    """An errand; errors that leave it have the user's paths."""
    with tempfile.TemporaryDirectory(prefix="kfix-") as folder:
        run = Errand(Path(folder).resolve())
        try:
            yield run
        except KfixError as error:
            run.relabel(error)
            raise


def on_copies(
    function: Callable[..., Any], *sources: Any, output: Path | None = None, **options: Any
) -> Any:
    """Calls a function of ``converter.api``, with copies of what is remote.

    Args:
        function: it.
        sources: its first arguments: a path each, or a list of paths.
        output: where its result goes; beside its first source when it is not given.
        options: its keyword arguments; `force`, `dry_run` and `in_place` count here too.

    Raises:
        KfixError: what the function raises, and what `Errand` does.
    """
    several = [each for each in sources if isinstance(each, list)]
    if not any_remote((*sources, *(path for each in several for path in each), output)):
        return function(*sources, **(options if output is None else {**options, "output": output}))
    force, dry_run = bool(options.get("force")), bool(options.get("dry_run"))
    with errand() as run:
        if output is not None:
            if not dry_run:
                run.require_free(output, sources[0], force=force)
            options["output"] = run.outgoing(output)
        copies = [
            [run.fetched(path) for path in each] if isinstance(each, list) else run.fetched(each)
            for each in sources
        ]
        result = function(*copies, **options)
        if not dry_run:
            run.upload(force=force)
        return run.shown(result)


def any_remote(paths: Iterable[object]) -> bool:
    """Whether one of the paths is remote."""
    return any(isinstance(each, RemotePath) for each in paths)


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns
