"""GroupNormalization and InstanceNormalization of TensorFlow Addons.

What it sees: both layers. The second one is the first with a group for each channel.

Why Keras 3 trips: "Unknown layer: 'Addons>InstanceNormalization'". Addons has come to its end and
can't be installed beside today's TensorFlow.

What kfix changes: writes GroupNormalization, with ``groups=-1`` for the second. An
InstanceNormalization along a negative axis other than -1 took its mean along another axis than its
gamma, a mistake that nothing repeats; it is refused.

Links: https://github.com/tensorflow/addons/issues/2807
"""

from __future__ import annotations

from dataclasses import replace

from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules._addons import name_in_addons, of_addons, was_in_addons
from converter.rules.base import Change, Context, Rule, Stage


def rewrite(layer: Layer, context: Context) -> Change | None:
    """The layer as Keras 3's GroupNormalization."""
    name = name_in_addons(layer, context)
    if not name:
        return None
    message = was_in_addons(name)
    axis, groups = layer.config.get("axis", -1), layer.config.get("groups")
    each = name == "InstanceNormalization" or groups == -1 or _is_length(layer, groups)
    if not isinstance(axis, int) or not layer.weights and axis < -1:
        remedy = "Its file does not hold one axis along which it normalises."
        return Change(Severity.REFUSED, message, remedy=remedy)
    if each and axis < -1:
        remedy = f"Along axis {axis} it mixed up axes, which no layer of Keras does."
        return Change(Severity.REFUSED, message, remedy=remedy)
    new = replace(layer.with_config(groups=-1 if each else groups), class_name="GroupNormalization")
    new = replace(new, registered_name=None, build_config=None)
    return Change(Severity.BREAKS, message, (new,), "written as GroupNormalization")


def _is_length(layer: Layer, groups: object) -> bool:
    """Whether there are as many groups as channels."""
    return bool(layer.weights) and layer.weights[0].shape == (groups,)


RULE = Rule(
    code="KF170",
    stage=Stage.CLASSES,
    summary="GroupNormalization and InstanceNormalization of TensorFlow Addons",
    generations=frozenset({2}),
    classes=of_addons("GroupNormalization", "InstanceNormalization"),
    layer=rewrite,
)
