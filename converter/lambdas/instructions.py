"""The instructions of a function, decoded as one release of Python would.

No file says which release wrote it. So each candidate decodes, and a candidate is out when an
instruction does not exist, counts to something that is not there, or jumps into the middle of
another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from converter.lambdas.line_numbers import Lines, covers
from converter.lambdas.marshalled import Code
from converter.lambdas.releases import Release

# Keras on Windows puts "/" for each "\\" in the code, in the belief that they are in file names
# only: https://github.com/keras-team/keras/blob/v2.2.4/keras/utils/generic_utils.py#L187
WINDOWS_SLASH, WINDOWS_BACKSLASH = 0x2F, 0x5C

_CONSTANTS = frozenset({"LOAD_CONST", "RETURN_CONST", "KW_NAMES"})
_NAMES = frozenset({"LOAD_METHOD", "IMPORT_NAME", "IMPORT_FROM", "STORE_ATTR", "LOAD_NAME"})
_VARIABLES = frozenset({"LOAD_FAST", "STORE_FAST", "LOAD_FAST_CHECK", "LOAD_FAST_AND_CLEAR"})

_BEFORE_RESUME = frozenset({"COPY_FREE_VARS", "MAKE_CELL", "RETURN_GENERATOR", "POP_TOP"})

_SETUPS = frozenset(
    {"SETUP_LOOP", "SETUP_EXCEPT", "SETUP_FINALLY", "SETUP_WITH", "SETUP_ASYNC_WITH"}
)
_HANDLING = frozenset(
    {
        *("BEGIN_FINALLY", "CALL_FINALLY", "END_FINALLY", "POP_BLOCK", "POP_EXCEPT", "POP_FINALLY"),
        *("RERAISE", "WITH_CLEANUP", "WITH_CLEANUP_FINISH", "WITH_CLEANUP_START"),
        *("JUMP_IF_NOT_EXC_MATCH", "WITH_EXCEPT_START", "BREAK_LOOP", "CONTINUE_LOOP"),
    }
)

_PAIRS = {
    "LOAD_FAST_LOAD_FAST": ("LOAD_FAST", "LOAD_FAST"),
    "LOAD_FAST_BORROW_LOAD_FAST_BORROW": ("LOAD_FAST", "LOAD_FAST"),
    "STORE_FAST_LOAD_FAST": ("STORE_FAST", "LOAD_FAST"),
    "STORE_FAST_STORE_FAST": ("STORE_FAST", "STORE_FAST"),
}
"""Two instructions in one, since 3.13; four bits of the argument are for each."""


class ImpossibleError(Exception):
    """The release can't have compiled this; another one may have."""


@dataclass(frozen=True)
class Instruction:
    """One instruction.

    Attributes:
        name: as the release calls it.
        argument: with all of its extensions, 0 where there is none.
        line: of the source.
        target: of a jump, the place among the instructions; -1 for all else.
        repaired: it is what stood here before Keras on Windows wrote it.
    """

    name: str
    argument: int
    line: int
    target: int = -1
    repaired: bool = False


@dataclass(frozen=True)
class _Unit:
    """What is decoded first: where it begins, prefixes included, and what follows it."""

    begin: int
    after: int
    name: str
    argument: int
    repaired: bool


def decoded(code: Code, release: Release) -> tuple[Instruction, ...]:
    """The instructions of a function.

    Raises:
        ImpossibleError: the release does not compile such code.
    """
    if not covers(code, release.version):
        raise ImpossibleError("the table of lines is another release's")
    wide = release.version < (3, 6)
    units = list(_bytewise(code, release) if wide else _wordwise(code, release))
    lines = Lines(code, release.version)
    found: list[Instruction] = []
    places: dict[int, int] = {}
    jumps: dict[int, int] = {}
    for unit in units:
        _check(unit, code, release)
        places[unit.begin] = len(found)
        if unit.name in release.absolute or unit.name in release.relative:
            jumps[len(found)] = _target(unit, release)
        for name, argument in _parts(unit):
            line = lines.at(unit.begin)
            found.append(Instruction(name, argument, line, repaired=unit.repaired))
    for place, offset in jumps.items():
        if offset not in places:
            raise ImpossibleError(f"a jump to {offset} meets no instruction")
        found[place] = replace(found[place], target=places[offset])
    _check_beginning(found, code, release)
    _check_handlers(found, release)
    return tuple(found)


