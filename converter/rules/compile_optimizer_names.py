"""Optimizers under names of Keras 2.

What it sees: ``Custom>Adam``, which is how tf.keras 2.11 to 2.15 calls its own new optimizers in an
``.h5``; the modules ``keras.optimizers.legacy`` and ``keras.optimizers.experimental`` in a
``.keras``.

Why Keras 3 trips: "Could not locate class 'Custom>Adam'"; a legacy optimizer raises ImportError.

What kfix changes: names Keras 3's class. What the old one did differently is the matter of the
rules that follow.

Links: https://keras.io/api/optimizers/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from converter.model.description import CompileState, Json
from converter.model.findings import Severity
from converter.rules._compile_objects import (
    LOSS_SCALE,
    OPTIMIZERS,
    class_of,
    config_of,
    keras_object,
    map_optimizer,
)
from converter.rules.base import CompileChange, Context, Rule, Stage

MODULES = ("keras.", "tf_keras.", "tensorflow.python.keras.")
NAMES = {name.lower(): name for name in (*OPTIMIZERS, LOSS_SCALE)}


def rename(state: CompileState, context: Context) -> Iterator[CompileChange]:
    """Gives Keras's own optimizers the names they have in Keras 3."""
    if class_of(state.optimizer) in context.custom:
        return
    new = map_optimizer(state, _renamed)
    if new is not state:
        optimizer = state.optimizer
        module = optimizer.get("module")
        name = class_of(optimizer) if module is None else f"{module}.{class_of(optimizer)}"
        message = f"optimizer {name} goes by another name in Keras 3"
        yield CompileChange(Severity.BREAKS, message, new, "renamed")


def _renamed(item: Mapping[str, Json]) -> Json:
    name = NAMES.get(class_of(item).removeprefix("Custom>").lower())
    module = item.get("module")
    if name is None or not (module is None or str(module).startswith(MODULES)):
        return item
    if name == class_of(item) and module in (None, "keras.optimizers"):
        return item
    return keras_object(item, name, config_of(item), "keras.optimizers")


RULE = Rule(
    code="KF410",
    stage=Stage.COMPILE,
    summary="names of optimizers",
    generations=frozenset({1, 2}),
    compile=rename,
)
