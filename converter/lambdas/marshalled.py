"""Reads the bytes that Python's ``marshal`` writes for a function, as data.

Python's own reader trusts its input: it builds code objects from anything, and running or even
disposing of a wrong one can crash the interpreter. This one knows the types that compilers write,
checks each length against what is there, and builds nothing but numbers, texts and tuples.

Links: https://docs.python.org/3/library/marshal.html,
https://github.com/python/cpython/blob/main/Python/marshal.c
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from converter.lambdas.errors import DamagedCode, UnsafeCode

MOST_BYTES = 1 << 20
MOST_VALUES = 100_000
DEEPEST = 80
LONGEST_INTEGER = 256
"""In digits of 15 bits: far beyond any dimension or seed, and still quick to print."""

_REFERENCED = 0x80


class Layout(Enum):
    """The fields of a code object, named after the first release that had them."""

    PYTHON_2 = "2.7"
    PYTHON_3 = "3.0"
    POSITIONAL_ONLY = "3.8"
    LOCALS_TOGETHER = "3.11"


@dataclass(frozen=True)
class SliceValue:
    """A slice with constant ends, a constant since Python 3.14."""

    lower: Any
    upper: Any
    step: Any


@dataclass(frozen=True)
class Code:
    """A code object; the fields are those of Python's own.

    Attributes:
        arguments: how many parameters can be given by position, positional-only ones included.
        positional_only: how many of them by position only.
        keyword_only: how many more by name only.
        stack_size: the deepest that the stack gets.
        flags: ``*args`` is 4, ``**kwargs`` 8, a generator 32.
        code: the instructions.
        constants: in the order that instructions count them; nested functions are `Code`.
        names: of globals and attributes.
        variables: parameters and local variables.
        cells: those of them, or more, that inner functions use.
        free: variables of enclosing functions.
        file: of the source.
        name: of the function.
        line: the first one.
        lines: where the source's lines begin, coded in a way of each release.
        handlers: where exceptions go, since 3.11.
        layout: how the fields were laid out.
    """

    arguments: int
    positional_only: int
    keyword_only: int
    stack_size: int
    flags: int
    code: bytes
    constants: tuple[Any, ...]
    names: tuple[str, ...]
    variables: tuple[str, ...]
    cells: tuple[str, ...]
    free: tuple[str, ...]
    file: str
    name: str
    line: int
    lines: bytes
    handlers: bytes
    layout: Layout


def read_code(data: bytes, layout: Layout) -> Code:
    """Reads a function.

    Args:
        data: what ``marshal.dumps(function.__code__)`` gave.
        layout: how the writer's Python lays out code objects.

    Raises:
        DamagedCode: this is not a function in that layout.
        UnsafeCode: it is larger or nested deeper than any compiler writes.
    """
    if len(data) > MOST_BYTES:
        raise UnsafeCode(f"the code of a function has {len(data):,} bytes")
    reader = _Reader(data, layout)
    code = reader.value()
    if not isinstance(code, Code):
        raise DamagedCode("what is stored is no function")
    if reader.at != len(data):
        raise DamagedCode(f"{len(data) - reader.at} bytes follow the function")
    return code


_NO_VALUE = object()
"""What a reference gets to see of a value that is not read to its end."""


class _Reader:
    """Reads one value after the other; ``references`` and ``interned`` are marshal's own."""

    def __init__(self, data: bytes, layout: Layout) -> None:
        self.data = data
        self.layout = layout
        self.at = 0
        self.depth = 0
        self.weight = 0
        self.references: list[tuple[Any, int]] = []
        self.interned: list[bytes] = []

    def value(self) -> Any:
        """The next value.

        A value that is referred to counts each time: a few bytes may stand for gigabytes.
        """
        kind = self.byte()
        begun = self.weight
        self._count(1)
        self.depth += 1
        if self.depth > DEEPEST:
            raise UnsafeCode("the code of a function is nested too deep")
        slot = -1
        if kind & _REFERENCED:
            slot = len(self.references)
            self.references.append((_NO_VALUE, 0))
        read = _KINDS.get(chr(kind & ~_REFERENCED))
        if read is None:
            raise DamagedCode(f"byte {self.at - 1} of the code is of no known kind")
        value = read(self)
        self.depth -= 1
        if slot >= 0:
            self.references[slot] = value, self.weight - begun
        return value

    def _count(self, weight: int) -> None:
        self.weight += weight
        if self.weight > MOST_VALUES:
            raise UnsafeCode("the code of a function has too many values")

    def byte(self) -> int:
        return self.take(1)[0]

    def take(self, size: int) -> bytes:
        if size < 0 or size > len(self.data) - self.at:
            raise DamagedCode("the code of a function is cut off")
        self.at += size
        return self.data[self.at - size : self.at]

    def integer(self) -> int:
        """Four bytes, with a sign."""
        return int.from_bytes(self.take(4), "little", signed=True)

    def long_integer(self) -> int:
        """Digits of 15 bits."""
        size = self.integer()
        if abs(size) > LONGEST_INTEGER:
            raise UnsafeCode(f"a number has {abs(size):,} digits")
        total = 0
        for place in range(abs(size)):
            digit = int.from_bytes(self.take(2), "little")
            if digit >> 15:
                raise DamagedCode("a number has a digit that is too large")
            total |= digit << (15 * place)
        return -total if size < 0 else total

    def written_float(self) -> float:
        """A number as text, as the first formats had it."""
        text = self.take(self.byte())
        try:
            return float(text)
        except ValueError as error:
            raise DamagedCode("a number is no number") from error

    def binary_float(self) -> float:
        return float(struct.unpack("<d", self.take(8))[0])

    def bytes_or_text(self) -> bytes:
        """``bytes`` of Python 3, ``str`` of Python 2."""
        return self.take(self.integer())

    def interned_bytes(self) -> bytes | str:
        """A name: Python 2 counts them, Python 3 does not."""
        found = self.take(self.integer())
        if self.layout is not Layout.PYTHON_2:
            return _text(found)
        self.interned.append(found)
        return found

    def interned_before(self) -> bytes:
        """One of Python 2's names again."""
        place = self.integer()
        if not 0 <= place < len(self.interned):
            raise DamagedCode("a name is referred to that is not there")
        return self.interned[place]

    def text(self) -> str:
        return _text(self.take(self.integer()))

    def short_text(self) -> str:
        return self.take(self.byte()).decode("latin-1")

    def items(self, count: int) -> tuple[Any, ...]:
        """Values in a row; each takes a byte at least."""
        if not 0 <= count <= len(self.data) - self.at:
            raise DamagedCode("the code of a function is cut off")
        return tuple(self.value() for _ in range(count))

    def constant_set(self) -> frozenset[Any]:
        items = self.items(self.integer())
        try:
            return frozenset(items)
        except TypeError as error:
            raise DamagedCode("a set holds what no set can hold") from error

    def slice(self) -> SliceValue:
        return SliceValue(*self.items(3))

    def reference(self) -> Any:
        """A value that was read before."""
        place = self.integer()
        if not 0 <= place < len(self.references):
            raise DamagedCode("a value is referred to that is not there")
        value, weight = self.references[place]
        if value is _NO_VALUE:
            raise UnsafeCode("a value in the code of a function holds itself")
        self._count(weight)
        return value

    def code(self) -> Code:
        """A code object, of whichever layout."""
        layout = self.layout
        arguments = self.integer()
        positional_only = self.integer() if layout in _WITH_POSITIONAL_ONLY else 0
        keyword_only = 0 if layout is Layout.PYTHON_2 else self.integer()
        if layout is not Layout.LOCALS_TOGETHER:
            self.integer()
        stack_size, flags = self.integer(), self.integer()
        code, constants, names = self.value(), self._constants(), self._names()
        if layout is Layout.LOCALS_TOGETHER:
            variables, cells, free = _parted(self._names(), self.value())
        else:
            variables, free, cells = self._names(), self._names(), self._names()
        file, name = self._name(), self._name()
        if layout is Layout.LOCALS_TOGETHER:
            self._name()
        line, lines = self.integer(), self.value()
        handlers = self.value() if layout is Layout.LOCALS_TOGETHER else b""
        found = Code(
            arguments, positional_only, keyword_only, stack_size, flags, code, constants, names,
            variables, cells, free, file, name, line, lines, handlers, layout,
        )  # fmt: skip
        _check(found)
        return found

    def _constants(self) -> tuple[Any, ...]:
        values = self.value()
        if not isinstance(values, tuple):
            raise DamagedCode("a function has no constants")
        if self.layout is Layout.PYTHON_2:
            return tuple(_python2_constant(value) for value in values)
        return values

    def _names(self) -> tuple[str, ...]:
        values = self.value()
        if not isinstance(values, tuple):
            raise DamagedCode("a function has no list of names")
        return tuple(_name(value) for value in values)

    def _name(self) -> str:
        return _name(self.value())


