"""Why the code of a Lambda can't be given as an expression."""

from __future__ import annotations

from converter.errors import KfixError, NotAModelError, NotExactError, UnsafeContentError


class LambdaCodeError(KfixError):
    """Base of all that keeps a stored function from being read."""


class Unreadable(LambdaCodeError, NotExactError):
    """Sound code that is no plain expression, or that several releases of Python take differently.

    Attributes:
        line: the line of the source it stands on, 0 where that is not known.
        name: of the function, empty where that is not known.
        names: of globals, attributes and modules that the function uses.
        file: the source file's name, as the bytecode keeps it.
    """

    def __init__(self, message: str, hint: str = "", line: int = 0) -> None:
        super().__init__(message, hint)
        self.line = line
        self.name = self.file = ""
        self.names: tuple[str, ...] = ()


class DamagedCode(LambdaCodeError, NotAModelError):
    """Bytes that are no function of any Python: cut off, overwritten, or something else."""


class UnsafeCode(LambdaCodeError, UnsafeContentError):
    """Code that no compiler writes, which would crash or exhaust the program that loads it."""
