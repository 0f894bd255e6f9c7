"""Classes that only the stand-alone Keras had, and that people have written themselves since."""

from __future__ import annotations

from collections.abc import Iterable

from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context


def is_the_users(layer: Layer, context: Context) -> bool:
    """Whether the class is the user's own: tf.keras had none, or ``--custom`` has one."""
    return context.writer.tf_keras or layer.class_name in context.custom


def not_kerass(layer: Layer, names: Iterable[str]) -> Change | None:
    """A finding where the layer has weights, and not those that Keras's class of that name had."""
    if not layer.weights or {weight.name for weight in layer.weights} >= set(names):
        return None
    message = f"class {layer.class_name} has other weights than Keras's had"
    return Change(Severity.CUSTOM, message, remedy="Give the module that defines it with --custom.")
