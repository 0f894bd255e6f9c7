"""Merge with the cosine of two tensors.

What it sees: ``mode="cos"`` of Merge, in Keras 1 and in Keras 2 before 2.2.

Why Keras 3 trips: "Unknown layer: Merge". Dot with ``normalize`` is not the same: this one kept the
product of both lengths, not each of them, above 1e-7, and gave an axis more than it said.

What kfix changes: writes it with three Dot layers and op nodes. Tensors of rank 4 and more are
refused; so are those of rank 3 on Theano, where the root of a negative product was no number, as it
is not in TensorFlow: there the least length stands for it.

Links: https://github.com/keras-team/keras/blob/1.2.2/keras/engine/topology.py
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from converter.model.building import GraphBuilder
from converter.model.description import Layer, Model
from converter.model.findings import Severity
from converter.model.tensors import received
from converter.rules.base import Context, ModelChange, Rule, Stage

LEAST = 1e-7
"""``K.epsilon()``, unless it was set."""


def write_out(model: Model, context: Context) -> Iterator[ModelChange]:
    """Writes each such layer of one graph as a small model."""
    for layer, tensors in list(received(model)):
        if layer.class_name != "Merge" or layer.config.get("mode") != "cos":
            continue
        message = "Merge(mode='cos') was removed from Keras"
        ranks = [tensor.rank for tensor in tensors]
        known = (2, 3) if context.writer.backend == "tensorflow" else (2,)
        if len(ranks) != 2 or not all(rank in known for rank in ranks):
            remedy = "The ranks of its inputs are not known, or too high."
            yield ModelChange(Severity.REFUSED, message, remedy=remedy, layer=layer.name)
            continue
        new = _graph(layer, [rank or 0 for rank in ranks])
        layers = tuple(new if each is layer else each for each in model.layers)
        model = replace(model, layers=layers)
        remedy = "written with Dot layers and op nodes"
        yield ModelChange(Severity.BREAKS, message, model, remedy, layer.name)


def _graph(layer: Layer, ranks: Sequence[int]) -> Layer:
    axes = layer.config.get("dot_axes", -1)
    graph = GraphBuilder(layer.name)
    one, two = (graph.input([None] * rank) for rank in ranks)
    both, ones, twos = (
        graph.layer("Dot", pair, axes=axes) for pair in ([one, two], [one, one], [two, two])
    )
    product = graph.op("Maximum", graph.op("Multiply", ones, twos), 0.0)
    lengths = graph.op("Sqrt", product)
    cosine = graph.op("Divide", both, graph.op("Maximum", lengths, LEAST))
    return graph.instead_of(layer, graph.op("ExpandDims", cosine, axis=1))


RULE = Rule(
    code="KF232",
    stage=Stage.MEANING,
    summary="the cosine of two tensors, as Merge computed it",
    generations=frozenset({1, 2}),
    model=write_out,
)
