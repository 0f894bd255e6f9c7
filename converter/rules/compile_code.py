"""Code in the compile state.

What it sees: a loss, metric or schedule that is stored as Python bytecode (``__lambda__``), at any
depth of the compile state.

Why Keras 3 trips: a ``.keras`` is refused in safe mode; older readers would run the code.

What kfix changes: drops the whole compile state. The model itself stays as it is, and can be
compiled again.

Links: https://keras.io/api/models/model_saving_apis/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import astuple
from typing import Any

from converter.model.description import CompileState
from converter.model.findings import Severity
from converter.rules.base import CompileChange, Context, Rule, Stage

CODE = frozenset({"__lambda__", "Lambda"})


def drop(state: CompileState, context: Context) -> Iterator[CompileChange]:
    """Drops the state when code is anywhere in it."""
    if _has_code(astuple(state)):
        message = "the compile state holds Python code, which is never run nor carried over"
        yield CompileChange(Severity.NOTICE, message, None, "dropped; compile the model again")


def _has_code(value: Any) -> bool:
    if isinstance(value, Mapping):
        name = value.get("class_name")
        return (isinstance(name, str) and name in CODE) or any(map(_has_code, value.values()))
    return isinstance(value, (list, tuple)) and any(map(_has_code, value))


RULE = Rule(
    code="KF400",
    stage=Stage.COMPILE,
    summary="code in the compile state is not carried over",
    generations=frozenset({1, 2, 3}),
    compile=drop,
)
