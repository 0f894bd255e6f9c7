"""Hashing with a salt that was not used.

What it sees: the salt [0xDECAFCAFFE, 0xDECAFCAFFE] on Hashing of TensorFlow 2.3 to 2.5.

Why it matters: a Hashing that was given no salt hashed without one (FarmHash64), but wrote
this one. Whoever reads the file, TensorFlow 2.3 itself included, hashes with it (SipHash64), and
every value falls into another bin.

What kfix changes: removes it. Nobody who chose a salt chose this one.

Links: https://github.com/tensorflow/tensorflow/blob/v2.5.0/tensorflow/python/keras/layers/preprocessing/hashing.py
"""

from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage

UNUSED = [0xDECAFCAFFE] * 2
VERSIONS = {(2, 4, 0), (2, 5, 0)}
"""What TensorFlow 2.3 to 2.5 say they are."""


def remove(layer: Layer, context: Context) -> Change | None:
    """Hashing without a salt."""
    salt = layer.config.get("salt")
    if salt is None or list(salt) != UNUSED or context.writer.version not in VERSIONS:
        return None
    message = f"Hashing has salt={UNUSED}, which TensorFlow wrote where it used none"
    new = layer.with_config(salt=None)
    return Change(Severity.SILENT, message, (new,), "removed")


RULE = Rule(
    code="KF218",
    stage=Stage.MEANING,
    summary="Hashing without a salt was written with one",
    generations=frozenset({2}),
    classes=frozenset({"Hashing"}),
    layer=remove,
    tf_keras_agrees=False,
)
