"""BatchNormalization of each sample by itself.

What it sees: ``mode=1`` of BatchNormalization in Keras 1.

Why Keras 3 trips: it takes no ``mode``. LayerNormalization is not the same: this one added epsilon
to the variance, and once more to its root.

What kfix changes: writes it as op nodes, and an EinsumDense for gamma and beta. It is refused where
the rank of the input is not known, and where a mask would be lost.

Links: https://github.com/keras-team/keras/blob/1.2.2/keras/layers/normalization.py
"""

from __future__ import annotations

from collections.abc import Iterator

from converter.model.building import GraphBuilder
from converter.model.description import Layer, Model
from converter.rules._rebuilding import Place, Plan, rebuilt
from converter.rules.base import Context, ModelChange, Rule, Stage


def rewrite(model: Model, context: Context) -> Iterator[ModelChange]:
    """Writes each such layer as a small model."""
    return rebuilt(model, context, _plan)


def _plan(layer: Layer, place: Place) -> Plan | None:
    if layer.class_name != "BatchNormalization" or layer.config.get("mode") != 1:
        return None
    message = "BatchNormalization normalises each sample by itself (mode=1)"
    rank = place.rank
    if rank is None:
        return Plan(message, None, "The rank of its input is not known.")
    if layer.config.get("axis", -1) % rank != rank - 1 or len(layer.weights) != 4:
        return Plan(message, None, "Its weights do not lie along the last axis.")
    gamma, beta, *_ = layer.weights
    epsilon = layer.config.get("epsilon", 1e-3)
    graph = GraphBuilder(layer.name)
    x = graph.input([None] * (rank - 1) + [gamma.shape[0]])
    mean, variance = graph.moments(x, [-1])
    deviation = graph.op("Sqrt", graph.op("Add", variance, epsilon))
    divisor = graph.op("Add", deviation, epsilon)
    y = graph.op("Divide", graph.op("Subtract", x, mean), divisor)
    new = graph.instead_of(layer, graph.scaled(y, rank, [rank - 1], gamma, beta))
    return Plan(message, new, "written with op nodes")


RULE = Rule(
    code="KF231",
    stage=Stage.MEANING,
    summary="BatchNormalization of each sample by itself",
    generations=frozenset({1}),
    model=rewrite,
)
