"""Runs the tasks of a batch through an executor and gives the outcomes as they come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice

from converter.batch.journal import Journal
from converter.batch.outcome import Outcome
from converter.batch.task import Task
from converter.batch.workers import Limits, end_workers, perform, stopped_workers

_AHEAD = 2
"""Tasks that wait in the executor, for each that is at work."""


@dataclass(frozen=True)
class Plan:
    """How a batch is run.

    Attributes:
        jobs: how many files at a time.
        limits: what one file may cost.
        most_failures: stop after so many; None goes on to the end.
    """

    jobs: int
    limits: Limits = Limits()
    most_failures: int | None = None


def run(
    tasks: Sequence[Task], plan: Plan, executor: Executor, journal: Journal | None = None
) -> Iterator[Outcome]:
    """Does the tasks; an outcome is given, and in the journal, as soon as it is known.

    What an earlier batch has done comes first. After too many failures no more tasks are begun;
    those at work are waited for.

    Args:
        tasks: what is to be done.
        plan: how.
        executor: who does it.
        journal: what was done before.
    """
    left: list[Task] = []
    for task in tasks:
        row = journal.done(task) if journal else None
        if row is None:
            left.append(task)
        else:
            yield Outcome(task, row)
    failures = 0
    waiting = iter(left)
    running: set[Future[Outcome]] = set()
    while True:
        stopping = plan.most_failures is not None and failures >= plan.most_failures
        free = 0 if stopping else plan.jobs * _AHEAD - len(running)
        for task in islice(waiting, free):
            running.add(executor.submit(perform, _begun(task, journal), plan.limits))
        if not running:
            return
        ended, running = wait(running, return_when=FIRST_COMPLETED)
        for future in ended:
            outcome = future.result()
            failures += outcome.error is not None
            if journal:
                journal.end(outcome)
            yield outcome


def _begun(task: Task, journal: Journal | None) -> Task:
    """The task as it is to be done: an output that a killed batch has left may be replaced."""
    if journal is None:
        return task
    ours = journal.interrupted(task)
    journal.start(task)
    return replace(task, options={**task.options, "force": True}) if ours else task


@contextmanager
def local(jobs: int) -> Iterator[Executor]:
    """Threads with a worker process each; all are ended at the end, at once on Ctrl-C."""
    executor = ThreadPoolExecutor(jobs, thread_name_prefix="kfix")
    try:
        yield executor
    except BaseException:
        executor.shutdown(wait=False, cancel_futures=True)
        with stopped_workers():
            executor.shutdown()
        raise
    executor.shutdown()
    end_workers()
