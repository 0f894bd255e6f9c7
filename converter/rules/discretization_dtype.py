"""Discretization with an integer dtype.

What it sees: Discretization of tf.keras 2.6 to 2.15, whose ``dtype`` names the type of the
*output*, with ``trainable``.

Why it matters: Keras 3 casts the *input* to the layer's dtype in graphs: 0.7 becomes 0 before it is
compared with the boundaries, without an error. It does not take ``trainable`` either.

What kfix changes: an integer dtype becomes float32; the indices come out as integers all the same.

Links: https://github.com/keras-team/keras/blob/master/keras/src/layers/preprocessing/discretization.py
"""

from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage


def rewrite(layer: Layer, context: Context) -> Change | None:
    """Removes ``trainable`` and an integer dtype."""
    dtype = layer.config.get("dtype")
    new = layer.with_config(drop=["trainable"])
    if isinstance(dtype, str) and dtype.startswith(("int", "uint")):
        new = new.with_config(dtype="float32")
    if new.config == layer.config:
        return None
    message = f"Discretization has dtype={dtype}, to which Keras 3 casts its inputs"
    return Change(Severity.SILENT, message, (new,), "written as float32, without trainable")


RULE = Rule(
    code="KF125",
    stage=Stage.ARGUMENTS,
    summary="Discretization must not cast its inputs to integers",
    generations=frozenset({2}),
    classes=frozenset({"Discretization"}),
    layer=rewrite,
)
