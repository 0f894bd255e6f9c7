"""Layers that compute with integers where they got floats before.

What it sees: integers (an input with ``dtype="uint8"``, what a lookup layer returns) that reach
Resizing, UpSampling2D with an interpolation, LayerNormalization or global average pooling.

Why it matters: Keras 2 turned them into floats first, or its TensorFlow function did. Keras 3
resizes and normalises pictures of bytes to bytes: 0.5 becomes 0, without an error. Its own releases
differ, too: before 3.11 LayerNormalization turned integers into floats, and before 3.8 resizing cut
fractions off instead of rounding. Global average pooling is the other way around: Keras 2 averaged
integers to an integer, Keras 3 returns the fraction.

What kfix changes: puts Rescaling(1.0) in front, which turns integers into floats and does nothing
else. The pooling, and the resizing of Keras 3 before 3.8, are refused.

Links: https://github.com/keras-team/keras/blob/master/keras/src/backend/tensorflow/image.py
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from converter.model.description import Layer, Model, Writer
from converter.model.findings import Severity
from converter.model.rewriting import with_layer_before
from converter.model.tensors import received
from converter.rules.base import Context, ModelChange, Rule, Stage

INTERPOLATING = frozenset({"Resizing", "UpSampling2D"})
AVERAGING = frozenset(f"GlobalAveragePooling{n}D" for n in (1, 2, 3))
ROUNDS_SINCE = (3, 8)
KEEPS_INTEGERS_SINCE = (3, 11)
"""From these releases on Keras 3 resizes, and normalises, integers as it does today."""


def make_floats(model: Model, context: Context) -> Iterator[ModelChange]:
    """Puts a Rescaling in front of such layers of one graph."""
    for layer, tensors in list(received(model)):
        if not tensors or not all(each.integer for each in tensors):
            continue
        message = f"{layer.class_name} gets integers, with which Keras 3 computes something else"
        if _is_refused(layer, context.writer):
            yield ModelChange(Severity.REFUSED, message, layer=layer.name)
        elif _is_affected(layer, context.writer):
            config = {key: layer.config[key] for key in ("dtype",) if key in layer.config}
            config.update(scale=1.0, offset=0.0)
            model = _with_floats(model, layer, Layer(f"{layer.name}_floats", "Rescaling", config))
            remedy = "Rescaling(1.0) in front of it makes them floats"
            yield ModelChange(Severity.SILENT, message, model, remedy, layer.name)


def _is_affected(layer: Layer, writer: Writer) -> bool:
    if layer.class_name == "LayerNormalization":
        return writer.version < KEEPS_INTEGERS_SINCE
    return _interpolates(layer) and writer.generation < 3


def _is_refused(layer: Layer, writer: Writer) -> bool:
    if layer.class_name in AVERAGING:
        return writer.generation < 3
    return _interpolates(layer) and (3,) <= writer.version < ROUNDS_SINCE


def _interpolates(layer: Layer) -> bool:
    default = "bilinear" if layer.class_name == "Resizing" else "nearest"
    how = layer.config.get("interpolation", default)
    return layer.class_name in INTERPOLATING and how != "nearest"


def _with_floats(model: Model, layer: Layer, floats: Layer) -> Model:
    if model.kind != "sequential":
        return with_layer_before(model, layer, floats)
    pair = [floats, layer]
    layers = [each for old in model.layers for each in (pair if old is layer else [old])]
    return replace(model, layers=tuple(layers))


RULE = Rule(
    code="KF252",
    stage=Stage.GRAPH,
    summary="integers that layers turned into floats before",
    generations=frozenset({2, 3}),
    model=make_floats,
)
