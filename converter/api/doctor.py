"""Looks at an environment, or at an error that came out of one."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from converter.doctor.diagnosis import Trouble, diagnose, remedy
from converter.doctor.environment import TRIAL_SECONDS, Environment, look_at
from converter.doctor.faults import Fault, recognised


@dataclass(frozen=True)
class Checkup:
    """What the doctor has found.

    Attributes:
        python: the interpreter that was looked at; empty where only an error was asked about.
        environment: what is installed there and what happened when it was tried.
        troubles: what is wrong with it, what breaks first.
        remedy: the command lines that mend it.
        asked: whether an error was asked about.
        fault: what that error tells of; None where it is not known.
    """

    python: str = ""
    environment: Environment | None = None
    troubles: tuple[Trouble, ...] = ()
    remedy: tuple[str, ...] = ()
    asked: bool = False
    fault: Fault | None = None

    @property
    def fits(self) -> bool:
        """Whether nothing was found that breaks."""
        return self.fault is None and not any(each.breaks for each in self.troubles)


def doctor(
    python: str | None = None, *, error: str | None = None, timeout: float | None = None
) -> Checkup:
    """Looks whether the installed packages fit together, and what an error means.

    An environment is looked at by its own interpreter: the versions are read, and each library is
    imported and saves and loads a small model, in a process of its own. Nothing is changed.

    Args:
        python: an interpreter, Python 3.6 or newer; by default the one that runs kfix. With an
            error and no interpreter, no environment is looked at.
        error: the text of an error, or a whole log.
        timeout: seconds that each library may take; by default two minutes.

    Raises:
        UsageError: the interpreter does not start or is too old.
    """
    asked = error is not None
    fault = recognised(error) if error else None
    if asked and python is None:
        return Checkup(asked=True, fault=fault)
    called = python or _shown(Path(sys.executable))
    found = look_at(python or sys.executable, Path.cwd(), timeout or TRIAL_SECONDS)
    troubles = diagnose(found, for_kfix=python is None)
    return Checkup(called, found, troubles, remedy(found, troubles, called), asked, fault)


def _shown(path: Path) -> str:
    """Relative where that is shorter to type."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
