"""Layers of TensorFlow Addons that Keras 3 has nothing for.

What it sees: the classes of Addons that no rule can write exactly: CRF, the cells of recurrent
layers, ESN, NetVLAD, CorrelationCost and others, also inside an RNN.

Why Keras 3 trips: "Unknown layer: 'Addons>CRF'". Addons can't be installed beside today's
TensorFlow.

What kfix changes: nothing; it says what the layer is. A port of the class to Keras 3, given with
``--custom``, is used for it.

Links: https://github.com/tensorflow/addons/issues/2807
"""

from __future__ import annotations

from converter.layouts.addons import PACKAGE
from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules._addons import name_in_addons, of_addons, was_in_addons
from converter.rules.base import Change, Context, Rule, Stage

CELL = "a cell of its own, whose steps no stock cell computes"
WHY = {
    "CRF": "it decodes sequences step by step",
    "ESN": "a reservoir of fixed weights",
    "ESNCell": "a reservoir of fixed weights",
    "LayerNormLSTMCell": CELL,
    "LayerNormSimpleRNNCell": CELL,
    "NASCell": CELL,
    "PeepholeLSTMCell": CELL,
    "NetVLAD": "its clusters are no layer of Keras",
    "CorrelationCost": "an operation of Addons's own library",
    "EmbeddingBag": "an operation of Addons's own library",
    "MaxUnpooling2D": "it takes the places of the greatest values, which no layer of Keras gives",
    "MaxUnpooling2DV2": "it takes the places of the greatest values, which no layer of Keras gives",
    "SpatialPyramidPooling2D": "it cuts pictures to the sizes of its bins",
}


def judge(layer: Layer, context: Context) -> Change | None:
    """A finding that names the class, and why it is left."""
    name = name_in_addons(layer, context)
    if not name:
        return None
    remedy = f"Give a port of {PACKAGE}{name} to Keras 3 with --custom."
    return Change(Severity.CUSTOM, f"{was_in_addons(name)}: {WHY[name]}", remedy=remedy)


RULE = Rule(
    code="KF180",
    stage=Stage.CLASSES,
    summary="layers of TensorFlow Addons that Keras 3 has nothing for",
    generations=frozenset({2}),
    classes=of_addons(*WHY),
    layer=judge,
)
