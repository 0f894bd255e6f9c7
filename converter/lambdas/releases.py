"""The releases of Python whose bytecode can be read, each with its instructions.

``opcodes.json`` is made by tools/opcode_tables.py from the interpreters themselves.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from converter.lambdas.marshalled import Layout

_TABLES = Path(__file__).with_name("opcodes.json")


@dataclass(frozen=True)
class Release:
    """One release and its instruction set.

    Attributes:
        version: ``(3, 7)``.
        names: of the instructions, by number.
        argument_from: the first number whose instruction has an argument, before 3.6.
        caches: how many cache entries follow an instruction, since 3.11.
        relative: the jumps whose argument counts from the jump.
        absolute: the jumps whose argument counts from the beginning.
        compare: the operators of ``COMPARE_OP``.
        binary: the operators of ``BINARY_OP``.
        constants: the names behind ``LOAD_COMMON_CONSTANT``.
        intrinsics: the names behind ``CALL_INTRINSIC_1``.
    """

    version: tuple[int, int]
    names: dict[int, str]
    argument_from: int
    caches: dict[str, int]
    relative: frozenset[str]
    absolute: frozenset[str]
    compare: tuple[str, ...]
    binary: tuple[str, ...]
    constants: tuple[str, ...]
    intrinsics: tuple[str, ...]

    @property
    def layout(self) -> Layout:
        """How code objects are laid out."""
        if self.version < (3,):
            return Layout.PYTHON_2
        if self.version < (3, 8):
            return Layout.PYTHON_3
        return Layout.POSITIONAL_ONLY if self.version < (3, 11) else Layout.LOCALS_TOGETHER


@cache
def releases() -> tuple[Release, ...]:
    """All releases, the oldest first."""
    tables = json.loads(_TABLES.read_text())
    return tuple(_release(label, table) for label, table in tables.items())


def _release(label: str, table: dict[str, Any]) -> Release:
    major, minor = label.split(".")
    pairs = (item.rsplit("=", 1) for item in table["names"].split())
    jumps = table["jumps"]
    return Release(
        version=(int(major), int(minor)),
        names={int(number): name for name, number in pairs},
        argument_from=table["argument_from"],
        caches=table.get("caches", {}),
        relative=frozenset(name for name, kind in jumps.items() if kind == "relative"),
        absolute=frozenset(name for name, kind in jumps.items() if kind == "absolute"),
        compare=tuple(table["compare"]),
        binary=tuple(table.get("binary", ())),
        constants=tuple(table.get("constants", ())),
        intrinsics=tuple(table.get("intrinsics", ())),
    )
