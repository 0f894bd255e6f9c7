"""Bilinear UpSampling2D on the grid of TensorFlow 1.

What it sees: ``UpSampling2D(interpolation="bilinear")`` in files of stand-alone Keras 2, on
TensorFlow and on Theano.

Why it matters: there each pixel stands at the corner of its block (no half-pixel centres). Every
later reader, tf_keras included, uses another grid and computes something else. tf.keras uses the
later grid in all releases that save the interpolation at all (1.15 and later).

What kfix changes: repeats the pixels and averages a window as large as a block, which is the same.
Averages less what they began with, zeros behind, and a sum stand for the edge, which is repeated.
All of that are stock layers without weights. TensorFlow 1.13 and 1.14 do not save the
interpolation; such a layer is taken as nearest, the default, and the report says so.

Links: https://github.com/tensorflow/tensorflow/issues/6720
"""

from __future__ import annotations

from converter.model.building import GraphBuilder
from converter.model.description import Layer, TensorRef
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage
from converter.rules.theano_padding import numbers


def rewrite(layer: Layer, context: Context) -> Change | None:
    """The old grid in stock layers; a notice where the file does not tell."""
    if "interpolation" not in layer.config and context.writer.tf_keras:
        message = "UpSampling2D of TensorFlow 1.13 and 1.14 does not say whether it is bilinear"
        return Change(Severity.NOTICE, message, remedy="taken as nearest, which is the default")
    if layer.config.get("interpolation") != "bilinear" or context.writer.tf_keras:
        return None
    message = f"{layer.class_name} is bilinear on a grid that no later reader uses"
    remedy = "written as repeated pixels and their averages"
    return Change(Severity.SILENT, message, (_graph(layer),), remedy)


def _graph(layer: Layer) -> Layer:
    size = numbers(layer.config.get("size", 2), 2)
    channels_first = layer.config.get("data_format") == "channels_first"
    graph = GraphBuilder(layer.name)
    # TensorFlow returned float32 whatever it was given.
    x = graph.input([None] * 4)
    if channels_first:
        x = graph.layer("Permute", x, dims=[2, 3, 1])
    x = graph.layer("UpSampling2D", x, size=size, data_format="channels_last")
    for axis, factor in enumerate(size):
        if factor > 1:
            x = _averaged(graph, x, axis, factor)
    if channels_first:
        x = graph.layer("Permute", x, dims=[3, 1, 2])
    return graph.instead_of(layer, x)


def _averaged(graph: GraphBuilder, x: TensorRef, axis: int, factor: int) -> TensorRef:
    """Each pixel's average with those behind it along an axis; the last ones stay."""
    window = [factor if each == axis else 1 for each in (0, 1)]
    behind = [[0, length - 1] for length in window]
    last = "channels_last"
    means = graph.layer("AveragePooling2D", x, pool_size=window, strides=[1, 1], data_format=last)
    began = graph.layer("Cropping2D", x, cropping=behind, data_format=last)
    changes = graph.layer("Subtract", [means, began])
    padded = graph.layer("ZeroPadding2D", changes, padding=behind, data_format=last)
    return graph.layer("Add", [x, padded])


RULE = Rule(
    code="KF203",
    stage=Stage.MEANING,
    summary="bilinear upsampling of TensorFlow 1 used another grid",
    generations=frozenset({2}),
    classes=frozenset({"UpSampling2D"}),
    layer=rewrite,
    tf_keras_agrees=False,
)
