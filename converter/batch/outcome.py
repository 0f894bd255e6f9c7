"""What became of a task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from converter.batch.row import Row
from converter.batch.task import Task


@dataclass(frozen=True)
class Mark:
    """What tells whether a file is still the same.

    Attributes:
        size: bytes.
        changed: time of the last change, in nanoseconds.
        sha256: of the content; empty where it was not needed.
        tag: what a remote store calls this content: its ETag, or else the time of its writing.
    """

    size: int
    changed: int
    sha256: str = ""
    tag: str = ""


@dataclass(frozen=True)
class Outcome:
    """What became of a task.

    Attributes:
        task: what was to be done.
        row: it in short.
        mark: the source as it was read, None where it could not be.
        result: what the library function returned.
        error: what it raised.
    """

    task: Task
    row: Row
    mark: Mark | None = None
    result: Any = None
    error: BaseException | None = None
