"""The momentum schedule of Nadam.

What it sees: Nadam of Keras 1, the stand-alone Keras 2 (``schedule_decay``) and tf.keras up to 2.10
(the same under ``decay``).

Why Keras 3 trips: it does not take ``schedule_decay``, and its own schedule runs as if that were 1
(the old default is 0.004).

What kfix changes: removes it. The first steps of further training are a little different, so there
is a notice.

Links: https://github.com/keras-team/keras/blob/master/keras/src/optimizers/nadam.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from converter.model.description import CompileState, Json
from converter.model.findings import Severity
from converter.rules._compile_objects import (
    class_of,
    config_of,
    is_legacy,
    map_optimizer,
    with_config,
)
from converter.rules.base import CompileChange, Context, Rule, Stage

KEYS = ("schedule_decay", "decay")


def drop(state: CompileState, context: Context) -> Iterator[CompileChange]:
    """Removes the schedule's decay."""
    new = map_optimizer(state, _without_schedule)
    if new is not state:
        message = "Nadam raises its momentum by a schedule that Keras 3 cannot be told"
        remedy = "dropped; further training starts with another momentum"
        yield CompileChange(Severity.NOTICE, message, new, remedy)


def _without_schedule(item: Mapping[str, Json]) -> Json:
    config = config_of(item)
    if class_of(item) != "Nadam" or not is_legacy(item) or not any(key in config for key in KEYS):
        return item
    return with_config(item, {key: value for key, value in config.items() if key not in KEYS})


RULE = Rule(
    code="KF413",
    stage=Stage.COMPILE,
    summary="Nadam's momentum schedule",
    generations=frozenset({1, 2}),
    compile=drop,
)
