"""Options of ``compile()`` that were left open.

What it sees: ``run_eagerly``, ``steps_per_execution`` or ``jit_compile`` with the value null, in a
``.keras`` of tf.keras 2.12 to 2.15.

Why Keras 3 trips: it loads the file, and then ``fit`` fails on ``steps_per_execution=None``.

What kfix changes: leaves them out, so that Keras 3 takes its defaults, which mean the same.

Links: https://keras.io/api/models/model_training_apis/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from converter.dialects.compile_state import OPTIONS
from converter.model.description import CompileState
from converter.model.findings import Severity
from converter.rules.base import CompileChange, Context, Rule, Stage


def drop(state: CompileState, context: Context) -> Iterator[CompileChange]:
    """Leaves out the options that hold nothing."""
    empty = [key for key in OPTIONS if key in state.options and state.options[key] is None]
    if empty:
        options = {key: value for key, value in state.options.items() if key not in empty}
        message = f"compiled with {', '.join(empty)} left open (null)"
        yield CompileChange(Severity.BREAKS, message, replace(state, options=options), "left out")


RULE = Rule(
    code="KF403",
    stage=Stage.COMPILE,
    summary="compile options that hold nothing",
    generations=frozenset({2}),
    compile=drop,
)
