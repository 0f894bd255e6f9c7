"""Gradient clipping.

What it sees: ``clipnorm`` of Keras 1 and the stand-alone Keras 2; ``clipnorm`` and ``clipvalue`` at
once; limits of 0.

Why Keras 3 trips: the stand-alone Keras clips by the norm of all gradients together, which is
``global_clipnorm`` today; ``clipnorm`` is for each weight by itself. Keras 3 takes only one way of
clipping.

What kfix changes: names the norm that was meant, drops limits of 0 (they never clipped), and of two
ways keeps the norm, with a notice.

Links: https://keras.io/api/optimizers/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from converter.model.description import CompileState, Json
from converter.model.findings import Severity
from converter.rules._compile_objects import (
    CLIPPING,
    config_of,
    map_optimizer,
    optimizers_in,
    with_config,
)
from converter.rules.base import CompileChange, Context, Rule, Stage

FIRST = ("global_clipnorm", "clipnorm", "clipvalue")


def translate(state: CompileState, context: Context) -> Iterator[CompileChange]:
    """Keeps one way of clipping, the one that was meant."""
    together = not context.writer.tf_keras
    new = map_optimizer(state, lambda item: _translated(item, together))
    if new is state:
        return
    limits = [_limits(config_of(item)) for item in optimizers_in(state)]
    if together and any("clipnorm" in found for found in limits):
        message = "clipnorm limits the norm of all gradients together, in Keras 3 of each weight"
        yield CompileChange(Severity.SILENT, message, new, "written as global_clipnorm")
    if any(len(found) > 1 for found in limits):
        message = "gradients are clipped in two ways, Keras 3 takes one"
        yield CompileChange(Severity.NOTICE, message, new, "clipping by value was dropped")
    elif not any(limits):
        message = "the optimizer has a limit for gradients that never clips"
        yield CompileChange(Severity.BREAKS, message, new, "removed")


def _limits(config: Mapping[str, Json]) -> dict[str, float]:
    """The limits in force."""
    stored = {key: config.get(key) for key in CLIPPING}
    numbers = {key: value for key, value in stored.items() if isinstance(value, (int, float))}
    return {key: value for key, value in numbers.items() if value > 0}


def _translated(item: Mapping[str, Json], together: bool) -> Json:
    config = config_of(item)
    limits = _limits(config)
    kept = next((key for key in FIRST if key in limits), None)
    new = {key: value for key, value in config.items() if key not in CLIPPING or value is None}
    if kept is not None:
        key = "global_clipnorm" if together and kept == "clipnorm" else kept
        new[key] = float(limits[kept])
    return item if new == config else with_config(item, new)


RULE = Rule(
    code="KF414",
    stage=Stage.COMPILE,
    summary="gradient clipping",
    generations=frozenset({1, 2}),
    compile=translate,
)
