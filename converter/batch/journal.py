"""What a batch has done, line by line on disk, so that a killed one goes on where it was.

One JSON object a line: a task's start, and its end with the marks of what was read and written. The
last line may be torn; it is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from filelock import FileLock, Timeout

from converter.api.provenance import sha256
from converter.batch.outcome import Mark, Outcome
from converter.batch.row import Row
from converter.batch.task import Task
from converter.batch.work import mark_of
from converter.containers.publishing import remove_leftovers
from converter.errors import OutputError, UsageError
from converter.remote.paths import is_remote, located

FOLDER = ".kfix"
"""The hidden folder of a journal, in the folder that the batch works on."""
NAME = "journal.jsonl"
DONE = ("done", "unchanged", "passed over")


@dataclass(frozen=True)
class _Past:
    """The last line about a task."""

    digest: str
    ended: bool
    source: Mark | None = None
    output: Mark | None = None
    row: Row | None = None


class Journal:
    """The journal of a folder; a context manager, open for one batch at a time.

    Args:
        path: the file; made with its folder where it is missing.
        fresh: forget what it says.

    Raises:
        OutputError: it can't be written.
        UsageError: another batch has it open, or the file is something else.
    """

    def __init__(self, path: Path, *, fresh: bool = False) -> None:
        """Reads what an earlier batch has left."""
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(path.with_suffix(".lock"))
            self._lock.acquire(timeout=0)
        except Timeout:
            raise UsageError(
                f"another kfix is at work here ({path})", "wait for it, or name another --journal"
            ) from None
        except OSError as error:
            raise OutputError(f"{path} can't be written: {error.strerror}") from error
        try:
            self._past = {} if fresh else dict(_read(path))
            self._file = self._opened(fresh)
        except BaseException:
            self._lock.release()
            raise

    def _opened(self, fresh: bool) -> TextIO:
        try:
            file = self.path.open("w" if fresh else "a", encoding="utf-8")
        except OSError as error:
            raise OutputError(f"{self.path} can't be written: {error.strerror}") from error
        if file.tell():
            # A torn last line must not swallow the next one.
            file.write("\n")
        return file

    def __enter__(self) -> Self:
        """The journal itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Closes the file and lets others have it."""
        self._file.close()
        self._lock.release()

    def done(self, task: Task) -> Row | None:
        """What an earlier batch made of the task, if source, options and output are unchanged."""
        past = self._past.get(task.key)
        if past is None or not past.ended or past.digest != task.digest or past.row is None:
            return None
        if past.row.state not in DONE or not _output_stands(task, past):
            return None
        if task.in_place and past.output is not None or _same(task.source, past.source):
            return replace(past.row, resumed=True)
        return None

    def interrupted(self, task: Task) -> bool:
        """Whether an earlier batch was killed at this task, so that an output is ours."""
        past = self._past.get(task.key)
        return past is not None and not past.ended and past.digest == task.digest

    def start(self, task: Task) -> None:
        """Notes that a task begins; what a killed batch has left of it goes."""
        if task.output is not None and not is_remote(task.output) and self.interrupted(task):
            remove_leftovers(task.output)
        self._write({"key": task.key, "digest": task.digest})

    def end(self, outcome: Outcome) -> None:
        """Notes what became of a task."""
        task, row = outcome.task, outcome.row
        output = located(row.output) if row.output else None
        self._write(
            {
                "key": task.key,
                "digest": task.digest,
                "source": asdict(outcome.mark) if outcome.mark else None,
                "output": asdict(mark_of(output)) if output and output.exists() else None,
                "row": row.to_json(),
            }
        )

    def _write(self, line: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(line, ensure_ascii=True) + "\n")
        self._file.flush()


def _read(path: Path) -> Iterator[tuple[str, _Past]]:
    if not path.exists():
        return
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                data = json.loads(line)
                yield data["key"], _past(data)
            except (ValueError, TypeError, KeyError, AttributeError):
                if line.endswith("\n") and line.strip() and not line.startswith("{"):
                    raise UsageError(f"{path} is no journal of kfix") from None


def _past(data: Mapping[str, Any]) -> _Past:
    marks = {name: Mark(**data[name]) if data.get(name) else None for name in ("source", "output")}
    row = Row.of(data["row"]) if "row" in data else None
    return _Past(data["digest"], row is not None, marks["source"], marks["output"], row)


def _output_stands(task: Task, past: _Past) -> bool:
    assert past.row is not None
    if not past.row.output:
        return True
    path = located(past.row.output)
    return past.output is not None and path.exists() and mark_of(path) == past.output


def _same(path: Path, mark: Mark | None) -> bool:
    if mark is None or not path.exists():
        return False
    now = mark_of(path)
    if now.size != mark.size:
        return False
    if is_remote(path):
        return bool(now.tag) and now.tag == mark.tag
    return now.changed == mark.changed or bool(mark.sha256) and sha256(path) == mark.sha256
