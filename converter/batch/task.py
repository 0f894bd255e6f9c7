"""What is to be done to one file, as plain data that travels between processes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from converter import __version__
from converter.api.outputs import made_folder
from converter.remote.errand import any_remote, errand
from converter.remote.paths import is_remote, located


@dataclass(frozen=True)
class Verb:
    """A command that works on many files: a function of a module of ``converter.api``.

    Attributes:
        module: the module's name.
        function: the function's name.
        into_folder: it is told the folder of its outputs, not the name of one.
    """

    module: str
    function: str
    into_folder: bool = False

    def __call__(self, source: Path, output: Path | None, **options: Any) -> Any:
        """Calls the function; without an output one that has none to be told."""
        function = getattr(import_module(f"converter.api.{self.module}"), self.function)
        if self.into_folder:
            assert output is not None
            return function(source, output.parent, **options)
        return (
            function(source, **options) if output is None else function(source, output, **options)
        )


VERBS: Mapping[str, Verb] = {
    "check": Verb("check", "check"),
    "convert": Verb("convert", "convert"),
    "inspect": Verb("inspect", "inspect"),
    "repair": Verb("repair", "repair"),
    "split": Verb("split", "split", into_folder=True),
    "strip-optimizer": Verb("strip", "strip_optimizer"),
    "strip-compile": Verb("strip", "strip_compile"),
}


@dataclass(frozen=True)
class Task:
    """One action on one file.

    Attributes:
        verb: the command's name.
        source: the file.
        relative: its path below what was searched, for people.
        output: what the action is expected to write; None where it writes nothing.
        asked: the output's name as the action is to be told it, None to let it go beside the
            source.
        options: the action's keyword arguments, JSON values.
        kinds: what the file has to be, or is passed over; empty where the user has named it.
        new_folder: the output's folder may have to be made.
    """

    verb: str
    source: Path
    relative: Path
    output: Path | None = None
    asked: Path | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    kinds: tuple[str, ...] = ()
    new_folder: bool = False

    @property
    def in_place(self) -> bool:
        """Whether the output takes the place of the source."""
        return bool(self.options.get("in_place"))

    @property
    def key(self) -> str:
        """The task's name in a journal: what is done to which file."""
        return f"{self.verb} {self.source.absolute()}"

    @property
    def digest(self) -> str:
        """Changes with everything but the source that decides what comes out."""
        said = [__version__, self.verb, str(self.output), dict(self.options)]
        text = json.dumps(said, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def call(self) -> Any:
        """Does it, in this process; gives what the library function returns."""
        fetched = self.output is not None and is_remote(self.source)
        architecture = self.options.get("architecture")
        if fetched or any_remote((self.asked, located(architecture or "."))):
            return self._on_copies(located(architecture) if architecture else None)
        return self._done(self.source, self.asked, self.options)

    def _done(self, source: Path, asked: Path | None, options: Mapping[str, Any]) -> Any:
        if self.new_folder and asked is not None and not options.get("dry_run"):
            made_folder(asked.parent)
        return VERBS[self.verb](source, asked, **options)

    def _on_copies(self, architecture: Path | None) -> Any:
        """Does it to copies of what is remote, and uploads what comes of it."""
        force, dry_run = bool(self.options.get("force")), bool(self.options.get("dry_run"))
        with errand() as run:
            if self.output is not None and not dry_run and not self.in_place:
                run.require_free(self.output, self.source, force=force)
            options = dict(self.options)
            if architecture is not None:
                options["architecture"] = str(run.fetched(architecture))
            asked = None if self.asked is None else run.outgoing(self.asked)
            result = self._done(run.fetched(self.source), asked, options)
            if not dry_run:
                run.upload(force=force)
            return run.shown(result)

    def to_json(self) -> dict[str, Any]:
        """The task as JSON values."""
        return {
            key: str(value) if isinstance(value, Path) else value
            for key, value in asdict(self).items()
        }

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Task:
        """The task that `to_json` was called on."""
        paths: dict[str, Any] = {
            key: located(data[key]) if data[key] is not None else None for key in _PATHS
        }
        return cls(
            verb=data["verb"],
            options=data["options"],
            kinds=tuple(data["kinds"]),
            new_folder=data["new_folder"],
            **paths,
        )


_PATHS = ("source", "relative", "output", "asked")
