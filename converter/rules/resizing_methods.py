"""Interpolations that Keras 3 does not have.

What it sees: ``interpolation`` of ``gaussian`` or ``mitchellcubic`` on UpSampling2D and Resizing
(tf.keras 2.4 to 2.15).

Why Keras 3 trips: the model loads, and fails when it is called ("Invalid value for argument
`interpolation`").

What kfix changes: nothing; no stock layer computes them, so it refuses.

Links: https://github.com/keras-team/keras/blob/master/keras/src/ops/image.py
"""

from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage

MISSING = frozenset({"gaussian", "mitchellcubic"})


def refuse(layer: Layer, context: Context) -> Change | None:
    """A finding for the methods that are gone."""
    method = str(layer.config.get("interpolation")).lower()
    if method not in MISSING:
        return None
    return Change(Severity.REFUSED, f"{layer.class_name} is {method}, which Keras 3 does not have")


RULE = Rule(
    code="KF212",
    stage=Stage.MEANING,
    summary="interpolations that Keras 3 does not have",
    generations=frozenset({2}),
    classes=frozenset({"UpSampling2D", "Resizing"}),
    layer=refuse,
)
