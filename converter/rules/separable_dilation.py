"""Dilation of separable convolutions that had no effect.

What it sees: ``dilation_rate`` of more than 1 on SeparableConv2D, in files of Keras 2.0.0 to 2.1.2.

Why it matters: the layer took the argument and saved it, and made no use of it. Keras 3 obeys it:
its output has another size and other numbers, without an error of its own.

What kfix changes: the dilation becomes 1.

Links: https://github.com/keras-team/keras/blob/2.1.2/keras/layers/convolutional.py
"""

from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage

OBEYS_SINCE = (2, 1, 3)


def undo(layer: Layer, context: Context) -> Change | None:
    """The convolution as it was computed."""
    rate = layer.config.get("dilation_rate", 1)
    if context.writer.tf_keras or context.writer.version >= OBEYS_SINCE:
        return None
    if rate in (1, [1, 1], (1, 1)):
        return None
    message = f"SeparableConv2D has dilation_rate={rate}, of which its writer made no use"
    new = layer.with_config(dilation_rate=[1, 1])
    return Change(Severity.SILENT, message, (new,), "written as 1")


RULE = Rule(
    code="KF257",
    stage=Stage.MEANING,
    summary="dilation of separable convolutions had no effect",
    generations=frozenset({2}),
    classes=frozenset({"SeparableConv2D"}),
    layer=undo,
    tf_keras_agrees=False,
)
