"""Normalization, scaling and pixel shuffling of well-known libraries.

What it sees: InstanceNormalization and SubPixelUpscaling of keras_contrib, the Scale of ResNet-152
and DenseNet (flyyufelix), L2Normalization of SSD, PixelShuffler of faceswap, as KF169 found them.

Why Keras 3 trips: "Unknown layer: 'InstanceNormalization'".

What kfix changes: writes op nodes, and a depthwise convolution of size 1 for scale and centre.
InstanceNormalization divides by the deviation plus epsilon, not by the root of variance plus
epsilon, so that no stock layer computes the same.

Links: https://github.com/keras-team/keras-contrib
https://github.com/pierluigiferrari/ssd_keras https://github.com/flyyufelix/cnn_finetune
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from converter.layouts.combining import constant
from converter.model.building import NN_OPS, GraphBuilder
from converter.model.description import Layer, Model, TensorRef, Weight
from converter.rules._rebuilding import Place, Plan, rebuilt
from converter.rules.base import Context, ModelChange, Rule, Stage

REMEDY = "written with op nodes"
RANK_OF_IMAGES = 4
Written = Callable[[Layer, int], "Layer | str"]
"""What becomes of a layer that gets a tensor of this rank, or why it can't."""


def rewrite(model: Model, context: Context) -> Iterator[ModelChange]:
    """Writes each such layer as a small model."""

    def plan(layer: Layer, place: Place) -> Plan | None:
        written = WRITTEN.get(layer.class_name)
        if written is None:
            return None
        message = f"{layer.class_name} has no stock layer that computes the same"
        if place.rank is None:
            return Plan(message, None, "The rank of its input is not known.")
        new = written(layer, place.rank)
        if isinstance(new, str):
            return Plan(message, None, new)
        return Plan(message, new, REMEDY, keeps_mask=layer.class_name in TAKE_NO_MASK)

    return rebuilt(model, context, plan)


def _instance_normalization(layer: Layer, rank: int) -> Layer | str:
    axis, config = layer.config["axis"], layer.config
    if axis is not None and (not isinstance(axis, int) or not -rank < axis < rank or axis == 0):
        return f"It has no axis {axis}."
    kept = None if axis is None else axis % rank
    # A negative axis was taken off by its place from the end, before the batch axis was.
    over = [each for each in range(1, rank) if each != kept]
    lengths: list[int | None] = [None] * rank
    if kept is not None and layer.weights:
        lengths[kept] = layer.weights[0].shape[0]
    graph = GraphBuilder(layer.name)
    x = graph.input(lengths)
    mean = graph.op("Mean", x, axis=over, keepdims=True)
    deviation = graph.op("Std", x, axis=over, keepdims=True)
    divisor = graph.op("Add", deviation, config["epsilon"])
    normal = graph.op("Divide", graph.op("Subtract", x, mean), divisor)
    return graph.instead_of(layer, _scaled(graph, normal, rank, kept, layer))


def _scaled(graph: GraphBuilder, x: TensorRef, rank: int, axis: int | None, layer: Layer) -> object:
    """Times gamma plus beta, each where the layer has it; without an axis both are one number."""
    weights = {weight.name: weight for weight in layer.weights}
    if not weights:
        return x
    like = layer.weights[0]
    gamma = weights.get("gamma", constant("kernel", 1.0, like.shape, like.dtype))
    beta = weights.get("beta")
    if axis is not None:
        return graph.scaled(x, rank, [axis], gamma, beta)
    kernel = gamma.map(lambda values: values.reshape(1, 1), shape=(1, 1))
    dense = [replace(kernel, name="kernel"), *([replace(beta, name="bias")] if beta else [])]
    apart = graph.op("ExpandDims", x, axis=-1)
    scaled = graph.layer("Dense", apart, weights=dense, units=1, use_bias=beta is not None)
    return graph.op("Squeeze", scaled, axis=-1)


def _scale(layer: Layer, rank: int) -> Layer | str:
    axis = layer.config["axis"]
    if not isinstance(axis, int) or not -rank < axis < rank or axis == 0:
        return f"It has no axis {axis}."
    gamma, beta = layer.weights
    graph = GraphBuilder(layer.name)
    lengths: list[int | None] = [None] * rank
    lengths[axis] = gamma.shape[0]
    x = graph.input(lengths)
    return graph.instead_of(layer, graph.scaled(x, rank, [axis % rank], gamma, beta))


def _l2_normalization(layer: Layer, rank: int) -> Layer | str:
    axis = layer.config.get("axis", 3)
    if rank != RANK_OF_IMAGES or axis not in (3, -1):
        return "It does not work along the channels of pictures."
    gamma: Weight = layer.weights[0]
    graph = GraphBuilder(layer.name)
    x = graph.input([None, None, None, gamma.shape[0]])
    unit = graph.layer("UnitNormalization", x, axis=3)
    return graph.instead_of(layer, graph.scaled(unit, rank, [3], gamma))


def _shuffled(layer: Layer, rank: int) -> Layer | str:
    size = layer.config.get("size", layer.config.get("scale_factor"))
    size = [size, size] if isinstance(size, int) else size
    if rank != RANK_OF_IMAGES or not isinstance(size, list) or len(set(size)) != 1:
        return "Its blocks are no squares."
    if layer.config["data_format"] != "channels_last":
        return "Its channels come first."
    graph = GraphBuilder(layer.name)
    x = graph.input([None] * rank)
    y = graph.op("DepthToSpace", x, module=NN_OPS, block_size=size[0], data_format="channels_last")
    return graph.instead_of(layer, y)


WRITTEN: Mapping[str, Written] = {
    "keras_contrib>InstanceNormalization": _instance_normalization,
    "keras_contrib>SubPixelUpscaling": _shuffled,
    "cnn_finetune>Scale": _scale,
    "ssd_keras>L2Normalization": _l2_normalization,
    "faceswap>PixelShuffler": _shuffled,
}
TAKE_NO_MASK = frozenset(WRITTEN) - {"keras_contrib>InstanceNormalization"}
"""Layers that took no mask further, and failed where they got one."""

RULE = Rule(
    code="KF186",
    stage=Stage.MEANING,
    summary="normalization, scaling and pixel shuffling of well-known libraries",
    generations=frozenset({1, 2}),
    model=rewrite,
)
