"""One action over the files of a call: in this process for one, by workers for many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from converter.api.discovery import MODELS, Search, Source, discover, is_of
from converter.api.outputs import Naming
from converter.batch.row import exit_code
from converter.batch.task import Task
from converter.cli import document, matching
from converter.cli.frame import Session
from converter.cli.many import Many
from converter.cli.placing import Placing
from converter.containers.sniff import Kind
from converter.errors import ExitCode, UsageError
from converter.remote.store import reading

Show = Callable[[Any], str]


@dataclass(frozen=True)
class Work:
    """What a command does to each file.

    Attributes:
        verb: the command's name.
        options: the library function's keyword arguments, JSON values.
        show: the text of a result.
        naming: how outputs are called; None where nothing is written.
        placing: where they go.
        kinds: what is taken of directories and globs.
        single: further arguments where there is one file, and no worker to see to them.
    """

    verb: str
    options: Mapping[str, Any]
    show: Show
    naming: Callable[[Path], Naming] | None = None
    placing: Placing = Placing()
    kinds: frozenset[Kind] = MODELS
    single: Mapping[str, Any] = field(default_factory=dict)

    @property
    def keeps_journal(self) -> bool:
        """Whether a later run may leave out what this one has done."""
        return self.naming is not None and not self.options.get("dry_run")

    def task(self, source: Source) -> Task:
        """The task of one file."""
        asked = self.placing.of(source, self.naming) if self.naming else None
        kinds = () if source.named else tuple(sorted(self.kinds))
        output = self._output(source, asked)
        return Task(
            verb=self.verb,
            source=source.path,
            relative=source.relative,
            output=output,
            asked=asked,
            options=self.options,
            kinds=kinds,
            new_folder=self.placing.directory is not None,
        )

    def _output(self, source: Source, asked: Path | None) -> Path | None:
        if self.naming is None or self.placing.in_place:
            return source.path if self.placing.in_place else None
        return asked or self.naming(source.path).beside(source.path)


def over(session: Session, paths: Iterable[str] | None, work: Work, many: Many) -> ExitCode:
    """Does the action for each file and goes on after failures, each of which is told on stderr.

    Returns:
        A single file's own code; for several files PARTIAL when any failed, else the highest code.

    Raises:
        UsageError: there is nothing to work on, or the options contradict each other.
        OutputError: the journal that was named can't be written.
    """
    given = many.paths(paths or ())
    search = Search(work.kinds, tuple(many.include or ()), tuple(many.exclude or ()), closely=False)
    with reading():
        sources = discover(given, search)
    if work.naming:
        work.placing.check(sources, work.naming)
    if len(sources) == 1 and not many.report:
        with reading():
            return _one(session, sources[0], work)
    # Workers and their libraries are not imported for one file.
    from converter.cli.running import over_many

    return over_many(session, sources, work, many)


def _one(session: Session, source: Source, work: Work) -> ExitCode:
    if not source.named and not is_of(source.path, work.kinds):
        raise UsageError(
            f"{source.path.parent} holds no Keras models",
            "name a file to hear why it is not recognised",
        )
    task = work.task(source)
    try:
        result = replace(task, options={**work.options, **work.single}).call()
    except Exception as error:
        code = told(session, error, str(source.path), whole=bool(work.options.get("dry_run")))
        document.write(session, [], [document.error_entry(str(source.path), error)])
        return code
    session.text(work.show(result))
    document.write(session, [result])
    return exit_code(result)


def told(session: Session, error: BaseException, path: str, *, whole: bool) -> ExitCode:
    """Tells an error on stderr, after the table of weights that do not fit; gives its code."""
    table = matching.table_of(error, whole=whole or session.verbosity > 0)
    if table:
        session.text(table)
    return session.error(error, path)
