"""Arguments of optimizers.

What it sees: ``lr``; the switches ``jit_compile`` and ``is_legacy_optimizer`` of tf.keras 2.11 to
2.15; whole numbers and nulls where Keras 3 wants a float; Adagrad without a start for its
accumulators.

Why Keras 3 trips: "Argument(s) not recognized: {'lr': ...}", "must be a float".

What kfix changes: writes ``learning_rate``, floats, and leaves out what never mattered for the
steps. Adagrad's accumulators began at 0 in the stand-alone Keras and begin at 0.1 in Keras 3, so 0
is written down.

Links: https://keras.io/api/optimizers/, https://github.com/keras-team/keras/issues/19441
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from converter.model.description import CompileState, Json
from converter.model.findings import Severity
from converter.rules._compile_objects import (
    class_of,
    config_of,
    is_legacy,
    is_optional,
    is_whole,
    map_optimizer,
    optimizers_in,
    with_config,
)
from converter.rules.base import CompileChange, Context, Rule, Stage

WITHOUT_EFFECT = frozenset({"jit_compile", "is_legacy_optimizer", "decay"})
"""Switches of the engine, and a decay that the rule before this one left because it is 0."""


def translate(state: CompileState, context: Context) -> Iterator[CompileChange]:
    """Brings the arguments of the optimizer to Keras 3's."""
    new = map_optimizer(state, _translated)
    if new is not state:
        names = ", ".join(class_of(item) for item in optimizers_in(state))
        message = f"optimizer {names} has arguments in Keras 2's words"
        # A decay of 0 alone only makes Keras 3 warn.
        only_decay = new == map_optimizer(state, lambda item: _without(item, "decay"))
        severity = Severity.NOTICE if only_decay else Severity.BREAKS
        yield CompileChange(severity, message, new, "translated")


def _translated(item: Mapping[str, Json]) -> Json:
    old = config_of(item)
    config = {_name(key): _value(key, value) for key, value in old.items() if _matters(key)}
    config = {key: value for key, value in config.items() if value is not None or is_optional(key)}
    if class_of(item) == "Adagrad" and is_legacy(item):
        config.setdefault("initial_accumulator_value", 0.0)
    # 1 and 1.0 are equal to Python, but not to Keras.
    same = config == old and all(type(config[key]) is type(old[key]) for key in config)
    return item if same else with_config(item, config)


def _matters(key: str) -> bool:
    return key not in WITHOUT_EFFECT


def _without(item: Mapping[str, Json], name: str) -> Json:
    return with_config(item, {key: value for key, value in config_of(item).items() if key != name})


def _name(key: str) -> str:
    return "learning_rate" if key == "lr" else key


def _value(key: str, value: Json) -> Json:
    if key == "weight_decay" and value is False:
        return None
    # By its digits: what is too large for a float is infinite, not an error.
    return float(str(value)) if type(value) is int and not is_whole(key) else value


RULE = Rule(
    code="KF416",
    stage=Stage.COMPILE,
    summary="arguments of optimizers",
    generations=frozenset({1, 2}),
    compile=translate,
)
