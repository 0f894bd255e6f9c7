"""Learning rate decay as an argument of the optimizer.

What it sees: ``decay`` on any optimizer of Keras 1, the stand-alone Keras 2 and tf.keras up to 2.10
(and its legacy optimizers). On Nadam of tf.keras the same key holds the momentum schedule instead.

Why Keras 3 trips: it ignores the argument with a warning, so that the learning rate stays where it
began.

What kfix changes: ``lr / (1 + decay * iterations)`` is Keras 3's InverseTimeDecay with
``decay_steps`` 1, step by step the same.

Links: https://keras.io/api/optimizers/learning_rate_schedules/inverse_time_decay/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from converter.model.description import CompileState, Json
from converter.model.findings import Severity
from converter.rules._compile_objects import (
    class_of,
    config_of,
    map_optimizer,
    optimizers_in,
    with_config,
)
from converter.rules.base import CompileChange, Context, Rule, Stage

MODULE = "keras.optimizers.schedules"
NAME = "InverseTimeDecay"


def translate(state: CompileState, context: Context) -> Iterator[CompileChange]:
    """Turns the argument into a schedule."""
    new = map_optimizer(state, _translated)
    if new is state:
        return
    if any(_has_schedule(item) for item in optimizers_in(state)):
        message = "the optimizer has a decay on top of a learning rate schedule"
        yield CompileChange(Severity.NOTICE, message, new, "the decay was dropped")
        return
    decay = max(_decay(item) for item in optimizers_in(state))
    message = f"the learning rate decays by {decay:.6g} a step, which Keras 3 would ignore"
    yield CompileChange(Severity.SILENT, message, new, "written as an InverseTimeDecay schedule")


def _decay(item: Mapping[str, Json]) -> float:
    """The decay in force: only a positive one ever was, and Nadam's is none."""
    decay = config_of(item).get("decay")
    if not isinstance(decay, (int, float)) or class_of(item) == "Nadam":
        return 0.0
    return max(float(decay), 0.0)


def _has_schedule(item: Mapping[str, Json]) -> bool:
    return isinstance(_learning_rate(config_of(item)), Mapping)


def _learning_rate(config: Mapping[str, Json]) -> Json:
    return config.get("learning_rate", config.get("lr"))


def _translated(item: Mapping[str, Json]) -> Json:
    config = config_of(item)
    rate, decay = _learning_rate(config), _decay(item)
    if not decay:
        return item
    del config["decay"]
    if isinstance(rate, (int, float)):
        schedule = {"initial_learning_rate": float(rate), "decay_steps": 1, "decay_rate": decay}
        named = {"module": MODULE, "class_name": NAME, "config": {**schedule, "name": NAME}}
        config.pop("lr", None)
        config["learning_rate"] = {**named, "registered_name": None}
    return with_config(item, config)


RULE = Rule(
    code="KF411",
    stage=Stage.COMPILE,
    summary="decay is a learning rate schedule",
    generations=frozenset({1, 2}),
    compile=translate,
)
