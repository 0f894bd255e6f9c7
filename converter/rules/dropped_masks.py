"""Layers that let go of masks in Keras 2 and keep them in Keras 3.

What it sees: a mask that reaches Identity, Rescaling or Normalization.

Why it matters: Keras 2 dropped the mask there. Keras 3 hands it on to the layers behind, without an
error.

What kfix changes: multiplies the masked tensors by one before the layer, with an op node, which
hands no mask on. In a Sequential this makes the model a Functional one. Where the mask comes into
a nested model from outside, it refuses.

Links: https://keras.io/guides/understanding_masking_and_padding/
"""

from __future__ import annotations

from collections.abc import Iterator

from converter.model.description import Model
from converter.rules._unmasking import unmasked
from converter.rules.base import Context, ModelChange, Rule, Stage

CLASSES = frozenset({"Identity", "Rescaling", "Normalization"})


def unmask(model: Model, context: Context) -> Iterator[ModelChange]:
    """Takes the masks off what such layers are given."""
    return unmasked(model, context, lambda layer: layer.class_name in CLASSES)


RULE = Rule(
    code="KF213",
    # Before rules that put layers of Keras 3 in place of others, which hand masks on rightly.
    stage=Stage.ARGUMENTS,
    summary="layers that dropped masks in Keras 2",
    generations=frozenset({2}),
    model=unmask,
)
