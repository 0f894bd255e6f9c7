"""The user's own classes under names that a later Keras took.

What it sees: a class that the writer's release did not have, under a name that a later Keras uses:
Attention in a file of Keras 2.2, GroupNormalization in one of TensorFlow 2.8.

Why it matters: such layers were written by users before Keras had them. Taken for Keras 3's they
load, or fail for a reason that misleads, and compute something else.

What kfix changes: nothing; the module that defines the class has to be given with ``--custom``.
Those of well-known libraries have a rule of their own.

Links: https://keras.io/guides/serialization_and_saving/
"""

from converter.knowledge import keras3
from converter.knowledge.releases import candidates, layer_classes
from converter.layouts import well_known
from converter.layouts.addons import is_group_normalization
from converter.layouts.keras1 import arrays_of
from converter.model.description import Layer, Writer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage

NAMELESS = (2, 2, 4)
"""The tf.keras releases that leave out the package of Addons' layers inside of wrappers."""


def judge(layer: Layer, context: Context) -> Change | None:
    """A finding for a class that the writer did not have; names no Keras has are the gate's."""
    name, writer = layer.class_name, context.writer
    if layer.model is not None or name not in keras3.LAYERS or name in context.custom:
        return None
    if (arrays_of(layer) is not None) if writer.generation == 1 else _had(writer, name):
        return None
    if (
        writer.tf_keras
        and writer.version == NAMELESS
        and is_group_normalization(name, layer.config)
    ):
        return None
    if well_known.known(name, layer.config):
        return None
    which = f"Keras {writer.label}" if writer.label else "Keras 1"
    message = f"class {name} is not one of {which}'s"
    return Change(Severity.CUSTOM, message, remedy="Give the module that defines it with --custom.")


def _had(writer: Writer, name: str) -> bool:
    """Whether a release that may have written the file had the class; what is unknown may be."""
    known = candidates(writer)
    return not known or any(name in layer_classes(each) for each in known)


RULE = Rule(
    code="KF100",
    stage=Stage.CLASSES,
    summary="classes that only later releases have",
    generations=frozenset({1, 2}),
    layer=judge,
)
"""Runs before the rules that give layers the names of later classes."""
