"""What the probe has found in an environment."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from converter.doctor import probe
from converter.errors import UsageError

TRIAL_SECONDS = 120.0
_START_SECONDS = 60.0
_GRACE_SECONDS = 2.0
_KEPT, _READ = 4 << 20, 64 << 20
"""Bytes of the output that are kept (the answer is its last line), and that are read at all."""
# The folder that Python is started in is not of the environment, and its files are not run.
_SCRIPT = (
    "import sys; sys.path[:] = [each for each in sys.path if each]\n"
    + Path(probe.__file__).read_text()
)
_PLAIN = {"tensorflow-cpu", "tensorflow-gpu", "tensorflow-intel", "tensorflow-macos"}


@dataclass(frozen=True)
class Package:
    """One installed package.

    Attributes:
        name: as pip calls it: ``tensorflow-cpu``.
        version: its version.
        folder: where its metadata lies.
        installer: who installed it: pip, uv, conda; empty where it is not told.
        damaged: its files that are not as the installer left them.
    """

    name: str
    version: str
    folder: str = ""
    installer: str = ""
    damaged: tuple[str, ...] = ()

    @property
    def plain_name(self) -> str:
        """The name without the machine it was built for: ``tensorflow``."""
        return "tensorflow" if self.name in _PLAIN else self.name


@dataclass(frozen=True)
class Trial:
    """What happened when a library was imported and used in a process of its own.

    Attributes:
        name: the module.
        exit: exit code of the process, negative for the signal that ended it.
        late: whether it took too long.
        stage: how far it came: start (not at all), import, save, load, predict or done.
        error: the exception, or empty.
        text: the end of what it wrote to stderr.
        version: of the module, as it says itself.
        hdf5: the HDF5 that h5py runs with.
        hdf5_built: the HDF5 that h5py was compiled for.
        keras: version of ``tf.keras``.
        keras_package: the package that ``tf.keras`` is.
    """

    name: str
    exit: int
    late: bool = False
    stage: str = "done"
    error: str = ""
    text: str = ""
    version: str = ""
    hdf5: str = ""
    hdf5_built: str = ""
    keras: str = ""
    keras_package: str = ""

    @property
    def works(self) -> bool:
        """Whether it did all that was asked of it."""
        return self.exit == 0 and not self.late and self.stage == "done"


@dataclass(frozen=True)
class Environment:
    """A Python with its packages.

    Attributes:
        python: version of the interpreter.
        executable: its path.
        platform: ``linux-x86_64``.
        bits: 64 or 32.
        conda: whether conda made it.
        pip: whether it has pip.
        avx: whether the processor has AVX; None where that is not known.
        variables: environment variables that matter to the libraries.
        hidden: files in the current folder that are imported in a library's place.
        packages: in the order in which they are found.
        trials: one for each library that is there.
    """

    python: str
    executable: str
    platform: str = ""
    bits: int = 64
    conda: bool = False
    pip: bool = True
    avx: bool | None = None
    variables: Mapping[str, str] | None = None
    hidden: tuple[str, ...] = ()
    packages: tuple[Package, ...] = ()
    trials: tuple[Trial, ...] = ()

    @property
    def versions(self) -> dict[str, str]:
        """Versions by plain name; of a package that is there twice, the one that is imported."""
        found: dict[str, str] = {}
        for package in self.packages:
            found.setdefault(package.plain_name, package.version)
        return found

    def package(self, plain_name: str) -> Package | None:
        """The package that is imported under this name."""
        return next((each for each in self.packages if each.plain_name == plain_name), None)

    def trial(self, name: str) -> Trial | None:
        """The trial of a module."""
        return next((each for each in self.trials if each.name == name), None)


def look_at(python: str, folder: Path, trial_seconds: float = TRIAL_SECONDS) -> Environment:
    """Runs the probe with an interpreter; whatever it started is gone afterwards.

    Args:
        python: path or name of the interpreter.
        folder: the folder whose files could hide a library.
        trial_seconds: how long each library may take.

    Raises:
        UsageError: this is not an interpreter, or one older than Python 3.6, or it hangs.
    """
    command = [python, "-c", _SCRIPT, str(folder), str(trial_seconds)]
    # The trials run two at a time.
    limit = _START_SECONDS + len(probe.TRIALS) * trial_seconds
    try:
        out = _printed(command, min(_START_SECONDS, limit), limit)
    except FileNotFoundError:
        raise UsageError(f"{python}: no such file", "give the path of a python") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{python}: {reason}", "give the path of a python") from None
    except subprocess.TimeoutExpired as late:
        raise UsageError(f"{python}: did not answer within {late.timeout:g} s") from None
    lines = out.decode("utf-8", "replace").splitlines()
    told = [line for line in lines if line.startswith(probe.MARKER)]
    try:
        return environment(json.loads(told[-1].removeprefix(probe.MARKER)))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError):
        raise UsageError(
            f"{python}: is no Python that kfix can look at, or does not start",
            "it has to be Python 3.6 or newer",
        ) from None


def _printed(command: list[str], first_line: float, whole: float) -> bytes:
    """The end of what a program prints; it and its children are killed when its time is over.

    Raises:
        TimeoutExpired: it printed nothing in time, or did not leave.
    """
    # A group of its own, to reach the children of a wrapper script as well.
    options: dict[str, Any] = {"process_group": 0} if os.name == "posix" else {}
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        **options,
    )
    assert process.stdout is not None
    output = _Tail(process.stdout)
    output.start()
    try:
        if not output.began.wait(first_line):
            raise subprocess.TimeoutExpired(command, first_line)
        process.wait(whole)
    finally:
        _end(process)
        # A child that left the group may hold the pipe open for ever.
        output.join(_GRACE_SECONDS)
    return output.kept


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


class _Tail(threading.Thread):
    """Reads a pipe to its end and keeps the last of it."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(daemon=True)
        self.stream = stream
        self.began = threading.Event()
        self.kept = b""

    def run(self) -> None:
        """Reads until there is no writer any more; one who never ends finds the pipe closed."""
        count = 0
        with self.stream:
            while count < _READ and (block := os.read(self.stream.fileno(), 1 << 20)):
                count += len(block)
                self.kept = (self.kept + block)[-_KEPT:]
                self.began.set()
        self.began.set()


def environment(told: Mapping[str, Any]) -> Environment:
    """What the probe has written, as data."""
    kept = Environment.__dataclass_fields__.keys() & told.keys() - {"hidden", "trials"}
    return Environment(
        **{key: told[key] for key in kept},
        hidden=tuple(told.get("hidden", ())),
        packages=tuple(_package(each) for each in told.get("distributions", ())),
        trials=tuple(_trial(each) for each in told.get("trials", ())),
    )


def _package(told: Mapping[str, Any]) -> Package:
    return Package(**{**told, "damaged": tuple(told.get("damaged", ()))})


def _trial(told: Mapping[str, Any]) -> Trial:
    return Trial(**{key: told[key] for key in Trial.__dataclass_fields__ if key in told})
