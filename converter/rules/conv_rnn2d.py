"""ConvRNN2D around a ConvLSTM2DCell.

What it sees: ConvRNN2D of Keras 2.1.3 to 2.3, which ran a ConvLSTM2DCell over a sequence of images.

Why Keras 3 trips: it exports neither class ("Could not locate class 'ConvRNN2D'").

What kfix changes: both together become ConvLSTM2D, which was never more than that. Around a cell of
your own it stays, and is refused as an unknown class.

Links: https://github.com/keras-team/keras/blob/2.2.4/keras/layers/convolutional_recurrent.py
"""

from __future__ import annotations

from dataclasses import replace

from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage

OF_THE_CELL = frozenset({"name", "trainable", "dtype"})
"""What the cell says of itself and the layer says as well."""


def join(layer: Layer, context: Context) -> Change | None:
    """The layer with the arguments, the activations and the weights of its cell."""
    cell = layer.inner.get("cell")
    if cell is None or cell.class_name != "ConvLSTM2DCell":
        return None
    arguments = {key: value for key, value in cell.config.items() if key not in OF_THE_CELL}
    plain = layer.with_config(drop=["unroll"], **arguments)
    new = replace(plain, class_name="ConvLSTM2D", inner=cell.inner, weights=cell.weights)
    message = "ConvRNN2D and ConvLSTM2DCell are no layers of Keras 3"
    return Change(Severity.BREAKS, message, (new,), "written as ConvLSTM2D")


RULE = Rule(
    code="KF161",
    stage=Stage.CLASSES,
    summary="ConvRNN2D around a ConvLSTM2DCell is a ConvLSTM2D",
    generations=frozenset({2}),
    classes=frozenset({"ConvRNN2D"}),
    layer=join,
)