_WITH_POSITIONAL_ONLY = (Layout.POSITIONAL_ONLY, Layout.LOCALS_TOGETHER)


def _name(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if not isinstance(value, str):
        raise DamagedCode("a name is no text")
    return value


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise DamagedCode("a text is not coded as UTF-8") from error


def _python2_constant(value: Any) -> Any:
    """Texts of Python 2 are bytes; those that say the same as text are taken as text."""
    if isinstance(value, bytes):
        return value.decode("ascii") if value.isascii() else value
    if isinstance(value, tuple):
        return tuple(_python2_constant(item) for item in value)
    if isinstance(value, frozenset):
        return frozenset(_python2_constant(item) for item in value)
    return value


_LOCAL, _CELL, _FREE = 0x20, 0x40, 0x80


def _parted(
    names: tuple[str, ...], kinds: Any
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Variables, cells and free variables, which are one list since 3.11.

    Raises:
        DamagedCode: the kinds are not one byte for each name, or not in the compiler's order.
    """
    if not isinstance(kinds, bytes) or len(kinds) != len(names):
        raise DamagedCode("the variables of a function have no kinds")
    pairs = list(zip(names, kinds, strict=True))
    variables = tuple(name for name, kind in pairs if kind & _LOCAL)
    cells = tuple(name for name, kind in pairs if kind & _CELL and not kind & _LOCAL)
    free = tuple(name for name, kind in pairs if kind & _FREE)
    if variables + cells + free != names:
        raise DamagedCode("the variables of a function are out of order")
    return variables, cells, free


def _check(code: Code) -> None:
    counts = (code.arguments, code.positional_only, code.keyword_only, code.stack_size, code.flags)
    given = code.arguments + code.keyword_only + bool(code.flags & 4) + bool(code.flags & 8)
    sound = (
        min(counts) >= 0
        and code.positional_only <= code.arguments
        and given <= len(code.variables)
        and all(isinstance(part, bytes) for part in (code.code, code.lines, code.handlers))
    )
    if not sound:
        raise DamagedCode(f"the function {code.name[:40]!r} contradicts itself")


_KINDS: dict[str, Callable[[_Reader], Any]] = {
    "N": lambda reader: None,
    "T": lambda reader: True,
    "F": lambda reader: False,
    ".": lambda reader: ...,
    "i": _Reader.integer,
    "I": lambda reader: int.from_bytes(reader.take(8), "little", signed=True),
    "l": _Reader.long_integer,
    "f": _Reader.written_float,
    "g": _Reader.binary_float,
    "x": lambda reader: complex(reader.written_float(), reader.written_float()),
    "y": lambda reader: complex(reader.binary_float(), reader.binary_float()),
    "s": _Reader.bytes_or_text,
    "t": _Reader.interned_bytes,
    "R": _Reader.interned_before,
    "u": _Reader.text,
    "a": _Reader.text,
    "A": _Reader.text,
    "z": _Reader.short_text,
    "Z": _Reader.short_text,
    "(": lambda reader: reader.items(reader.integer()),
    ")": lambda reader: reader.items(reader.byte()),
    "<": _Reader.constant_set,
    ">": _Reader.constant_set,
    ":": _Reader.slice,
    "c": _Reader.code,
    "r": _Reader.reference,
}
