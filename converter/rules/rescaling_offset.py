"""Rescaling without an offset.

What it sees: Rescaling of TensorFlow 2.2, which only multiplied and had no ``offset``.

Why Keras 3 trips: it reads the config with ``config["offset"]`` (KeyError: 'offset').

What kfix changes: writes ``offset=0.0``.

Links: https://github.com/tensorflow/tensorflow/blob/v2.2.0/tensorflow/python/keras/layers/preprocessing/image_preprocessing.py
"""

from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage


def fill(layer: Layer, context: Context) -> Change | None:
    """Says that nothing is added."""
    if "offset" in layer.config:
        return None
    new = layer.with_config(offset=0.0)
    return Change(Severity.BREAKS, "Rescaling does not say its offset", (new,), "written as 0.0")


RULE = Rule(
    code="KF135",
    stage=Stage.ARGUMENTS,
    summary="Rescaling of TensorFlow 2.2 had no offset",
    generations=frozenset({2}),
    classes=frozenset({"Rescaling"}),
    layer=fill,
)
