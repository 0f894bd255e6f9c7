"""Separable and depthwise convolutions with ``kernel_*`` arguments.

What it sees: ``kernel_initializer``, ``kernel_regularizer`` and ``kernel_constraint`` on
SeparableConv1D/2D and DepthwiseConv1D/2D, whose Keras 2 classes inherit them from Conv without
using them.

Why Keras 3 trips: it knows only ``depthwise_*`` and ``pointwise_*`` ("Unrecognized keyword
arguments passed to SeparableConv2D").

What kfix changes: removes them; no kernel of these layers ever used them.

Links: https://github.com/mafda/knee_OA_dl_app/issues/3
"""

from converter.rules._combinators import drop_any
from converter.rules.base import Rule, Stage

RULE = Rule(
    code="KF114",
    stage=Stage.ARGUMENTS,
    summary="separable and depthwise convolutions take no kernel_* arguments",
    generations=frozenset({2}),
    classes=frozenset({"DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D"}),
    layer=drop_any(
        ("kernel_initializer", "kernel_regularizer", "kernel_constraint"),
        "these layers never used them",
    ),
)
