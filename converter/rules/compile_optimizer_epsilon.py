"""Where RMSprop and Adagrad add their epsilon.

What it sees: RMSprop without momentum, and Adagrad, of Keras 1, the stand-alone Keras 2 and
tf.keras up to 2.10 (and its legacy optimizers).

Why Keras 3 trips: they divide by ``sqrt(a) + epsilon``, Keras 3 by ``sqrt(a + epsilon)``, which for
the usual 1e-7 is 0.0003 where ``a`` is small: the steps are then much shorter.

What kfix changes: writes the square of epsilon, so that both are equal where ``a`` is 0 and differ
by less than epsilon elsewhere. Not exact, hence the notice. RMSprop with momentum was as it is in
Keras 3.

Links: https://github.com/keras-team/keras/blob/master/keras/src/optimizers/rmsprop.py
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


def translate(state: CompileState, context: Context) -> Iterator[CompileChange]:
    """Squares epsilon where it stood outside of the root."""
    new = map_optimizer(state, _translated)
    if new is not state:
        message = "the optimizer adds epsilon after the root, Keras 3 before it"
        remedy = "the square of epsilon is written; steps agree but for about epsilon"
        yield CompileChange(Severity.NOTICE, message, new, remedy)


def _translated(item: Mapping[str, Json]) -> Json:
    config = config_of(item)
    epsilon = config.get("epsilon")
    outside = class_of(item) == "Adagrad" or (
        class_of(item) == "RMSprop" and not config.get("momentum")
    )
    if not (outside and is_legacy(item) and isinstance(epsilon, float)):
        return item
    return with_config(item, {**config, "epsilon": epsilon**2})


RULE = Rule(
    code="KF412",
    stage=Stage.COMPILE,
    summary="epsilon outside of the root",
    generations=frozenset({1, 2}),
    compile=translate,
)
