"""Attention with ``score_mode="dot"``.

What it sees: ``score_mode`` on Attention (tf.keras 2.10 to 2.15, and Keras 3 in .h5 files).

Why Keras 3 trips: its legacy .h5 reader takes the word ``dot`` for its function of that name
("Received: score_mode=<function dot>").

What kfix changes: writes the layer where Keras 3 reads the word as a word.

Links: https://github.com/keras-team/keras/blob/master/keras/src/legacy/saving/saving_utils.py
"""

from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage


def report(layer: Layer, context: Context) -> Change | None:
    """A finding for the word that Keras 3 misreads."""
    if layer.config.get("score_mode") != "dot":
        return None
    if context.writer.generation >= 3 and not layer.legacy:
        return None
    message = "Attention has score_mode='dot', which Keras 3 takes for a function"
    return Change(Severity.BREAKS, message, remedy="written where it is read as a word")


RULE = Rule(
    code="KF126",
    stage=Stage.ARGUMENTS,
    summary="Keras 3 takes the score mode dot for a function",
    generations=frozenset({2, 3}),
    classes=frozenset({"Attention"}),
    layer=report,
)
