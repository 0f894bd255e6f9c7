"""Axes stored as lists.

What it sees: ``axis`` as a list on BatchNormalization, LayerNormalization, Normalization, Softmax
and UnitNormalization (tf.keras 1.13 to 2.15).

Why Keras 3 trips: BatchNormalization wants a number ("unhashable type: 'list'"). On the others
Keras 3's legacy loader **loses** a list of more than one axis and normalises over the last axis
instead, without an error.

What kfix changes: a list of one becomes its number; longer lists are written where Keras 3 reads
them as they are.

Links: https://github.com/keras-team/keras/issues/12126
"""

from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage


def unwrap(layer: Layer, context: Context) -> Change | None:
    """A list of one axis becomes the axis; a longer one stays but is reported."""
    axis = layer.config.get("axis")
    if isinstance(axis, dict):
        axis = axis.get("items")
    if not isinstance(axis, list):
        return None
    if len(axis) == 1:
        message = f"{layer.class_name} has axis={axis} where Keras 3 wants a number"
        return Change(
            Severity.BREAKS, message, (layer.with_config(axis=axis[0]),), f"written as {axis[0]}"
        )
    if layer.class_name == "BatchNormalization":
        return Change(
            Severity.REFUSED, f"BatchNormalization over the axes {axis} does not exist in Keras 3"
        )
    message = f"{layer.class_name} has axis={axis}, which Keras 3 loses when it reads an .h5 file"
    return Change(
        Severity.SILENT,
        message,
        (layer.with_config(axis=list(axis)),),
        "kept, in a form that is read",
    )


RULE = Rule(
    code="KF121",
    stage=Stage.ARGUMENTS,
    summary="axes stored as lists",
    generations=frozenset({2}),
    classes=frozenset(
        {
            "BatchNormalization",
            "LayerNormalization",
            "Normalization",
            "Softmax",
            "UnitNormalization",
        }
    ),
    layer=unwrap,
)
