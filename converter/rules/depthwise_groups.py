"""Depthwise, transposed and separable convolutions with a ``groups`` argument.

What it sees: ``groups`` on DepthwiseConv1D/2D, SeparableConv1D/2D and Conv1D/2D/3DTranspose,
written by tf.keras 2.3 to 2.15, whose classes inherit it from Conv.

Why Keras 3 trips: these classes do not take it ("Unrecognized keyword arguments passed to
DepthwiseConv2D: {'groups': 1}"). It is the commonest failure of Keras 2 files in Keras 3.

What kfix changes: removes it where it is 1, on these classes only. Another value is refused.

Links: https://github.com/keras-team/keras/issues/19441
"""

from converter.rules._combinators import drop_harmless
from converter.rules.base import Rule, Stage

RULE = Rule(
    code="KF113",
    stage=Stage.ARGUMENTS,
    summary="depthwise, separable and transposed convolutions take no groups",
    generations=frozenset({2}),
    classes=frozenset(
        {"DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D"}
        | {"Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"}
    ),
    layer=drop_harmless({"groups": (1, None)}),
)
