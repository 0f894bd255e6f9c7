"""StochasticDepth, PolynomialCrossing, PoincareNormalize and Maxout of TensorFlow Addons.

What it sees: four layers that do some arithmetic on what they get.

Why Keras 3 trips: "Unknown layer: 'Addons>StochasticDepth'".

What kfix changes: writes each as a small model: op nodes, and Dense layers where there are weights.
StochasticDepth is written as at inference, the shortcut plus its share of the residual; training
leaves out no residual any more. A Maxout needs to know how many features it gets.

Links: https://arxiv.org/abs/1603.09382 https://arxiv.org/abs/2008.13535
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from converter.layouts.combining import constant
from converter.model.building import MATH_OPS, GraphBuilder
from converter.model.description import Layer, Model
from converter.model.structures import refs
from converter.rules._addons import name_in_addons, was_in_addons
from converter.rules._input_shapes import ELEMENTWISE
from converter.rules._rebuilding import Place, Plan, rebuilt
from converter.rules.base import Context, ModelChange, Rule, Stage

REMEDY = "written as a model of op nodes and stock layers"
NO_WEIGHTS = "Its file does not hold its weights."
Written = Callable[[Layer, int], "Layer | str"]
"""What becomes of a layer that gets a tensor of this rank, or why it can't."""


def rewrite(model: Model, context: Context) -> Iterator[ModelChange]:
    """Writes each such layer as a small model."""
    lengths = dict(_features(model)) if not context.path else {}

    def maxout(layer: Layer, rank: int) -> Layer | str:
        return _maxout(layer, rank, lengths.get(id(layer)))

    written = {**WRITTEN, "Maxout": maxout}

    def plan(layer: Layer, place: Place) -> Plan | None:
        name = name_in_addons(layer, context)
        if name not in written:
            return None
        if place.rank is None:
            return Plan(was_in_addons(name), None, "The rank of its input is not known.")
        new = written[name](layer, place.rank)
        if isinstance(new, str):
            return Plan(was_in_addons(name), None, new)
        # All but one of them took no mask further.
        return Plan(was_in_addons(name), new, REMEDY, keeps_mask=name != "PolynomialCrossing")

    return rebuilt(model, context, plan)


def _stochastic_depth(layer: Layer, rank: int) -> Layer | str:
    graph = GraphBuilder(layer.name)
    shortcut, residual = (graph.input([None] * rank) for _ in range(2))
    share = graph.op("Multiply", residual, layer.config.get("survival_probability", 0.5))
    return graph.instead_of(layer, graph.op("Add", shortcut, share))


def _poincare_normalize(layer: Layer, rank: int) -> Layer | str:
    epsilon, axis = layer.config.get("epsilon", 1e-5), layer.config.get("axis", 1)
    graph = GraphBuilder(layer.name)
    x = graph.input([None] * rank)
    square = graph.op("Sum", graph.op("Square", x), axis=axis, keepdims=True)
    inverse = graph.op("Multiply", graph.op("Rsqrt", square, module=MATH_OPS), 1.0 - epsilon)
    return graph.instead_of(layer, graph.op("Multiply", x, graph.op("Minimum", inverse, 1.0)))


def _polynomial_crossing(layer: Layer, rank: int) -> Layer | str:
    weights = {weight.name: weight for weight in layer.weights}
    if not weights:
        return NO_WEIGHTS
    graph = GraphBuilder(layer.name)
    features = layer.weights[0].shape[0]
    first, x = (graph.input([None] * (rank - 1) + [features]) for _ in range(2))
    product = x
    for name in ("kernel", "kernel_u", "kernel_v"):
        if name in weights:
            kernel = replace(weights[name], name="kernel")
            units = kernel.shape[1]
            product = graph.layer("Dense", product, weights=[kernel], units=units, use_bias=False)
    if layer.config.get("diag_scale"):
        more = graph.op("Multiply", x, layer.config["diag_scale"])
        product = graph.op("Add", product, more)
    crossed = graph.op("Multiply", first, product)
    if "bias" in weights:
        ones = constant("kernel", 1.0, (features,), weights["bias"].dtype)
        x = graph.scaled(x, rank, [rank - 1], ones, weights["bias"])
    return graph.instead_of(layer, graph.op("Add", crossed, x))


def _maxout(layer: Layer, rank: int, shape: tuple[int | None, ...] | None) -> Layer | str:
    """The greatest of each feature's pieces, which lie behind each other."""
    units, axis = layer.config.get("num_units"), layer.config.get("axis", -1)
    length = shape[axis] if shape is not None and -rank <= axis < rank else None
    if not isinstance(units, int) or length is None or length % units:
        return "How many features it gets is not known."
    graph = GraphBuilder(layer.name)
    lengths: list[int | None] = [None] * rank
    lengths[axis] = length
    x = graph.input(lengths)
    count = length // units
    pieces = graph.op("Split", x, indices_or_sections=count, axis=axis)
    greatest = pieces
    for index in range(1, count):
        greatest = graph.op("Maximum", greatest, replace(pieces, output=index))
    return graph.instead_of(layer, greatest)


WRITTEN: Mapping[str, Written] = {
    "StochasticDepth": _stochastic_depth,
    "PoincareNormalize": _poincare_normalize,
    "PolynomialCrossing": _polynomial_crossing,
}


def _features(model: Model) -> Iterator[tuple[int, tuple[int | None, ...]]]:
    """What is known of the shapes that layers get, by the identity of each layer."""
    by_name = {layer.name: layer for layer in model.layers}
    before: Layer | None = None
    for layer in model.layers:
        if layer.model is not None:
            yield from _features(layer.model)
        source = before
        if model.kind != "sequential":
            given = [ref for call in layer.calls[:1] for ref in refs(call.args)]
            source = by_name[given[0].layer] if len(given) == 1 else None
        shape = source and _shape_behind(source, by_name, model)
        if shape:
            yield id(layer), shape
        before = layer


def _shape_behind(
    layer: Layer, by_name: Mapping[str, Layer], model: Model
) -> tuple[int | None, ...] | None:
    """The shape of what a layer gives; of most only the last axis is known."""
    while layer.class_name in ELEMENTWISE | {"BatchNormalization"} and layer.calls:
        given = list(refs(layer.calls[0].args))
        if not given:
            return None
        layer = by_name[given[0].layer]
    if layer.class_name == "InputLayer":
        shape = layer.config.get("batch_shape")
        return tuple(shape) if isinstance(shape, (list, tuple)) and shape else None
    last = _last_length(layer)
    return None if last is None else (*(None,) * 5, last)


def _last_length(layer: Layer) -> int | None:
    channels_first = layer.config.get("data_format") == "channels_first"
    units = layer.config.get("units", layer.config.get("filters"))
    return units if isinstance(units, int) and not channels_first else None


RULE = Rule(
    code="KF176",
    stage=Stage.MEANING,
    summary="StochasticDepth, PolynomialCrossing, PoincareNormalize and Maxout of Addons",
    generations=frozenset({2}),
    model=rewrite,
)
