"""Op nodes in .h5 files.

What it sees: functions of ``keras.ops`` in the graph of a .h5 file that Keras 3 wrote: ``x + 1``,
the masks that layers compute for each other, casts between layers of different precision.

Why Keras 3 trips: its .h5 files hold the name of an op and not where it comes from, and its reader
looks for a layer of that name ("Unknown layer: 'NotEqual'", "Layer.__call__() got too many
arguments" for an Add).

What kfix changes: writes where each op comes from, by which Keras 3 reads it.

Links: https://github.com/keras-team/keras/blob/master/keras/src/legacy/saving/saving_utils.py
"""

from __future__ import annotations

from collections.abc import Iterator

from converter.layouts.variables import is_op
from converter.model.description import Model
from converter.model.findings import Severity
from converter.rules.base import Context, ModelChange, Rule, Stage

SAME_AS_LAYERS = frozenset({"Concatenate", "Softmax"})
"""Ops that take the arguments of the layers of their names, which Keras 3 puts in their place."""


def report(model: Model, context: Context) -> Iterator[ModelChange]:
    """One finding for all such nodes of a graph."""
    nodes = [layer for layer in model.layers if layer.legacy and is_op(layer)]
    names = sorted({each.class_name for each in nodes} - SAME_AS_LAYERS)
    if names:
        message = f"ops that Keras 3 takes for layers when it reads an .h5 file: {', '.join(names)}"
        yield ModelChange(Severity.BREAKS, message, remedy="written in a form that is read")


RULE = Rule(
    code="KF311",
    stage=Stage.GRAPH,
    summary="op nodes that Keras 3 takes for layers",
    generations=frozenset({3}),
    model=report,
)
