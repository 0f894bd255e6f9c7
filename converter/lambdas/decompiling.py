"""From the bytes of a function to what it computes, whichever Python wrote them.

The bytes do not say by which release they were compiled. Each release that could have is asked,
and those that contradict the bytes are out: fields of the code object, instructions, jumps, caches,
the table of lines, the depth of the stack. What the others read must be the same.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import replace

from converter.lambdas.errors import DamagedCode, LambdaCodeError, Unreadable, UnsafeCode
from converter.lambdas.expressions import Constant, Function
from converter.lambdas.flow import function_of
from converter.lambdas.frame import Work
from converter.lambdas.instructions import (
    WINDOWS_SLASH,
    ImpossibleError,
    decoded,
)
from converter.lambdas.marshalled import Code, Layout, read_code
from converter.lambdas.releases import Release, releases
from converter.lambdas.trees import walk

_WINDOWS_PATH = re.compile(r"[A-Za-z]:/")


def decompiled(data: bytes, *, by_keras_2_1: bool = False) -> Function:
    """What a stored function computes.

    Args:
        data: what ``marshal.dumps(function.__code__)`` gave.
        by_keras_2_1: Keras 2.1 or later wrote it, which changes a byte on Windows.

    Raises:
        Unreadable: the code is sound, but no plain expression, or has several meanings.
        DamagedCode: this is no function.
        UnsafeCode: no compiler has made that code.
    """
    codes = _codes(data)
    found: list[tuple[Release, Function]] = []
    refused: list[Unreadable] = []
    contradictions: list[str] = []
    for release in releases():
        code = codes.get(release.layout)
        if code is None:
            continue
        try:
            function = function_of(code, release, Work())
            if by_keras_2_1:
                _check_windows(code, release, function)
            found.append((release, function))
        except Unreadable as error:
            refused.append(error)
        except ImpossibleError as error:
            contradictions.append(str(error))
    if not found and not refused:
        raise UnsafeCode(f"its instructions make no sense: {contradictions[-1]}")
    try:
        return _agreed(found, refused)
    except Unreadable as error:
        code = next(iter(codes.values()))
        error.name, error.file, error.names = code.name, code.file, _names(code)
        raise


def _codes(data: bytes) -> dict[Layout, Code]:
    """The function in each layout in which the bytes are one."""
    found: dict[Layout, Code] = {}
    errors: list[LambdaCodeError] = []
    for layout in Layout:
        try:
            found[layout] = read_code(data, layout)
        except (DamagedCode, UnsafeCode) as error:
            errors.append(error)
    if not found:
        unsafe = [error for error in errors if isinstance(error, UnsafeCode)]
        raise (unsafe or errors)[-1]
    return found


def _agreed(found: list[tuple[Release, Function]], refused: list[Unreadable]) -> Function:
    """What all releases say that could have compiled the function."""
    if not found:
        raise refused[-1]
    first = found[0][1]
    meanings = {_plain(function) for _, function in found}
    if refused or len(meanings) > 1:
        known = " and ".join(".".join(map(str, release.version)) for release, _ in found)
        raise Unreadable(
            f"Python {known} take its code differently" if len(found) > 1 else "it has two meanings"
        )
    return first


def _names(code: Code) -> tuple[str, ...]:
    """The names that a function uses, inner functions included."""
    inner = (name for each in code.constants if isinstance(each, Code) for name in _names(each))
    return tuple(dict.fromkeys((*code.names, *inner)))


def _plain(function: Function) -> Function:
    return replace(function, python=())


def _check_windows(code: Code, release: Release, function: Function) -> None:
    """Keras on Windows put one byte for another, which no one can take back in a number.

    That it was Windows is told by the path of the source, or by an instruction that the other byte
    stands for; code of a notebook without one looks like that of any other system.

    Raises:
        Unreadable: a number or a jump has that byte.
    """
    instructions = [each for part in _parts(code) for each in decoded(part, release)]
    repaired = any(each.repaired for each in instructions)
    if not repaired and not _WINDOWS_PATH.match(code.file):
        return
    if any(WINDOWS_SLASH in each.argument.to_bytes(4, "little") for each in instructions):
        raise Unreadable("Keras on Windows may have changed an instruction in it")
    roots = (*(each.value for each in function.body), function.result)
    for root in roots:
        for node in walk(root):
            if isinstance(node, Constant) and _has_slash(node.value):
                raise Unreadable(
                    f"Keras on Windows may have changed the number {node.value!r} in it"
                )


def _parts(code: Code) -> Iterator[Code]:
    """A function and those inside it."""
    yield code
    for each in code.constants:
        if isinstance(each, Code):
            yield from _parts(each)


def _has_slash(value: object) -> bool:
    if isinstance(value, tuple):
        return any(_has_slash(item) for item in value)
    if isinstance(value, bool) or not isinstance(value, (int, float, complex)):
        return False
    if isinstance(value, int):
        size = value.bit_length() // 8 + 1
        return WINDOWS_SLASH in value.to_bytes(size, "little", signed=True)
    parts = (value.real, value.imag)
    return any(WINDOWS_SLASH in struct.pack("<d", part) for part in parts)
