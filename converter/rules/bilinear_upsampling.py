"""Bilinear UpSampling2D of TensorFlow 1.

What it sees: ``UpSampling2D(interpolation="bilinear")`` in files of stand-alone Keras, and of
tf.keras before 2.2.

Why it matters: TensorFlow 1 resized without half-pixel centres. Every later reader, tf_keras
included, uses another grid and computes something else.

What kfix changes: nothing yet, it refuses. TensorFlow 1.13 does not save the interpolation at all;
such a layer is taken as nearest, the default, and the report says so.

Links: https://github.com/tensorflow/tensorflow/issues/6720
"""

from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage

HALF_PIXEL = (2, 3)
"""From this version of tf.keras on (TensorFlow 2.2) the file alone tells which grid was used."""


def refuse(layer: Layer, context: Context) -> Change | None:
    """A finding where the grid is the old one, or where the file does not tell."""
    if "interpolation" not in layer.config and context.writer.tf_keras:
        message = "UpSampling2D of TensorFlow 1.13 does not say whether it is bilinear"
        return Change(Severity.NOTICE, message, remedy="taken as nearest, which is the default")
    if layer.config.get("interpolation", "nearest") == "nearest":
        return None
    if context.writer.tf_keras and context.writer.version >= HALF_PIXEL:
        return None
    message = (
        f"{layer.class_name} is {layer.config['interpolation']} on a grid that no later reader uses"
    )
    return Change(Severity.REFUSED, message)


RULE = Rule(
    code="KF203",
    stage=Stage.MEANING,
    summary="bilinear upsampling of TensorFlow 1 used another grid",
    generations=frozenset({2}),
    classes=frozenset({"UpSampling2D"}),
    layer=refuse,
    tf_keras_agrees=False,
)
