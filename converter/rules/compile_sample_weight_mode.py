"""The ``sample_weight_mode`` of a compiled model.

What it sees: ``sample_weight_mode``, written by Keras 1 and 2 until TensorFlow 2.2.

Why Keras 3 trips: ``compile()`` takes no such argument; weights by time step go by the shape of
``sample_weight`` alone.

What kfix changes: drops it, and says so where it was set (``temporal``).

Links: https://keras.io/api/models/model_training_apis/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from converter.model.description import CompileState
from converter.model.findings import Severity
from converter.rules.base import CompileChange, Context, Rule, Stage

KEY = "sample_weight_mode"


def drop(state: CompileState, context: Context) -> Iterator[CompileChange]:
    """Drops the mode where it was set; an unset one is not written anyway."""
    mode = state.options.get(KEY)
    modes = mode.values() if isinstance(mode, dict) else mode if isinstance(mode, list) else [mode]
    if not any(modes):
        return
    options = {key: value for key, value in state.options.items() if key != KEY}
    message = f"compiled with sample_weight_mode={mode!r}, which Keras 3 does not have"
    remedy = "dropped; Keras 3 goes by the shape of sample_weight"
    yield CompileChange(Severity.NOTICE, message, replace(state, options=options), remedy)


RULE = Rule(
    code="KF402",
    stage=Stage.COMPILE,
    summary="sample_weight_mode is gone",
    generations=frozenset({1, 2}),
    compile=drop,
)
