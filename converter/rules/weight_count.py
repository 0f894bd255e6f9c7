"""Layers with another number of weights than their class has.

What it sees: a layer for which the file holds more or fewer weights than its class creates. It is
found while weights are given to layers, before any other rule runs.

Why it matters: the layer is a custom class that bears a stock layer's name, or the file is
incomplete. Keras matches weights by position, so one wrong count can shift all that follow.

What kfix changes: nothing, it refuses.

Links: https://github.com/keras-team/keras/issues/10417
"""

from converter.rules.base import Rule, Stage

RULE = Rule(
    code="KF901",
    stage=Stage.GATE,
    summary="layers with another number of weights than their class has",
    generations=frozenset({1, 2, 3}),
)
