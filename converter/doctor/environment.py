"""What the probe has found in an environment."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from converter.doctor import probe
from converter.errors import UsageError

TRIAL_SECONDS = 120.0
_START_SECONDS = 60.0
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
    """Runs the probe with an interpreter.

    Args:
        python: path or name of the interpreter.
        folder: the folder whose files could hide a library.
        trial_seconds: how long each library may take.

    Raises:
        UsageError: this is not an interpreter, or one older than Python 3.6.
    """
    command = [python, "-c", _SCRIPT, str(folder), str(trial_seconds)]
    limit = _START_SECONDS + len(probe.TRIALS) * trial_seconds
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=limit, check=False
        )
    except FileNotFoundError:
        raise UsageError(f"{python}: no such file", "give the path of a python") from None
    except OSError as error:
        raise UsageError(f"{python}: {error.strerror}", "give the path of a python") from None
    except subprocess.TimeoutExpired:
        raise UsageError(f"{python}: did not answer within {limit:g} s") from None
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    told = [line for line in lines if line.startswith(probe.MARKER)]
    if not told:
        raise UsageError(
            f"{python}: is no Python that kfix can look at, or does not start",
            "it has to be Python 3.6 or newer",
        )
    return environment(json.loads(told[-1].removeprefix(probe.MARKER)))


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
