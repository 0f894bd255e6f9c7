"""A worker process: does one task after another, and keeps Keras between them."""

from __future__ import annotations

import base64
import pickle
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from converter.api.discovery import is_of
from converter.api.provenance import sha256
from converter.batch.outcome import Mark, Outcome
from converter.batch.row import passed_over, row_of, row_of_failure, size_of
from converter.batch.task import Task
from converter.containers.sniff import Kind
from converter.engines import sharing
from converter.engines.channel import serve
from converter.remote.paths import RemotePath, is_remote
from converter.remote.store import reading, tag

JOB = "perform"


def main(arguments: Sequence[str]) -> None:
    """Serves tasks until the parent closes the pipe; see `converter.engines.worker.main`."""
    parent, scratch, _ = arguments
    with sharing.kept():
        serve(run, int(parent), scratch)


def run(job: str, arguments: dict[str, Any]) -> str:
    """Does one task; the outcome is pickled, as results are plain data of our own making."""
    assert job == JOB
    outcome = performed(Task.of(arguments["task"]))
    return base64.b64encode(pickle.dumps(outcome)).decode()


def performed(task: Task) -> Outcome:
    """Does one task in this process."""
    started = time.monotonic()
    mark = None
    try:
        with reading():
            mark = mark_of(task.source)
            if task.kinds and not is_of(task.source, frozenset(map(Kind, task.kinds))):
                return Outcome(task, passed_over(task), mark)
            result = task.call()
    except Exception as error:
        error.add_note("".join(traceback.format_exception(error)).rstrip())
        row = row_of_failure(task, error, time.monotonic() - started)
        return Outcome(task, row, mark, error=error.with_traceback(None))
    row = row_of(task, result, time.monotonic() - started)
    return Outcome(task, row, _hashed(task, mark), result=result)


def mark_of(path: Path) -> Mark:
    """The mark of a file or a SavedModel, without its hash."""
    if isinstance(path, RemotePath):
        return Mark(size_of(path), 0, tag=tag(path))
    if path.is_dir():
        files = [each.stat() for each in path.rglob("*") if each.is_file()]
        return Mark(sum(each.st_size for each in files), max(each.st_mtime_ns for each in files))
    found = path.stat()
    return Mark(found.st_size, found.st_mtime_ns)


def _hashed(task: Task, mark: Mark) -> Mark:
    """With the hash, unless the source was only looked at or is another file by now."""
    if task.output is None or task.in_place or is_remote(task.source):
        return mark
    return Mark(mark.size, mark.changed, sha256(task.source))
