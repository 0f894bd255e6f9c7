"""UnifiedLSTM.

What it sees: the class that TensorFlow 1.13 and its previews of 2.0 called UnifiedLSTM, and
UnifiedGRU beside it.

Why Keras 3 trips: "Unknown layer: UnifiedLSTM".

What kfix changes: they became the LSTM and GRU of TensorFlow 2 as they were; they get these names.

Links: https://github.com/tensorflow/tensorflow/blob/r1.13/tensorflow/python/keras/layers/recurrent.py
"""

from __future__ import annotations

from dataclasses import replace

from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage

CLASSES = {"UnifiedLSTM": "LSTM", "UnifiedGRU": "GRU"}


def rename(layer: Layer, context: Context) -> Change | None:
    """The layer by its later name."""
    new = replace(layer, class_name=CLASSES[layer.class_name])
    message = f"{layer.class_name} is called {new.class_name} today"
    return Change(Severity.BREAKS, message, (new,), "renamed")


RULE = Rule(
    code="KF159",
    stage=Stage.CLASSES,
    summary="UnifiedLSTM and UnifiedGRU are LSTM and GRU today",
    generations=frozenset({2}),
    classes=frozenset(CLASSES),
    layer=rename,
)
