"""Layers that let go of masks in early releases of Keras 2 and keep them since.

What it sees: a mask that reaches a MultiHeadAttention written before TensorFlow 2.10, or a ReLU
layer before TensorFlow 2.5.

Why it matters: those releases dropped the mask there. Later ones and Keras 3 hand it on to the
layers behind, and their MultiHeadAttention leaves out masked positions, without an error.

What kfix changes: multiplies the masked tensors by one before the layer, with an op node, which
hands no mask on. In a Sequential this makes the model a Functional one. Where the mask comes into
a nested model from outside, it refuses.

Links: https://github.com/tensorflow/tensorflow/releases/tag/v2.10.0
"""

from __future__ import annotations

from collections.abc import Iterator

from converter.model.description import Layer, Model, Writer
from converter.rules._unmasking import unmasked
from converter.rules.base import Context, ModelChange, Rule, Stage

MASKED_ATTENTION = (2, 10)
"""From this version on MultiHeadAttention made use of masks."""
MASKED_RELU = (2, 5)
"""From this version of tf.keras on ReLU layers handed masks on; stand-alone Keras's always did."""


def unmask(model: Model, context: Context) -> Iterator[ModelChange]:
    """Takes the masks off what such layers are given."""
    return unmasked(model, context, lambda layer: _lets_go(layer, context.writer))


def _lets_go(layer: Layer, writer: Writer) -> bool:
    if layer.class_name == "ReLU":
        # What stands for a ThresholdedReLU, which handed masks on, has a threshold alone.
        stands_in = "threshold" in layer.config and "max_value" not in layer.config
        return not stands_in and writer.tf_keras and writer.version < MASKED_RELU
    return layer.class_name == "MultiHeadAttention" and writer.version < MASKED_ATTENTION


RULE = Rule(
    code="KF219",
    stage=Stage.ARGUMENTS,
    summary="layers that dropped masks in early releases of tf.keras",
    generations=frozenset({2}),
    model=unmask,
    tf_keras_agrees=False,
)
