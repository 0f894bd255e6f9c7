"""Every way kfix can fail on purpose: one exception class for each exit code.

The exit code and the advice live on the exception, so that the command line only has to print them
and the library's callers can tell the cases apart. A message says what is wrong and where; a hint
says what to do next.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any


class ExitCode(IntEnum):
    """Exit codes of the command line, the same for every command."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    NOT_A_MODEL = 3
    NOT_EXACT = 4
    OUTPUT = 5
    MISSING = 6
    UNSAFE = 7
    PARTIAL = 8
    BUG = 70
    INTERRUPTED = 130


class KfixError(Exception):
    """Base of all errors that kfix raises on purpose.

    Attributes:
        exit_code: what the command line exits with.
        hint: what the user can do next; empty when there is nothing to add.
    """

    exit_code = ExitCode.BUG

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def __reduce__(self) -> tuple[Any, ...]:
        """How it travels between processes, whatever the arguments of its class."""
        return _travelled, (type(self), str(self), self.__dict__)


def _travelled(kind: type[KfixError], message: str, state: dict[str, Any]) -> KfixError:
    error = kind.__new__(kind, message)
    error.__dict__.update(state)
    return error


class UsageError(KfixError):
    """The call makes no sense: contradicting options, a name that does not exist, a bad value."""

    exit_code = ExitCode.USAGE


class NotAModelError(KfixError):
    """The file is not a Keras model that can be read (or is no model at all)."""

    exit_code = ExitCode.NOT_A_MODEL


class NotExactError(KfixError):
    """The model cannot be written with the same numbers, so nothing was written."""

    exit_code = ExitCode.NOT_EXACT


class VerificationError(NotExactError):
    """The written model was reloaded and did not reproduce the reference outputs."""


class OutputError(KfixError):
    """The output exists already or cannot be written."""

    exit_code = ExitCode.OUTPUT


class MissingObjectError(KfixError):
    """A custom object or an installable dependency is needed and was not given."""

    exit_code = ExitCode.MISSING


class UnsafeContentError(KfixError):
    """The file holds content that could read other files, run code or exhaust memory."""

    exit_code = ExitCode.UNSAFE
