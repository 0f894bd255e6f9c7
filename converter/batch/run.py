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
    waiting = iter(left)
    running: dict[Future[Outcome], Task] = {}
    while True:
        stopping = plan.most_failures is not None and failures >= plan.most_failures
        free = 0 if stopping else plan.jobs * _AHEAD - len(running)
        for task in islice(waiting, free):
            running[_submitted(task, plan, executor, journal)] = task
        if not running:
            return
        ended, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in ended:
            outcome = _ended(future, running.pop(future))
            failures += outcome.error is not None
            if journal:
                journal.end(outcome)
            yield outcome


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
    if ours or plan.repeats:
        task = replace(task, options={**task.options, "force": True})
    return executor.submit(perform, task, plan.limits)


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
