"""One action over all the files of a call: progress, failures, exit code, document."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from converter.api.discovery import Source
from converter.cli import document
from converter.cli.frame import Session, isatty
from converter.errors import ExitCode

Result = TypeVar("Result")


def run(
    session: Session,
    sources: Sequence[Source],
    action: Callable[[Source], Result],
    show: Callable[[Result], str],
    code: Callable[[Result], ExitCode],
) -> ExitCode:
    """Does the action for each file and goes on after failures, each of which is told on stderr.

    Args:
        session: the global options.
        sources: the files.
        action: the library function, bound to its options.
        show: the text of one result.
        code: the exit code of one result, OK or FINDINGS.

    Returns:
        A single file's own code; for several files PARTIAL when any failed, else the highest code.
    """
    results: list[Result] = []
    errors: list[dict[str, Any]] = []
    codes: list[ExitCode] = []
    for source in _progress(session, sources):
        try:
            result = action(source)
        except Exception as error:
            codes.append(session.error(error, str(source.path)))
            errors.append(document.error_entry(str(source.path), error))
        else:
            codes.append(code(result))
            text = show(result)
            # Results of several lines stand apart from each other.
            session.text(f"\n{text}" if results and "\n" in text else text)
            results.append(result)
    document.write(session, results, errors)
    if errors and len(sources) > 1:
        session.note(f"kfix: {len(errors)} of {len(sources)} files failed")
        return ExitCode.PARTIAL
    return max(codes, default=ExitCode.OK)


def _progress(session: Session, sources: Sequence[Source]) -> Iterable[Source]:
    """The sources, with a bar on stderr where somebody could see it."""
    if len(sources) < 2 or session.verbosity < 0 or not isatty():
        return sources
    from tqdm import tqdm

    bar: Iterable[Source] = tqdm(sources, unit="file", leave=False)
    return bar
