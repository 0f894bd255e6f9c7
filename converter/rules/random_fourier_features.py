"""RandomFourierFeatures.

What it sees: the layer of tf.keras that maps its input to random features of a kernel.

Why Keras 3 trips: "Unknown layer: RandomFourierFeatures".

What kfix changes: writes it as a Dense, whose kernel is the stored one divided by the stored scale,
and a cosine. The cosine is an op node. Where the scale was trainable, it is part of the kernel from
now on.

Links: https://www.tensorflow.org/versions/r2.15/api_docs/python/tf/keras/layers/experimental/RandomFourierFeatures
"""

from __future__ import annotations

from converter.layouts.combining import of_several
from converter.model.building import GraphBuilder
from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage


def rewrite(layer: Layer, context: Context) -> Change | None:
    """The layer as Dense and cosine."""
    message = f"{layer.class_name} was removed from Keras"
    weights = {weight.name: weight for weight in layer.weights}
    if set(weights) != {"unscaled_kernel", "bias", "kernel_scale"}:
        remedy = "Its file does not hold its weights."
        return Change(Severity.REFUSED, message, remedy=remedy)
    unscaled = weights["unscaled_kernel"]
    parts = [unscaled, weights["kernel_scale"]]
    kernel = of_several("kernel", parts, lambda values, scale: values / scale, unscaled.shape)
    graph = GraphBuilder(layer.name)
    x = graph.input((None, unscaled.shape[0]))
    y = graph.layer("Dense", x, weights=[kernel, weights["bias"]], units=unscaled.shape[1])
    model = graph.instead_of(layer, graph.op("Cos", y))
    return Change(Severity.BREAKS, message, (model,), "written as Dense and a cosine")


RULE = Rule(
    code="KF157",
    stage=Stage.CLASSES,
    summary="RandomFourierFeatures is a Dense and a cosine today",
    generations=frozenset({2}),
    classes=frozenset({"RandomFourierFeatures"}),
    layer=rewrite,
)
