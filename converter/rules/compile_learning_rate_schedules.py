"""Learning rate schedules.

What it sees: a schedule as the learning rate, stored without its module by tf.keras 2.0 to 2.12, or
with the name null by all of tf.keras.

Why Keras 3 trips: "Could not locate class 'ExponentialDecay'"; with the name null it loads, and
``fit`` fails with "Argument `name` must be a string". A schedule that begins at a whole number is
rounded to whole numbers.

What kfix changes: names Keras's module, leaves out nulls, and writes whole numbers as 1.0. A
schedule that Keras 3 does not have (LinearCosineDecay, the user's own) is left to the later rules.

Links: https://keras.io/api/optimizers/learning_rate_schedules/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from converter.model.description import CompileState, Json
from converter.model.findings import Severity
from converter.rules._compile_objects import (
    SCHEDULES,
    class_of,
    config_of,
    map_optimizer,
    with_config,
)
from converter.rules.base import CompileChange, Context, Rule, Stage

MODULE = "keras.optimizers.schedules"
STEPS = frozenset({"decay_steps", "first_decay_steps", "warmup_steps", "boundaries"})


def translate(state: CompileState, context: Context) -> Iterator[CompileChange]:
    """Gives a schedule its module and its numbers a point."""
    new = map_optimizer(state, _translated)
    if new is not state:
        message = "the learning rate is a schedule that Keras 3 cannot look up or call"
        yield CompileChange(Severity.BREAKS, message, new, "written as Keras 3 does")


def _translated(item: Mapping[str, Json]) -> Json:
    config = config_of(item)
    key = "learning_rate" if "learning_rate" in config else "lr"
    schedule = config.get(key)
    if not isinstance(schedule, Mapping) or class_of(schedule) not in SCHEDULES:
        return item
    if schedule.get("module") not in (None, MODULE):
        return item
    stored = {key: value for key, value in config_of(schedule).items() if value is not None}
    values = {name: _pointed(name, value) for name, value in stored.items()}
    named = {"module": MODULE, "class_name": class_of(schedule), "config": values}
    return with_config(item, {**config, key: {**named, "registered_name": None}})


def _pointed(name: str, value: Json) -> Json:
    if name in STEPS or isinstance(value, bool):
        return value
    if isinstance(value, list):
        return [_pointed(name, item) for item in value]
    return float(value) if isinstance(value, int) else value


RULE = Rule(
    code="KF415",
    stage=Stage.COMPILE,
    summary="learning rate schedules",
    generations=frozenset({2}),
    compile=translate,
)
