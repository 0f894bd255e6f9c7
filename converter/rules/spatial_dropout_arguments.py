"""SpatialDropout layers with ``trainable`` and ``noise_shape``.

What it sees: ``trainable`` and ``noise_shape`` on SpatialDropout1D/2D/3D; every file of tf.keras
that has such a layer.

Why Keras 3 trips: the constructors take neither ("SpatialDropout2D.__init__() got an unexpected
keyword argument 'trainable'").

What kfix changes: removes both. The layer has no variables, and derives its noise shape from the
input.

Links:
https://github.com/keras-team/keras/blob/master/keras/src/layers/regularization/spatial_dropout.py
"""

from converter.rules._combinators import drop_any
from converter.rules.base import Rule, Stage

RULE = Rule(
    code="KF115",
    stage=Stage.ARGUMENTS,
    summary="SpatialDropout takes neither trainable nor noise_shape",
    generations=frozenset({1, 2}),
    classes=frozenset({"SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"}),
    layer=drop_any(
        ("trainable", "noise_shape"), "the layer has no variables and derives its noise shape"
    ),
)
