"""The options of commands that take many files, and where their files come from."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from converter.errors import UsageError
from converter.remote.paths import is_remote, located

if TYPE_CHECKING:
    from converter.batch.run import Plan


class Executor(StrEnum):
    """Where the workers are."""

    PROCESS = "process"
    DASK = "dask"


@dataclass(frozen=True)
class Many:
    """The options; each field is one."""

    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "-j", metavar="N", min=1, help="Files at a time; else one a processor."
        ),
    ] = None
    executor: Annotated[
        Executor, typer.Option("--executor", help="Workers on this machine, or of a Dask cluster.")
    ] = Executor.PROCESS
    scheduler: Annotated[
        str | None,
        typer.Option("--scheduler", metavar="ADDRESS", help="Of the cluster: tcp://HOST:8786."),
    ] = None
    timeout: Annotated[
        float | None,
        typer.Option("--timeout", metavar="SECONDS", min=1.0, help="Limit for each file."),
    ] = None
    memory_limit: Annotated[
        str | None,
        typer.Option(
            "--memory-limit",
            metavar="SIZE",
            help="What each file may take, 4G; else its part of what is free.",
        ),
    ] = None
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="Stop at the first failure.")] = (
        False
    )
    max_failures: Annotated[
        int | None,
        typer.Option("--max-failures", metavar="N", min=1, help="Stop after so many failures."),
    ] = None
    include: Annotated[
        list[str] | None,
        typer.Option(
            "--include", metavar="PATTERN", help="In directories, only files like this: '*.h5'."
        ),
    ] = None
    exclude: Annotated[
        list[str] | None,
        typer.Option("--exclude", metavar="PATTERN", help="In directories, no files like this."),
    ] = None
    from_file: Annotated[
        str | None,
        typer.Option(
            "--from-file", metavar="FILE", help="Paths to work on, one a line; - is stdin."
        ),
    ] = None
    journal: Annotated[
        Path | None,
        typer.Option(
            "--journal",
            parser=located,
            metavar="FILE",
            help="What is done already; else .kfix/journal.jsonl where the files are.",
        ),
    ] = None
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Do again what an earlier run has done.")
    ] = False

    report: Annotated[
        list[Path] | None,
        typer.Option(
            "--report",
            parser=located,
            metavar="FILE",
            help="Write a report: NAME.html, NAME.json or NAME.csv.",
        ),
    ] = None

    def paths(self, given: Iterable[str]) -> list[str]:
        """The paths of a call, and those of the file that it names.

        Raises:
            UsageError: there is no path, or the file can't be read.
        """
        found = [*given, *(self._listed() if self.from_file else ())]
        if not found:
            raise UsageError("no PATH was given", "kfix COMMAND PATH…, or --from-file FILE")
        return found

    def _listed(self) -> list[str]:
        assert self.from_file is not None
        try:
            source = sys.stdin if self.from_file == "-" else None
            text = source.read() if source else Path(self.from_file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise UsageError(f"{self.from_file} can't be read: {why}") from error
        return [line for line in text.splitlines() if line.strip()]

    def plan(self, count: int) -> Plan:
        """How so many files are worked on.

        Raises:
            UsageError: options exclude each other or make no sense.
        """
        from converter.batch import memory
        from converter.batch.run import Plan
        from converter.batch.workers import Limits

        if is_remote(self.journal):
            raise UsageError("a journal can't be in a store", "give --journal a file that is here")
        if self.fail_fast and self.max_failures is not None:
            raise UsageError("--fail-fast is --max-failures 1", "give one of them")
        if (self.executor is Executor.DASK) is not (self.scheduler is not None):
            raise UsageError("--executor dask and --scheduler ADDRESS go together")
        jobs = min(self.jobs or os.cpu_count() or 1, count)
        given = self.memory_limit
        limit = memory.share(jobs) if given is None else memory.parsed_limit(given)
        most = 1 if self.fail_fast else self.max_failures
        return Plan(jobs, Limits(self.timeout, limit), most, self.executor is Executor.DASK)

    @contextmanager
    def crew(self, plan: Plan) -> Iterator[tuple[Any, Plan]]:
        """Who does the tasks, and the plan with as many jobs as they can do at a time."""
        if self.scheduler is None:
            from converter.batch.run import local

            with local(plan.jobs) as executor:
                yield executor, plan
            return
        from converter.batch.cluster import cluster

        with cluster(self.scheduler) as (executor, threads):
            yield executor, replace(plan, jobs=min(self.jobs or threads, threads))


ManyPaths = Annotated[
    list[str] | None, typer.Argument(metavar="PATH", help="Files, directories or globs.")
]
NO_OPTIONS: Any = Many()
"""The default of a command's parameter."""
