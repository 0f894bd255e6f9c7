"""Worker processes that may crash, hang or eat the memory, at the cost of one file each.

A thread of an executor has a worker of its own. That holds for the threads of this process as for
those of a cluster's, so that `perform` is all that an executor has to run.
"""

from __future__ import annotations

import base64
import contextlib
import pickle
import queue
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from converter.batch import memory
from converter.batch.outcome import Outcome
from converter.batch.row import Row
from converter.batch.task import Task
from converter.batch.work import JOB
from converter.containers.publishing import remove_leftovers
from converter.engines import EngineError
from converter.engines.child import Child
from converter.errors import KfixError
from converter.remote.paths import is_remote

_LOOK = 0.2
"""Seconds between two looks at a worker's memory."""


@dataclass(frozen=True)
class Limits:
    """What one file may cost.

    Attributes:
        timeout: seconds, None for any time.
        memory: bytes of the worker and all that it starts, None for any.
    """

    timeout: float | None = None
    memory: int | None = None


class Worker(Child):
    """A process that does one task at a time."""

    called = "worker"

    def __init__(self, limits: Limits) -> None:
        """Starts it."""
        self._memory = limits.memory
        super().__init__(main="converter.batch.work", timeout=limits.timeout)

    def _environment(self, extra: Mapping[str, str]) -> dict[str, str]:
        # What a killed worker leaves behind goes with its scratch folder.
        folder = str(self.scratch)
        places = {"TMPDIR": folder, "TEMP": folder, "TMP": folder}
        return super()._environment({**extra, **places})

    def perform(self, task: Task) -> Outcome:
        """Does a task.

        Raises:
            EngineError: the worker died, took too long or too much memory; it is gone.
        """
        answer = self.request(JOB, task=task.to_json())
        outcome: Outcome = pickle.loads(base64.b64decode(answer))
        return outcome

    def _wait(self) -> str | None:
        if self._memory is None:
            return super()._wait()
        end = None if self.timeout is None else time.monotonic() + self.timeout
        while True:
            left = _LOOK if end is None else min(_LOOK, end - time.monotonic())
            try:
                return self._answers.get(timeout=max(left, 0))
            except queue.Empty:
                if end is not None and time.monotonic() >= end:
                    raise
                self._look()

    def _look(self) -> None:
        assert self._memory is not None
        taken = memory.resident(self.pid)
        if taken > self._memory:
            gib = self._memory / 2**30
            raise EngineError(
                f"more than {gib:.2g} GiB of memory were taken, so the worker was stopped",
                "Give it more with --memory-limit, or fewer --jobs.",
            )

    def _end_child(self) -> None:
        # Engines are in process groups of their own.
        started = memory.family(self.pid)[1:] if self._process.poll() is None else []
        super()._end_child()
        memory.kill(started)


class _Crew:
    """The workers of this process, one for each thread that has asked."""

    def __init__(self) -> None:
        self._of_thread = threading.local()
        self._lock = threading.Lock()
        self._all: set[Worker] = set()
        self._over = False

    def mine(self, limits: Limits) -> Worker:
        worker: Worker | None = getattr(self._of_thread, "worker", None)
        if worker is None or getattr(self._of_thread, "limits", None) != limits:
            self.drop()
            with self._lock:
                if self._over:
                    raise EngineError("the batch was stopped")
                worker = Worker(limits)
                self._all.add(worker)
            self._of_thread.worker, self._of_thread.limits = worker, limits
        return worker

    def drop(self) -> None:
        worker: Worker | None = getattr(self._of_thread, "worker", None)
        if worker is not None:
            worker.kill()
            self._all.discard(worker)
            self._of_thread.worker = None

    def close(self) -> None:
        for worker in self._taken():
            worker.close()

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        self._over = True
        try:
            for worker in self._taken():
                worker.kill()
            yield
        finally:
            self._over = False

    def _taken(self) -> set[Worker]:
        with self._lock:
            workers, self._all = self._all, set()
            self._of_thread = threading.local()
        return workers


_crew = _Crew()


def perform(task: Task, limits: Limits) -> Outcome:
    """Does a task in this thread's worker; a worker that is lost is replaced for the next one."""
    started = time.monotonic()
    try:
        return _crew.mine(limits).perform(task)
    except EngineError as error:
        _crew.drop()
        if task.output is not None and not is_remote(task.output):
            remove_leftovers(task.output)
        return lost(task, error, time.monotonic() - started)


def end_workers() -> None:
    """Lets the workers of this process leave."""
    _crew.close()


def stopped_workers() -> AbstractContextManager[None]:
    """Kills the workers of this process, with all that they have started; none begins inside."""
    return _crew.stopped()


def lost(task: Task, error: KfixError, seconds: float = 0) -> Outcome:
    """The outcome of a task that nobody came back from.

    Nothing is read of a file that may just have taken a process down.
    """
    size = 0
    with contextlib.suppress(OSError, KfixError):
        size = task.source.stat().st_size
    row: dict[str, Any] = {"source": str(task.source), "relative": str(task.relative)}
    row |= {"state": "failed", "code": int(error.exit_code), "message": str(error)}
    row |= {"hint": error.hint, "size_before": size, "seconds": round(seconds, 3)}
    return Outcome(task, Row(**row), error=error)
