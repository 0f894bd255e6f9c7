"""What training left in the optimizer.

What it sees: the variables of the optimizer (momentums, velocities, the number of steps), as every
Keras saves them with a compiled model: in blocks, by names or by numbers, in orders of their own.

Why Keras 3 trips: it restores them from its own archives alone. Of an ``.h5`` it builds an
optimizer without variables, and the next ``fit()`` fails ("Unknown variable").

What kfix changes: writes them into a ``.keras`` archive in Keras 3's order, moved about like the
weights that they belong to, so that training goes on where it was. They are left out, with the
reason, where they can't be told apart, or where another rule changed the numbers of a trained
weight: training then is of another parametrisation (the gates that KF201 scales, for example). An
``.h5`` gets none. Some go on a little differently, hence a notice: tables of embeddings (Keras 3 on
TensorFlow squares the gradients of a row one by one where a batch uses it twice; tf.keras up to
2.10 let idle rows rest) and Nadam (KF413).

Links: https://github.com/keras-team/keras/issues/20105
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from converter.layouts import optimizers
from converter.layouts.optimizers import NotCarriedError
from converter.model.description import CompileState, Model, OptimizerState
from converter.model.findings import Severity
from converter.rules.base import Context, ModelChange, Rule, Stage

LEFT_OUT = "left out, training starts with a fresh optimizer"
RESTING = frozenset({"Adadelta", "Adamax"})
"""Optimizers of tf.keras that left the rows of a table alone which a batch did not use."""
RESTING_WITH_MOMENTUM = frozenset({"SGD", "RMSprop"})


def carry(model: Model, context: Context) -> Iterator[ModelChange]:
    """Leaves out what can't go on, and says what goes on differently."""
    if context.path or model.compile is None or model.compile.variables is None:
        return
    try:
        optimizers.variables(model)
    except NotCarriedError as reason:
        dropped = replace(model, compile=replace(model.compile, variables=None))
        message = f"the optimizer's state can't go on: {reason}"
        yield ModelChange(Severity.NOTICE, message, dropped, LEFT_OUT)
        return
    if optimizers.trains_tables(model):
        yield from _of_tables(model.compile, model.compile.variables, context)


def _of_tables(
    state: CompileState, variables: OptimizerState, context: Context
) -> Iterator[ModelChange]:
    """Gradients of an Embedding are of the rows that a batch uses."""
    optimizer = optimizers.optimizer_of(state.optimizer)
    name, momentum = optimizer.class_name, bool(optimizer.config.get("momentum"))
    if name != "SGD" and context.writer.generation < 3:
        message = f"a row of an Embedding that a batch uses twice counts otherwise in {name}"
        remedy = "Keras 3 on TensorFlow squares its gradients one by one"
        yield ModelChange(Severity.NOTICE, message, None, remedy)
    rested = name in RESTING or (name in RESTING_WITH_MOMENTUM and momentum)
    if rested and _names_weights_first(variables):
        message = f"{name} left the rows of an Embedding alone that a batch did not use"
        yield ModelChange(Severity.NOTICE, message, None, "in Keras 3 their momentum goes on")


def _names_weights_first(variables: OptimizerState) -> bool:
    """Whether it is an optimizer of tf.keras 1.14 to 2.10, which calls its steps ``Adam/iter``."""
    steps = variables.iterations
    return steps is not None and steps.path.split(":")[0].endswith("/iter")


RULE = Rule(
    code="KF420",
    stage=Stage.GATE,
    summary="the optimizer's state",
    generations=frozenset({1, 2, 3}),
    model=carry,
)