def _check_beginning(found: list[Instruction], code: Code, release: Release) -> None:
    """Since 3.11 each function begins with its closure and a point to resume from."""
    if release.version < (3, 11):
        return
    for each in found:
        if each.name == "RESUME":
            return
        if each.name not in _BEFORE_RESUME:
            break
        if each.name == "COPY_FREE_VARS" and each.argument != len(code.free):
            break
    raise ImpossibleError("the function does not begin as one of that release")


def _check_handlers(found: list[Instruction], release: Release) -> None:
    """What ends the handling of exceptions needs a beginning, before 3.11."""
    names = {each.name for each in found}
    if release.version < (3, 11) and names & _HANDLING and not names & _SETUPS:
        raise ImpossibleError("exceptions are handled that are not waited for")


def _parts(unit: _Unit) -> tuple[tuple[str, int], ...]:
    if unit.name in _PAIRS:
        first, second = _PAIRS[unit.name]
        return (first, unit.argument >> 4), (second, unit.argument & 15)
    return ((unit.name, unit.argument),)


def _name(number: int, release: Release) -> tuple[str, bool]:
    """An instruction's name, and whether Windows had put another in its place."""
    if release.names.get(number, "CACHE") != "CACHE":
        return release.names[number], False
    if number == WINDOWS_SLASH and WINDOWS_BACKSLASH in release.names:
        return release.names[WINDOWS_BACKSLASH], True
    raise ImpossibleError(f"instruction {number} does not exist")


def _bytewise(code: Code, release: Release) -> Iterator[_Unit]:
    """Before 3.6: one byte, and two more for an argument."""
    data, at, begin, extension = code.code, 0, 0, 0
    while at < len(data):
        name, repaired = _name(data[at], release)
        argument = 0
        if data[at] >= release.argument_from:
            if at + 3 > len(data):
                raise ImpossibleError("the last instruction is cut off")
            argument = int.from_bytes(data[at + 1 : at + 3], "little") | extension
            at += 2
        at += 1
        if name == "EXTENDED_ARG":
            extension = _extended(argument, 16)
            continue
        yield _Unit(begin, at, name, argument, repaired)
        begin, extension = at, 0


def _wordwise(code: Code, release: Release) -> Iterator[_Unit]:
    """Since 3.6: a byte and its argument; since 3.11 empty cache entries after some."""
    data, at, begin, extension = code.code, 0, 0, 0
    if len(data) % 2:
        raise ImpossibleError("the last instruction is cut off")
    while at < len(data):
        name, repaired = _name(data[at], release)
        argument = data[at + 1] | extension
        at += 2
        if name == "EXTENDED_ARG":
            extension = _extended(argument, 8)
            continue
        size = 2 * release.caches.get(name, 0)
        if data[at : at + size] != bytes(size):
            raise ImpossibleError("a cache is not empty")
        at += size
        yield _Unit(begin, at, name, argument, repaired)
        begin, extension = at, 0


def _extended(argument: int, bits: int) -> int:
    if argument >> 24:
        raise ImpossibleError("an argument is too large")
    return argument << bits


def _target(unit: _Unit, release: Release) -> int:
    step = unit.argument * (2 if release.version >= (3, 10) else 1)
    if unit.name in release.absolute:
        return step
    return unit.after - step if "BACKWARD" in unit.name else unit.after + step


def _check(unit: _Unit, code: Code, release: Release) -> None:
    """What an argument counts to must be there."""
    counted = (
        len(code.constants)
        if unit.name in _CONSTANTS
        else len(code.names)
        if unit.name in _NAMES
        else _variables(code, release)
        if unit.name in _VARIABLES
        else None
    )
    if counted is not None and unit.argument >= counted:
        raise ImpossibleError(f"{unit.name} has no {unit.argument}")


def _variables(code: Code, release: Release) -> int:
    together = len(code.cells) + len(code.free) if release.version >= (3, 11) else 0
    return len(code.variables) + together
