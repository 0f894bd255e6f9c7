"""Classes that only the stand-alone Keras had, and that people have written themselves since."""

from __future__ import annotations

from converter.model.description import Layer
from converter.rules.base import Context


def is_the_users(layer: Layer, context: Context) -> bool:
    """Whether the class is the user's own: tf.keras had none, or ``--custom`` has one."""
    return context.writer.tf_keras or layer.class_name in context.custom
