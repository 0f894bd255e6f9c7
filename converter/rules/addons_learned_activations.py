"""TLU and Snake of TensorFlow Addons.

What it sees: the two activation layers that learn: a threshold for each position, with a slope or
not; the frequency of a wave.

Why Keras 3 trips: "Unknown layer: 'Addons>TLU'".

What kfix changes: writes TLU as the maximum of the input and an EinsumDense; Snake with op nodes
and two EinsumDense that multiply by the frequency and divide by it. From then on training moves
these two apart.

Links: https://arxiv.org/abs/1911.09737 https://arxiv.org/abs/2006.08195
"""

from __future__ import annotations

from collections.abc import Iterator

from converter.layouts.combining import constant
from converter.model.building import GraphBuilder
from converter.model.description import Layer, Model
from converter.rules._addons import name_in_addons, was_in_addons
from converter.rules._rebuilding import Place, Plan, rebuilt
from converter.rules.base import Context, ModelChange, Rule, Stage


def rewrite(model: Model, context: Context) -> Iterator[ModelChange]:
    """Writes each such layer as a small model."""

    def plan(layer: Layer, place: Place) -> Plan | None:
        name = name_in_addons(layer, context)
        if name not in ("TLU", "Snake"):
            return None
        message = was_in_addons(name)
        if not layer.weights:
            return Plan(message, None, "Its file does not hold its weights.")
        return _tlu(layer, message) if name == "TLU" else _snake(layer, place, message)

    return rebuilt(model, context, plan)


def _tlu(layer: Layer, message: str) -> Plan:
    tau, *slope = layer.weights
    rank, axes = len(tau.shape) + 1, range(1, len(tau.shape) + 1)
    graph = GraphBuilder(layer.name)
    # What op nodes in front leave open, an EinsumDense has to know.
    x = graph.layer("Reshape", graph.input((None, *tau.shape)), target_shape=list(tau.shape))
    alpha = slope[0] if slope else constant("kernel", 0.0, tau.shape, tau.dtype)
    bound = graph.scaled(x, rank, axes, alpha, tau)
    new = graph.instead_of(layer, graph.op("Maximum", x, bound))
    return Plan(message, new, "written as a maximum and an EinsumDense")


def _snake(layer: Layer, place: Place, message: str) -> Plan:
    """``x + (1 - cos(2ax)) / 2a``, computed on an axis of its own behind the others."""
    if place.rank is None:
        return Plan(message, None, "The rank of its input is not known.")
    rank, (frequency,) = place.rank, layer.weights
    twice = frequency.map(lambda values: 2 * values.reshape(1), shape=(1,))
    inverse = frequency.map(lambda values: 0.5 / values.reshape(1), shape=(1,))
    graph = GraphBuilder(layer.name)
    x = graph.input([None] * rank)
    apart = graph.op("ExpandDims", x, axis=-1)
    wave = graph.op("Cos", graph.scaled(apart, rank + 1, [rank], twice))
    height = graph.scaled(graph.op("Subtract", 1.0, wave), rank + 1, [rank], inverse)
    new = graph.instead_of(layer, graph.op("Add", x, graph.op("Squeeze", height, axis=-1)))
    # The layer took no mask further.
    return Plan(message, new, "written with op nodes and EinsumDense", keeps_mask=True)


RULE = Rule(
    code="KF175",
    stage=Stage.MEANING,
    summary="TLU and Snake of TensorFlow Addons",
    generations=frozenset({2}),
    model=rewrite,
)
