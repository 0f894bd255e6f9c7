"""Axes stored as lists.

What it sees: ``axis`` as a list on BatchNormalization, LayerNormalization, Normalization, Softmax,
UnitNormalization and RMSNormalization, in files of tf.keras 1.13 to 2.15 and in .h5 files of Keras
3; Normalization with ``axis=None`` there; unsorted axes of LayerNormalization also in archives of
Keras 3 before 3.14.

Why Keras 3 trips: BatchNormalization wants a number ("unhashable type: 'list'"). On the others
Keras 3's legacy loader **loses** a list of more than one axis, in its own files, too, and
normalises over the last axis instead, without an error. It loses ``None`` as well, and then the
statistics do not fit.

What kfix changes: a list of one becomes its number; longer lists are written where Keras 3 reads
them as they are. Axes of LayerNormalization out of order are sorted, as Keras 3 does since 3.14;
no release transposed the weights for them, so they are reshaped.

Links: https://github.com/keras-team/keras/issues/12126
"""

from dataclasses import replace

from converter.model.description import Layer, Weight
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage

KEPT = "kept, in a form that is read"


def unwrap(layer: Layer, context: Context) -> Change | None:
    """A list of one axis becomes the axis; a longer one stays but is reported."""
    axis = layer.config.get("axis")
    if isinstance(axis, dict):
        axis = axis.get("items")
    if (
        layer.legacy
        and layer.class_name == "Normalization"
        and layer.config.get("axis", -1) is None
    ):
        message = "Normalization has axis=None, which Keras 3 loses when it reads an .h5 file"
        return Change(Severity.BREAKS, message, remedy=KEPT)
    if not isinstance(axis, list):
        return None
    if len(axis) == 1 and context.writer.generation >= 3:
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
    if layer.class_name == "LayerNormalization" and axis != sorted(axis):
        return _in_order(layer, axis)
    if context.writer.generation >= 3 and not layer.legacy:
        return None
    message = f"{layer.class_name} has axis={axis}, which Keras 3 loses when it reads an .h5 file"
    return Change(_severity(layer), message, (layer.with_config(axis=list(axis)),), KEPT)


def _severity(layer: Layer) -> Severity:
    """Statistics and weights for several axes do not fit the last one alone; one number does."""
    if layer.weights or isinstance(layer.config.get("mean"), list):
        return Severity.BREAKS
    given = layer.class_name == "Normalization" and layer.config.get("mean") is not None
    return Severity.NOTICE if given else Severity.SILENT


def _in_order(layer: Layer, axes: list[int]) -> Change:
    """The axes in order; scale and offset keep their values in the order in which they lie."""
    message = f"LayerNormalization has axis={axes}, which Keras 3 sorts since 3.14"
    order = sorted(range(len(axes)), key=axes.__getitem__)
    weights = tuple(_reshaped(each, tuple(each.shape[n] for n in order)) for each in layer.weights)
    new = replace(layer.with_config(axis=sorted(axes)), weights=weights)
    return Change(Severity.BREAKS, message, (new,), "sorted, its weights reshaped")


def _reshaped(weight: Weight, shape: tuple[int, ...]) -> Weight:
    return weight.map(lambda array: array.reshape(shape), shape=shape)


RULE = Rule(
    code="KF121",
    stage=Stage.ARGUMENTS,
    summary="axes stored as lists",
    generations=frozenset({2, 3}),
    classes=frozenset(
        {
            "BatchNormalization",
            "LayerNormalization",
            "Normalization",
            "RMSNormalization",
            "Softmax",
            "UnitNormalization",
        }
    ),
    layer=unwrap,
)
