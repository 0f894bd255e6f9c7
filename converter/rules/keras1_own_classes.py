"""The user's own classes in files of Keras 1.

What it sees: a class that Keras 1 did not have, under a name that a later Keras uses: Attention,
LayerNormalization, DepthwiseConv2D.

Why it matters: such layers were written by users before Keras had them. Taken for Keras 3's they
load, or fail for a reason that misleads, and compute something else.

What kfix changes: nothing; the module that defines the class has to be given with ``--custom``.

Links: https://keras.io/guides/serialization_and_saving/
"""

from converter.knowledge import keras3
from converter.layouts.keras1 import arrays_of
from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage


def judge(layer: Layer, context: Context) -> Change | None:
    """A finding for a class that Keras 1 did not have; names no Keras has are the gate's."""
    known = layer.class_name not in keras3.LAYERS or arrays_of(layer) is not None
    if known or layer.class_name in context.custom:
        return None
    message = f"class {layer.class_name} is not one of Keras 1's"
    return Change(Severity.CUSTOM, message, remedy="Give the module that defines it with --custom.")


RULE = Rule(
    code="KF100",
    stage=Stage.CLASSES,
    summary="classes that Keras 1 did not have",
    generations=frozenset({1}),
    layer=judge,
)
"""Runs before the rules that give layers the names of later classes."""
