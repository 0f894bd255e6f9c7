"""What a journal and a report keep of one file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from converter.batch.task import Task
from converter.containers import open_model
from converter.errors import ExitCode, KfixError
from converter.remote.paths import RemotePath, located

MOST_FINDINGS = 100
"""How many findings of one file are kept."""


@dataclass(frozen=True)
class Found:
    """A finding, in short."""

    code: str
    severity: str
    layer: str
    message: str
    remedy: str = ""


@dataclass(frozen=True)
class Row:
    """One line of a report.

    Attributes:
        source: the file, as it was found.
        relative: its path below what was searched.
        output: what was written; empty where nothing was.
        state: ``done``, ``unchanged`` (there was nothing to do), ``findings`` (of a check, or what
            a dry run would do), ``passed over`` (it is no model) or ``failed``.
        code: the exit code.
        message: of an error.
        hint: what to do about the error.
        writer: the Keras that wrote the file; empty where it can't be read.
        size_before: bytes of the source.
        size_after: bytes of the output, None where there is none.
        seconds: that it took.
        verified: ``keras 3.15.1 against tf_keras``; empty where nothing was compared.
        difference: greatest difference of any output value.
        findings: at most `MOST_FINDINGS`.
        resumed: whether an earlier run had done it.
    """

    source: str
    relative: str
    output: str = ""
    state: str = "done"
    code: int = 0
    message: str = ""
    hint: str = ""
    writer: str = ""
    size_before: int = 0
    size_after: int | None = None
    seconds: float = 0.0
    verified: str = ""
    difference: float | None = None
    findings: tuple[Found, ...] = ()
    resumed: bool = False

    def to_json(self) -> dict[str, Any]:
        """The row as JSON values."""
        return asdict(self)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Row:
        """The row that `to_json` was called on."""
        findings = tuple(Found(**each) for each in data.get("findings", ()))
        return cls(**{**data, "findings": findings})


def row_of(task: Task, result: Any, seconds: float) -> Row:
    """The row of a file whose action came to its end."""
    found = tuple(_found(each) for each in getattr(result, "findings", ()))
    output = _output(task, result)
    verified = getattr(result, "verified", None)
    against = f" against {verified.reference}" if verified and verified.reference else ""
    return Row(
        source=str(task.source),
        relative=str(task.relative),
        output=str(output or ""),
        state=_state(task, result, output, found),
        code=int(exit_code(result)),
        writer=writer_of(task.source),
        size_before=size_of(task.source),
        size_after=size_of(output) if output else None,
        seconds=round(seconds, 3),
        verified=f"{verified.reader}{against}" if verified else "",
        difference=verified.max_difference if verified else None,
        findings=found[:MOST_FINDINGS],
    )


def row_of_failure(task: Task, error: BaseException, seconds: float) -> Row:
    """The row of a file whose action failed."""
    known = isinstance(error, KfixError)
    return Row(
        source=str(task.source),
        relative=str(task.relative),
        state="failed",
        code=int(error.exit_code if isinstance(error, KfixError) else ExitCode.BUG),
        message=str(error) if known else f"a bug in kfix: {type(error).__name__}: {error}",
        hint=error.hint if isinstance(error, KfixError) else "",
        # What a bug has stumbled over is not opened again.
        writer=writer_of(task.source) if known else "",
        size_before=size_of(task.source),
        seconds=round(seconds, 3),
    )


def passed_over(task: Task) -> Row:
    """The row of a file that was come across and is not what is wanted."""
    size = size_of(task.source)
    return Row(str(task.source), str(task.relative), state="passed over", size_before=size)


def exit_code(result: Any) -> ExitCode:
    """FINDINGS for a check that found something and for a dry run that would change something."""
    if hasattr(result, "clean"):
        return ExitCode.OK if result.clean else ExitCode.FINDINGS
    would = getattr(result, "output", True) is not None and not getattr(result, "written", True)
    return ExitCode.FINDINGS if would else ExitCode.OK


def size_of(path: Path) -> int:
    """Bytes on disk, of a folder all that is in it; nothing for what is not there."""
    try:
        if path.is_dir():
            files = path.files() if isinstance(path, RemotePath) else path.rglob("*")
            return sum(each.stat().st_size for each in files if each.is_file())
        return path.stat().st_size
    except (OSError, KfixError):
        return 0


def writer_of(path: Path) -> str:
    """The Keras that wrote a file, empty where that can't be told."""
    try:
        with open_model(path) as source:
            writer = source.contents.writer
    except (KfixError, OSError):
        return ""
    family = "tf.keras" if writer.tf_keras else "Keras"
    return f"{family} {writer.label}" if writer.label else "Keras 1"


def _found(finding: Any) -> Found:
    severity = str(getattr(finding.severity, "value", finding.severity))
    return Found(finding.code, severity, finding.layer, finding.message, finding.remedy)


def _output(task: Task, result: Any) -> Path | None:
    if not getattr(result, "written", False):
        return None
    output = getattr(result, "output", None)
    return located(output) if output is not None else task.output


def _state(task: Task, result: Any, output: Path | None, found: Iterable[Found]) -> str:
    if output is not None:
        return "done"
    if exit_code(result) is ExitCode.FINDINGS:
        return "findings"
    return "done" if task.output is None else "unchanged"
