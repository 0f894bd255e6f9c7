"""Random layers with a value range that they do not use.

What it sees: ``value_range`` on RandomFlip, RandomRotation, RandomTranslation, RandomZoom and
RandomCrop, written by Keras 3.0.

Why Keras 3 trips: since 3.1 only layers that change colours take it.

What kfix changes: removes it. These layers move pixels, the range of their values does not matter.

Links: https://github.com/keras-team/keras/tree/master/keras/src/layers/preprocessing/image_preprocessing
"""

from converter.rules._combinators import drop_any
from converter.rules.base import Rule, Stage

RULE = Rule(
    code="KF128",
    stage=Stage.ARGUMENTS,
    summary="layers that move pixels take no value_range",
    generations=frozenset({3}),
    classes=frozenset(
        {"RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom", "RandomCrop"}
    ),
    layer=drop_any(("value_range",), "moving pixels does not depend on their range"),
)
