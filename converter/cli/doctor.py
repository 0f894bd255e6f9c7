"""``kfix doctor``."""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from converter.cli import document
from converter.cli.frame import Session
from converter.cli.options import Timeout
from converter.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from converter.api.doctor import Checkup
    from converter.doctor.diagnosis import Trouble
    from converter.doctor.environment import Environment, Trial
    from converter.doctor.faults import Fault

_SHOWN = (
    "tensorflow",
    "keras",
    "tf-keras",
    "tensorflow-addons",
    "h5py",
    "numpy",
    "protobuf",
    "ml-dtypes",
    "theano",
)


def doctor(
    session: Session,
    python: Annotated[
        str | None,
        typer.Option(
            "--python",
            metavar="PYTHON",
            help="The interpreter of another environment, Python 3.6 or newer.",
        ),
    ] = None,
    error: Annotated[
        str | None,
        typer.Option("--error", metavar="TEXT", help="Say what this error means, and its remedy."),
    ] = None,
    log: Annotated[
        str | None,
        typer.Option(
            "--log", metavar="FILE", help="The same for the last error in a log; - is stdin."
        ),
    ] = None,
    timeout: Timeout = None,
) -> ExitCode:
    """Say what does not fit in an environment."""
    from converter.api.doctor import doctor

    if error is not None and log is not None:
        raise UsageError("--error and --log exclude each other")
    text = _read(log) if log is not None else error
    found = doctor(python, error=text, timeout=timeout)
    document.write(session, [found])
    session.text("\n".join(_text(found, session.verbosity > 0)))
    return ExitCode.OK if found.fits else ExitCode.FINDINGS


_TAIL = 4 << 20
"""Bytes of a log that are read: the error that ended a program stands at the end."""


def _read(log: str) -> str:
    if log == "-":
        return _last_of(sys.stdin.buffer)
    path = Path(log)
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            # A pipe would wait for a writer, and a device may have no end.
            raise UsageError(f"{log} is not a regular file", "--log - reads from stdin")
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - _TAIL))
            return stream.read(_TAIL).decode("utf-8", "replace")
    except OSError as error:
        raise UsageError(f"{log}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{log} is no path: {error}") from error


def _last_of(stream: BinaryIO) -> str:
    tail = b""
    while block := stream.read(1 << 20):
        tail = (tail + block)[-_TAIL:]
    return tail.decode("utf-8", "replace")


def _text(found: Checkup, verbose: bool) -> Iterator[str]:
    if found.asked:
        yield from _told(found.fault)
    if found.environment:
        yield from ("",) if found.asked else ()
        yield from _installed(found.python, found.environment)
        for trouble in found.troubles:
            yield ""
            yield from _trouble(trouble)
        yield ""
        yield from _verdict(found)
        if verbose:
            yield from _outputs(found.environment)


def _told(fault: Fault | None) -> Iterator[str]:
    from converter.cli.render import coloured, indented

    if fault is None:
        yield "kfix does not know this error. `kfix check model.h5` looks at the file itself,"
        yield "`kfix doctor` at what is installed."
        return
    yield coloured(fault.name, "red", bold=True)
    yield from indented(fault.says)
    if fault.of_the_environment:
        yield "  the pip line, for the environment in which the error came:"
        yield "    kfix doctor --python PYTHON"
    if fault.commands:
        yield "  kfix has for the file:"
        yield from (f"    {each}" for each in fault.commands)
    yield from (f"    {each}" for each in fault.links)


def _installed(python: str, found: Environment) -> Iterator[str]:
    from converter.cli.render import table

    yield f"Python {found.python}, {python}"
    rows = []
    for name in _SHOWN:
        if package := found.package(name):
            trial = found.trial(name.replace("-", "_"))
            rows.append((package.name, package.version, _tried(trial) if trial else ""))
    yield table(rows, ("package", "version", "tried")) if rows else "no Keras and no h5py there"


def _tried(trial: Trial) -> str:
    from converter.doctor.diagnosis import STAGES

    if trial.late:
        return "took too long"
    if not trial.works:
        return STAGES.get(trial.stage, "fails")
    if trial.hdf5:
        return f"reads and writes, HDF5 {trial.hdf5}"
    if trial.keras_package:
        own = "its own Keras" if trial.keras_package.startswith("tensorflow") else "the package"
        name = "" if trial.keras_package.startswith("tensorflow") else f" {trial.keras_package}"
        version = f" {trial.keras}" if trial.keras else ""
        return f"saves and loads .h5; tf.keras is {own}{name}{version}"
    return "imports" if trial.name in ("numpy", "tensorflow_addons") else "saves and loads .h5"


def _trouble(trouble: Trouble) -> Iterator[str]:
    from converter.cli.render import coloured, indented

    yield coloured(trouble.name, "red" if trouble.breaks else "cyan", bold=True)
    yield from indented(trouble.says)
    if trouble.evidence:
        yield from indented(trouble.evidence)
    yield from (f"    {each}" for each in trouble.links)


def _verdict(found: Checkup) -> Iterator[str]:
    from converter.cli.render import coloured

    if not any(each.breaks for each in found.troubles):
        yield coloured("nothing to mend", "green")
    elif found.remedy:
        yield "mend it with"
        yield from (f"  {each}" for each in found.remedy)


def _outputs(found: Environment) -> Iterator[str]:
    for trial in found.trials:
        if trial.text:
            yield f"\n{trial.name} wrote:"
            yield trial.text.rstrip()
