"""Many files: workers, the journal, a bar, a line for each result, and what it all came to."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from converter import __version__
from converter.api.discovery import Source
from converter.batch.journal import FOLDER, NAME, Journal
from converter.batch.outcome import Outcome
from converter.batch.run import run
from converter.batch.task import Task
from converter.cli import document
from converter.cli.batch import Work, told
from converter.cli.frame import Session, isatty
from converter.cli.many import Many
from converter.errors import ExitCode, OutputError
from converter.remote.errand import any_remote
from converter.report import writing
from converter.report.summary import Run


def over_many(session: Session, sources: Sequence[Source], work: Work, many: Many) -> ExitCode:
    """Does the action for each file by workers; see `converter.cli.batch.over`."""
    plan = many.plan(len(sources))
    for path in many.report or ():
        writing.require_format(path)
    tasks = [work.task(source) for source in sources]
    start = _Start(datetime.now().astimezone(), time.monotonic())
    found: list[Outcome] = []
    try:
        with ExitStack() as stack:
            journal = _journal(session, stack, tasks, work, many)
            executor, plan = stack.enter_context(many.crew(plan))
            bar = stack.enter_context(_bar(session, len(tasks)))
            for outcome in run(tasks, plan, executor, journal):
                with bar(outcome):
                    _show(session, outcome, work, first=not found)
                # Only the JSON document needs more than the rows of ten thousand files.
                found.append(outcome if session.as_json else replace(outcome, result=None))
    finally:
        # Also of a run that Ctrl-C has ended.
        found = _in_order(tasks, found)
        session.note(summary(found, len(tasks)))
        for path in many.report or ():
            writing.write(path, _run(session, work, start, found, tasks), [o.row for o in found])
    _document(session, found)
    codes = [ExitCode(each.row.code) for each in found]
    failed = any(each.row.state == "failed" for each in found)
    return ExitCode.PARTIAL if failed else max(codes, default=ExitCode.OK)


class _Start(NamedTuple):
    """When a run began, for people and for the clock."""

    date: datetime
    clock: float


def _run(
    session: Session, work: Work, start: _Start, found: Sequence[Outcome], tasks: Sequence[Task]
) -> Run:
    return Run(
        command=session.command,
        version=__version__,
        started=start.date.isoformat(" ", "seconds"),
        seconds=time.monotonic() - start.clock,
        options=tuple(_said(work.options)),
        not_begun=len(tasks) - len(found),
    )


def _said(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The options that are worth telling, as they are typed."""
    for name, value in options.items():
        if value in (None, False, [], {}):
            continue
        text = "" if value is True else json.dumps(value) if isinstance(value, dict) else str(value)
        yield f"--{name.replace('_', '-')}", text


def _in_order(tasks: Sequence[Task], found: Iterable[Outcome]) -> list[Outcome]:
    place = {task.source: index for index, task in enumerate(tasks)}
    return sorted(found, key=lambda outcome: place[outcome.task.source])


def _journal(
    session: Session, stack: ExitStack, tasks: Sequence[Task], work: Work, many: Many
) -> Journal | None:
    if not work.keeps_journal:
        return None
    if many.journal is not None:
        return stack.enter_context(Journal(many.journal, fresh=many.fresh))
    path = _journal_path(tasks, work)
    try:
        return stack.enter_context(Journal(path, fresh=many.fresh))
    except OutputError:
        session.note(f"kfix: no journal can be kept at {path}; name another with --journal")
        return None


def _journal_path(tasks: Sequence[Task], work: Work) -> Path:
    """Where the outputs are, or, for those in a store, a file of its own in the user's state."""
    folders = [task.output.parent for task in tasks if task.output is not None]
    if work.placing.directory is not None:
        folders = [work.placing.directory]
    if not any_remote(folders):
        return _common(tasks, work) / FOLDER / NAME
    # A batch over the same store finds it again, from whatever folder it is started.
    common = os.path.commonprefix([f"{folder.absolute()}/" for folder in folders])
    name = hashlib.sha256(common.encode()).hexdigest()[:16]
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "kfix" / name / NAME


def _common(tasks: Sequence[Task], work: Work) -> Path:
    """The folder that all outputs are in."""
    if work.placing.directory is not None:
        return work.placing.directory
    return Path(os.path.commonpath([task.source.absolute().parent for task in tasks]))


def _show(session: Session, outcome: Outcome, work: Work, *, first: bool) -> None:
    """A result on stdout, a failure on stderr; of what was done before only the summary tells."""
    if outcome.error is not None:
        whole = bool(work.options.get("dry_run"))
        told(session, outcome.error, str(outcome.task.source), whole=whole)
    elif outcome.result is not None:
        text = work.show(outcome.result)
        # Results of several lines stand apart from each other.
        session.text(text if first or "\n" not in text else f"\n{text}")


def _document(session: Session, found: Iterable[Outcome]) -> None:
    results = [
        outcome.row if outcome.result is None else outcome.result
        for outcome in found
        if outcome.error is None and outcome.row.state != "passed over"
    ]
    errors = [
        document.error_entry(str(outcome.task.source), outcome.error)
        for outcome in found
        if outcome.error is not None
    ]
    document.write(session, results, errors)


def summary(found: Sequence[Outcome], count: int) -> str:
    """How many files ended how, in one line."""
    rows = [outcome.row for outcome in found]
    new = [row for row in rows if not row.resumed]
    counts = [
        (sum(row.state == "done" for row in new), "done"),
        (sum(row.state == "findings" for row in new), "with findings"),
        (sum(row.state == "unchanged" for row in new), "with nothing to do"),
        (sum(row.resumed for row in rows), "done before"),
        (sum(row.state == "passed over" for row in new), "no models"),
        (sum(row.state == "failed" for row in rows), "failed"),
        (count - len(rows), "not begun"),
    ]
    said = ", ".join(f"{number:,} {what}" for number, what in counts if number)
    return f"kfix: {count:,} files: {said}"


Note = Callable[[Outcome], Any]


@contextmanager
def _bar(session: Session, count: int) -> Iterator[Note]:
    """A bar on stderr where somebody can see it; gives a context in which text may be written."""
    if session.verbosity < 0 or not isatty():
        yield lambda outcome: ExitStack()
        return
    from tqdm import tqdm

    failed = 0
    with tqdm(total=count, unit="file", leave=False, dynamic_ncols=True) as bar:

        @contextmanager
        def told(outcome: Outcome) -> Iterator[None]:
            nonlocal failed
            failed += outcome.error is not None
            with tqdm.external_write_mode():
                yield
            if failed:
                bar.set_postfix_str(f"{failed} failed", refresh=False)
            bar.update()

        yield told
