"""Recurrent layers with a ``time_major`` argument.

What it sees: ``time_major`` on RNN, LSTM, GRU, SimpleRNN, ConvLSTM layers and their CuDNN forms,
written by tf.keras 1.14 to 2.15.

Why Keras 3 trips: the argument was removed ("Unrecognized keyword arguments passed to LSTM:
{'time_major': False}").

What kfix changes: removes it where it is false. Where it is true, time-first-sequences takes over.

Links: https://github.com/keras-team/keras/issues/20750
"""

from __future__ import annotations

from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage

CLASSES = frozenset(
    {
        "RNN",
        "LSTM",
        "GRU",
        "SimpleRNN",
        "ConvLSTM1D",
        "ConvLSTM2D",
        "ConvLSTM3D",
        "Bidirectional",
        "CuDNNLSTM",
        "CuDNNGRU",
    }
)


def drop_false(layer: Layer, context: Context) -> Change | None:
    """Removes the argument where it has no effect."""
    if layer.config.get("time_major", True):
        return None
    value = layer.config["time_major"]
    message = f"{layer.class_name} has time_major={value}, which Keras 3 does not take"
    new = layer.with_config(drop=["time_major"])
    return Change(Severity.BREAKS, message, (new,), "removed, it has no effect")


RULE = Rule(
    code="KF112",
    stage=Stage.ARGUMENTS,
    summary="recurrent layers no longer take time_major",
    generations=frozenset({2}),
    classes=CLASSES,
    layer=drop_false,
)
