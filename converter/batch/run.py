"""Runs the tasks of a batch through an executor and gives the outcomes as they come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    CancelledError,
    Executor,
    Future,
    ThreadPoolExecutor,
    wait,
)
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from threading import Event

from converter.batch.journal import Journal
from converter.batch.outcome import Outcome
from converter.batch.task import Task
from converter.batch.workers import Limits, end_workers, lost, perform, stopped_workers
from converter.engines import EngineError
from converter.errors import KfixError, OutputError

_AHEAD = 2
"""Tasks that wait in the executor, for each that is at work."""


@dataclass(frozen=True)
class Plan:
    """How a batch is run.

    Attributes:
        jobs: how many files at a time.
        limits: what one file may cost.
        most_failures: stop after so many; None goes on to the end.
        repeats: the executor may do a task twice, if it loses who did it first.
    """

    jobs: int
    limits: Limits = Limits()
    most_failures: int | None = None
    repeats: bool = False


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
    enough = Event()
    for outcome in _all(left, plan, executor, journal, enough):
        failures += outcome.error is not None
        if plan.most_failures is not None and failures >= plan.most_failures:
            enough.set()
        if journal:
            journal.end(outcome)
        yield outcome


def _all(
    tasks: Sequence[Task], plan: Plan, executor: Executor, journal: Journal | None, enough: Event
) -> Iterator[Outcome]:
    """The outcomes of the tasks; those that the executor has lost are tried once more, alone.

    A file that takes a worker of a cluster down takes with it what is at work there.
    """
    lost_tasks: list[Task] = []
    waiting = iter(tasks)
    running: dict[Future[Outcome], Task] = {}
    while True:
        free = 0 if enough.is_set() else plan.jobs * _AHEAD - len(running)
        for task in islice(waiting, free):
            running[_submitted(task, plan, executor, journal)] = task
        if not running:
            break
        ended, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in ended:
            task = running.pop(future)
            if plan.repeats and _is_lost(future):
                lost_tasks.append(task)
            else:
                yield _ended(future, task)
    for task in lost_tasks:
        yield _ended(executor.submit(perform, _forced(task), plan.limits), task)


def _is_lost(future: Future[Outcome]) -> bool:
    """Whether the executor itself has failed, not the task."""
    try:
        error = future.exception()
    except CancelledError:
        return True
    return error is not None and not isinstance(error, KfixError)


def _submitted(
    task: Task, plan: Plan, executor: Executor, journal: Journal | None
) -> Future[Outcome]:
    """The task begun; an output that a killed batch has left may be replaced.

    So may one of a task that is repeated, which is why others are looked for here.
    """
    ours = journal is not None and journal.interrupted(task)
    if journal is not None:
        journal.start(task)
    if plan.repeats and not ours and _is_taken(task):
        refused: Future[Outcome] = Future()
        refused.set_exception(
            OutputError(f"{task.output} exists already", "Use --force to replace it.")
        )
        return refused
    begun = _forced(task) if ours or plan.repeats else task
    return executor.submit(perform, begun, plan.limits)


def _forced(task: Task) -> Task:
    """The task, with an output that can only be its own."""
    return replace(task, options={**task.options, "force": True})


def _is_taken(task: Task) -> bool:
    mine = task.in_place or task.options.get("force") or task.options.get("dry_run")
    return task.output is not None and not mine and task.output.exists()


def _ended(future: Future[Outcome], task: Task) -> Outcome:
    """What became of a task; where the executor has lost it, that."""
    try:
        return replace(future.result(), task=task)
    except KfixError as error:
        return lost(task, error)
    except (Exception, CancelledError) as error:
        said = (str(error).splitlines() or [""])[0]
        text = f"the executor has given the file up: {type(error).__name__}: {said}"
        return lost(task, EngineError(text, "It may have taken its workers down."))


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
