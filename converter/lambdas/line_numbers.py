"""Which line of the source each instruction stands on, in the codings of the releases.

Links: https://github.com/python/cpython/blob/3.9/Objects/lnotab_notes.txt,
https://github.com/python/cpython/blob/3.10/Objects/lnotab_notes.txt,
https://github.com/python/cpython/blob/3.11/Objects/locations.md
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from converter.lambdas.marshalled import Code, Layout


class Lines:
    """Lines of a function by the offset of an instruction."""

    def __init__(self, code: Code, version: tuple[int, int]) -> None:
        self._first = code.line
        self._starts = [(0, code.line), *_starts(code, version)]

    def at(self, offset: int) -> int:
        """The line of the instruction at an offset."""
        place = bisect_right(self._starts, offset, key=lambda start: start[0])
        return self._starts[place - 1][1]


def covers(code: Code, version: tuple[int, int]) -> bool:
    """Whether the table of lines is one of that release, as far as 3.8 to 3.10 are concerned.

    The table of 3.10 covers the instructions to the last, the one of 3.9 only tells where lines
    begin and so stays before the last.
    """
    if code.layout is not Layout.POSITIONAL_ONLY:
        return True
    return (sum(code.lines[::2]) == len(code.code)) == (version >= (3, 10))


def _starts(code: Code, version: tuple[int, int]) -> Iterator[tuple[int, int]]:
    if version >= (3, 11):
        return _locations(code)
    return _ranges(code) if version >= (3, 10) else _steps(code, version)


def _steps(code: Code, version: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """``co_lnotab``: pairs of steps; lines step backwards only since 3.6."""
    offset, line = 0, code.line
    for ahead, step in zip(code.lines[::2], code.lines[1::2], strict=False):
        offset += ahead
        line += step - 256 if step > 127 and version >= (3, 6) else step
        yield offset, line


def _ranges(code: Code) -> Iterator[tuple[int, int]]:
    """``co_linetable`` of 3.10: how far a range goes, and the step of its line; -128 is none."""
    offset, line = 0, code.line
    for length, step in zip(code.lines[::2], code.lines[1::2], strict=False):
        if step != 128:
            line += step - 256 if step > 127 else step
            yield offset, line
        offset += length


_LONG, _NO_COLUMN, _NONE = 14, 13, 15


def _locations(code: Code) -> Iterator[tuple[int, int]]:
    """``co_linetable`` since 3.11: entries that begin with a byte whose highest bit is set."""
    offset, line, at = 0, code.line, 0
    while at < len(code.lines):
        first = code.lines[at]
        kind = first >> 3 & 15
        if kind in (_LONG, _NO_COLUMN):
            line += _signed(code.lines, at + 1)
        elif 10 <= kind <= 12:
            line += kind - 10
        if kind != _NONE:
            yield offset, line
        offset += 2 * ((first & 7) + 1)
        at += 1
        while at < len(code.lines) and not code.lines[at] & 0x80:
            at += 1


def _signed(table: bytes, at: int) -> int:
    """A number in pieces of six bits, the lowest bit of which is the sign."""
    number = shift = 0
    while at < len(table) and shift < 60:
        number |= (table[at] & 63) << shift
        shift += 6
        if not table[at] & 64:
            break
        at += 1
    return -(number >> 1) if number & 1 else number >> 1
