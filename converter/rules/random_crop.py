"""RandomCrop at inference.

What it sees: RandomCrop of tf.keras, and of Keras 3 before 3.6.

Why it matters: at inference these resize to the crop's size and cut to its aspect ratio, from
TensorFlow 2.7 on before they resize, earlier after it. Keras 3.6 and later passes the image through
as it is, though its shape says otherwise.

What kfix changes: one that cuts first becomes Resizing(crop_to_aspect_ratio=True), which is the
same at inference. One that resizes first is written with op nodes, which compute the size it
resizes to from that of its images, and the few pixels that stay. Random cropping in further
training is lost, which the report says.

Links:
https://github.com/keras-team/keras/blob/master/keras/src/layers/preprocessing/image_preprocessing/random_crop.py
"""

from __future__ import annotations

from dataclasses import replace

from converter.model.building import NN_OPS, GraphBuilder
from converter.model.description import Layer, TensorRef
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage

CUTS_FIRST_SINCE = (2, 7)
PASSES_THROUGH_SINCE = (3, 6)
ANY_RATIO_SINCE = (2, 4)
"""Before, in TensorFlow 2.2, the crop was taken as square when images were told tall from wide."""


def rewrite(layer: Layer, context: Context) -> Change | None:
    """The layer as it works at inference."""
    if context.writer.version >= PASSES_THROUGH_SINCE:
        return None
    message = "RandomCrop passes images through uncropped in Keras 3"
    lost = "it no longer crops at random in training"
    if context.writer.version >= CUTS_FIRST_SINCE:
        new = _resizing(layer)
        return Change(Severity.SILENT, message, (new,), f"written as Resizing; {lost}")
    new = _graph(layer, any_ratio=context.writer.version >= ANY_RATIO_SINCE)
    return Change(Severity.SILENT, message, (new,), f"written with op nodes; {lost}")


def _resizing(layer: Layer) -> Layer:
    taken = ("trainable", "dtype", "height", "width")
    config = {
        **{key: layer.config[key] for key in taken if key in layer.config},
        "interpolation": "bilinear",
        "crop_to_aspect_ratio": True,
        "data_format": layer.config.get("data_format") or "channels_last",
    }
    return replace(layer, class_name="Resizing", config=config)


def _graph(layer: Layer, any_ratio: bool) -> Layer:
    """Sums of neighbouring rows, then columns, with the weights of a bilinear resize."""
    height, width = float(layer.config["height"]), float(layer.config["width"])
    graph = GraphBuilder(layer.name)
    x = graph.input([None] * 4)
    ones = graph.op("OnesLike", x)
    rows = graph.op("Max", ones, axis=[0, 2, 3])
    columns = graph.op("Max", ones, axis=[0, 1, 3])
    high, wide = graph.op("Sum", rows), graph.op("Sum", columns)
    by_width, by_height = graph.op("Multiply", high, width), graph.op("Multiply", wide, height)
    pair = (by_width, by_height) if any_ratio else (high, wide)
    tall = graph.op("Greater", *pair)
    resized_height = graph.op(
        "Where", tall, graph.op("Floor", graph.op("Divide", by_width, wide)), height
    )
    resized_width = graph.op(
        "Where", tall, width, graph.op("Floor", graph.op("Divide", by_height, high))
    )
    down = _weights(graph, rows, resized_height, layer.config["height"])
    across = _weights(graph, columns, resized_width, layer.config["width"])
    y = graph.op("Einsum", down, x, subscripts="yh,bhwc->bywc")
    return graph.instead_of(layer, graph.op("Einsum", across, y, subscripts="xw,bywc->byxc"))


def _weights(graph: GraphBuilder, ones: TensorRef, resized: TensorRef, crop: int) -> TensorRef:
    """How much each pixel along an axis has of each pixel of the crop, of shape (crop, pixels).

    Args:
        graph: where the nodes go.
        ones: a one for each pixel along the axis.
        resized: how many pixels the whole image has once it is resized.
        crop: how many of these stay, those in the middle.
    """
    length = graph.op("Sum", ones)
    start = graph.op("Floor", graph.op("Multiply", graph.op("Subtract", resized, crop), 0.5))
    counted = graph.op("Cumsum", graph.op("BroadcastTo", graph.op("Max", ones), shape=[crop]))
    centres = graph.op("Add", graph.op("Subtract", counted, 0.5), start)
    scaled = graph.op("Multiply", centres, graph.op("Divide", length, resized))
    wanted = graph.op("Maximum", graph.op("Subtract", scaled, 0.5), 0.0)
    inside = graph.op("Minimum", wanted, graph.op("Subtract", length, 1.0))
    pixels = graph.op("Subtract", graph.op("Cumsum", ones), 1.0)
    apart = graph.op("Subtract", graph.op("ExpandDims", inside, axis=1), pixels)
    nearness = graph.op("Subtract", 1.0, graph.op("Absolute", apart))
    return graph.op("Relu", nearness, module=NN_OPS)


RULE = Rule(
    code="KF207",
    stage=Stage.MEANING,
    summary="RandomCrop does not crop at inference in Keras 3",
    generations=frozenset({2, 3}),
    classes=frozenset({"RandomCrop"}),
    layer=rewrite,
)
