"""Recurrent layers with a ``time_major`` argument.

What it sees: ``time_major`` on RNN, LSTM, GRU, SimpleRNN, ConvLSTM layers and their CuDNN forms,
written by tf.keras 1.14 to 2.15.

Why Keras 3 trips: the argument was removed ("Unrecognized keyword arguments passed to LSTM:
{'time_major': False}").

What kfix changes: removes it where it is false. A layer that really is time-major is refused: its
inputs have another axis order.

Links: https://github.com/keras-team/keras/issues/20750
"""

from converter.rules._combinators import drop_harmless
from converter.rules.base import Rule, Stage

RULE = Rule(
    code="KF112",
    stage=Stage.ARGUMENTS,
    summary="recurrent layers no longer take time_major",
    generations=frozenset({2}),
    classes=frozenset(
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
    ),
    layer=drop_harmless({"time_major": (False, None)}),
)
