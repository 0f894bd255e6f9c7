"""Whatever is left in the compile state that Keras 3 would not take.

What it sees: losses, metrics, optimizers and schedules with arguments that are not on the list of
what Keras 3's own classes take, or from another module than Keras's; a compile state without
optimizer; anything malformed.

Why Keras 3 trips: one such entry and the whole model does not load. A module name in a file is also
a way to have code imported.

What kfix changes: drops the entry if it is a metric, and the compile state otherwise, and says what
it was. Only names on the list are ever written.

Links: https://keras.io/api/models/model_saving_apis/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from converter.dialects.compile_state import OPTIONS, is_object
from converter.model.description import CompileState, Json
from converter.model.findings import Severity
from converter.rules._compile_objects import (
    Judgement,
    config_of,
    is_custom,
    judge_loss,
    judge_metric,
    judge_optimizer,
    objects_in,
    with_config,
    without_metrics,
)
from converter.rules.base import CompileChange, Context, Rule, Stage

_OPTION_KINDS: Mapping[str, tuple[type, ...]] = {
    "run_eagerly": (bool,),
    "steps_per_execution": (int,),
    "jit_compile": (bool, str),
    "auto_scale_loss": (bool,),
}

STAND_IN = {"module": "keras.optimizers", "class_name": "SGD", "config": {}}
"""For an inner optimizer of the user's own, which is not to be judged."""
LOST_OPTIMIZER = "no optimizer is stored; Keras 3 loses it in a .keras saved after an .h5"


def gate(state: CompileState, context: Context) -> Iterator[CompileChange]:
    """Lets through only what Keras 3 is known to take."""
    if state.optimizer is None and context.writer.generation >= 3:
        yield CompileChange(Severity.NOTICE, LOST_OPTIMIZER, state, "Keras 3 takes rmsprop for it")
    reason = _fatal(state, context)
    if reason:
        remedy = "the compile state was dropped; compile the model again"
        yield CompileChange(Severity.NOTICE, f"compile state: {reason}", None, remedy)
        return
    reasons = sorted(filter(None, {_metric(item, context).reason for item in _metrics(state)}))
    if reasons:
        new = without_metrics(state, lambda item: bool(_metric(item, context)))
        message = f"compile state: {'; '.join(reasons)}"
        yield CompileChange(Severity.NOTICE, message, new, "the metric was removed")
        state = new
    unfit = {key for key in OPTIONS if not _fits_option(key, state.options.get(key))}
    if unfit:
        options = {key: value for key, value in state.options.items() if key not in unfit}
        message = f"compile state: {', '.join(sorted(unfit))} is not understood"
        yield CompileChange(Severity.NOTICE, message, replace(state, options=options), "left out")


def _fatal(state: CompileState, context: Context) -> str:
    """Why the model cannot be compiled with this state at all; empty when it can."""
    lost = state.optimizer is None and context.writer.generation >= 3
    if not lost and not is_object(state.optimizer):
        return "no optimizer is stored"
    parts = (state.loss, state.metrics, state.weighted_metrics)
    if not (all(map(_is_nested_objects, parts)) and _is_weights(state.loss_weights)):
        return "it is malformed"
    judged = [_loss(item, context) for item in objects_in(state.loss)]
    judged += [] if lost else [_optimizer(state.optimizer, context)]
    return next((judgement.reason for judgement in judged if judgement), "")


def _optimizer(item: Json, context: Context) -> Judgement:
    if is_custom(item, context):
        return Judgement()
    config = config_of(item)
    if is_custom(config.get("learning_rate"), context):
        item = with_config(item, {**config, "learning_rate": 0.0})
    if is_custom(config.get("inner_optimizer"), context):
        item = with_config(item, {**config, "inner_optimizer": STAND_IN})
    return judge_optimizer(item)


def _loss(item: Json, context: Context) -> Judgement:
    return Judgement() if is_custom(item, context) else judge_loss(item)


def _metric(item: Json, context: Context) -> Judgement:
    return Judgement() if is_custom(item, context) else judge_metric(item)


def _metrics(state: CompileState) -> list[Json]:
    return [*objects_in(state.metrics), *objects_in(state.weighted_metrics)]


def _is_nested_objects(value: Json) -> bool:
    if value is None or is_object(value):
        return True
    if isinstance(value, Mapping):
        return all(map(_is_nested_objects, value.values()))
    return isinstance(value, list) and all(map(_is_nested_objects, value))


def _is_weights(value: Json) -> bool:
    # A single weight has to be a float for Keras 3; 1 will not do.
    if value is None or isinstance(value, float):
        return True
    values = value.values() if isinstance(value, Mapping) else value
    return isinstance(value, (Mapping, list)) and all(map(_is_number, values))


def _is_number(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _fits_option(key: str, value: Json) -> bool:
    # A bool is an int to Python, but not here.
    return value is None or type(value) in _OPTION_KINDS[key]


RULE = Rule(
    code="KF419",
    stage=Stage.COMPILE,
    summary="what Keras 3 cannot be compiled with",
    generations=frozenset({1, 2, 3}),
    compile=gate,
)
