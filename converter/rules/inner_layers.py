"""Layers inside layers.

What it sees: the layer of a TimeDistributed or Bidirectional, the cells of an RNN, and activations
that are layers.

Why Keras 3 trips: its legacy reader hands them to the deserialiser of its own format, which wants
to know their module ("Could not locate class 'Dense'"), and none of its translations reaches them.

What kfix changes: writes them in Keras 3's form.

Links: https://github.com/keras-team/keras/issues/19441
"""

from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage


def report(layer: Layer, context: Context) -> Change | None:
    """A finding for each layer with others inside; serialising puts them right."""
    if not layer.inner:
        return None
    inside = ", ".join(sorted({child.class_name for child in layer.inner.values()}))
    message = f"{layer.class_name} holds {inside} in Keras 2's form"
    return Change(Severity.BREAKS, message, remedy="written in Keras 3's form")


RULE = Rule(
    code="KF304",
    stage=Stage.CLASSES,
    summary="wrapped layers, cells and activation layers in Keras 2's form",
    generations=frozenset({1, 2}),
    layer=report,
)
