"""The JSON document that ``--format json`` writes: the same frame for every command."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import typer

from converter import __version__
from converter.cli import visible
from converter.cli.frame import Session
from converter.errors import ExitCode, KfixError

SCHEMA_VERSION = 1
"""Goes up when a key changes its meaning or goes away; new keys may appear without."""


def plain(value: Any) -> Any:
    """A result as JSON values: dataclasses become objects, paths text, tuples lists.

    Fields whose name starts with an underscore are left out.
    """
    if is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in fields(value) if not field.name.startswith("_")]
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    # JSON has no word for these.
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write(session: Session, results: Iterable[Any], errors: Iterable[Any] = ()) -> None:
    """Writes the document to stdout when the session's format is JSON."""
    if not session.as_json:
        return
    document = {
        "schema_version": SCHEMA_VERSION,
        "kfix": __version__,
        "command": session.command,
        "results": [plain(each) for each in results],
        "errors": [plain(each) for each in errors],
    }
    typer.echo(visible.in_json(json.dumps(document, indent=2, ensure_ascii=False)))


def failed(session: Session, error: BaseException) -> None:
    """Writes the document of a command that failed as a whole."""
    write(session, [], [error_entry("", error)])


def error_entry(path: str, error: BaseException) -> dict[str, Any]:
    """What the document says about one failure."""
    known = isinstance(error, KfixError)
    matching = getattr(error, "matching", None)
    more = {"matching": plain(matching)} if matching is not None else {}
    return more | {
        "path": path,
        "exit_code": int(error.exit_code if isinstance(error, KfixError) else ExitCode.BUG),
        "message": str(error),
        "hint": error.hint if isinstance(error, KfixError) else "",
        "bug": not known,
    }
