"""FilterResponseNormalization of TensorFlow Addons.

What it sees: the layer that divides each channel by the root of its mean square.

Why Keras 3 trips: "Unknown layer: 'Addons>FilterResponseNormalization'".

What kfix changes: writes it with op nodes, and an EinsumDense for gamma and beta. A learned epsilon
becomes the bias of another EinsumDense.

Links: https://arxiv.org/abs/1911.09737
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from converter.layouts.combining import constant
from converter.model.building import MATH_OPS, GraphBuilder
from converter.model.description import Array, Layer, Model, TensorRef, Weight
from converter.rules._addons import name_in_addons, was_in_addons
from converter.rules._rebuilding import Place, Plan, rebuilt
from converter.rules.base import Context, ModelChange, Rule, Stage


def rewrite(model: Model, context: Context) -> Iterator[ModelChange]:
    """Writes each such layer as a small model."""

    def plan(layer: Layer, place: Place) -> Plan | None:
        name = name_in_addons(layer, context)
        return _plan(layer, name) if name == "FilterResponseNormalization" else None

    return rebuilt(model, context, plan)


def _plan(layer: Layer, name: str) -> Plan:
    message = was_in_addons(name)
    weights = {each.name: each for each in layer.weights}
    if not {"gamma", "beta"} <= set(weights):
        return Plan(message, None, "Its file does not hold its weights.")
    gamma, beta = (_flat(weights[key]) for key in ("gamma", "beta"))
    epsilon = abs(float(layer.config.get("epsilon", 1e-6)))
    graph = GraphBuilder(layer.name)
    x = graph.input((None, None, None, gamma.shape[0]))
    square = graph.op("Mean", graph.op("Square", x), axis=[1, 2], keepdims=True)
    if "learned_epsilon" in weights:
        raised = _raised(graph, square, weights["learned_epsilon"], epsilon, gamma)
    else:
        raised = graph.op("Add", square, epsilon)
    normal = graph.op("Multiply", x, graph.op("Rsqrt", raised, module=MATH_OPS))
    new = graph.instead_of(layer, graph.scaled(normal, 4, [3], gamma, beta))
    return Plan(message, new, "written with op nodes")


def _flat(weight: Weight) -> Weight:
    shape = weight.shape[-1:]
    return weight.map(lambda values: values.reshape(shape), shape=shape)


def _raised(
    graph: GraphBuilder, square: TensorRef, learned: Weight, epsilon: float, like: Weight
) -> TensorRef:
    """The mean square plus both epsilons."""

    def offset(values: Array) -> Array:
        return np.full(like.shape, np.abs(values) + values.dtype.type(epsilon), values.dtype)

    ones = constant("kernel", 1.0, like.shape, like.dtype)
    return graph.scaled(square, 4, [3], ones, learned.map(offset, shape=like.shape))


RULE = Rule(
    code="KF171",
    stage=Stage.MEANING,
    summary="FilterResponseNormalization of TensorFlow Addons",
    generations=frozenset({2}),
    model=rewrite,
)
