"""BatchNormalization that always normalises by the batch at hand.

What it sees: BatchNormalization called with ``training=True`` in Keras 2, and its ``mode=2`` in
Keras 1.

Why it matters: there the batch's own mean and variance were used at inference too. Keras 3 ignores
the argument, no longer has the mode, and uses the moving averages. Up to Keras 1.0.5, and in 1.0.7
on Theano, epsilon was added to the deviation.

What kfix changes: writes it as op nodes that normalise by the batch, and an EinsumDense for gamma
and beta. The moving averages are left out. It is refused where the rank of the input is not known,
inside of wrappers, where some calls are told otherwise, where a mask would be lost, and in files of
Keras 1.0.6.

Links: https://keras.io/api/layers/normalization_layers/batch_normalization/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from converter.layouts.combining import constant
from converter.model.building import GraphBuilder
from converter.model.description import Call, Layer, Model, TensorRef, Writer
from converter.model.findings import Severity
from converter.rules._asking import which_backend
from converter.rules._rebuilding import Place, Plan, rebuilt
from converter.rules.base import Context, ModelChange, Rule, Stage


def rewrite(model: Model, context: Context) -> Iterator[ModelChange]:
    """Writes each such layer as a small model."""
    return rebuilt(model, context, partial(_plan, context.writer))


def _plan(writer: Writer, layer: Layer, place: Place) -> Plan | None:
    if layer.class_name != "BatchNormalization":
        return None
    told = [bool(call.kwargs.get("training")) for call in layer.calls]
    if layer.config.get("mode") != 2 and not any(told):
        return None
    message = (
        "BatchNormalization normalises by the batch at hand, which Keras 3 does not at inference"
    )
    obstacle = _obstacle(layer, place) or _unknown_release(writer)
    if layer.config.get("mode") != 2 and not all(told):
        obstacle = "Some of its calls are told to, others not."
    if obstacle or place.rank is None:
        return Plan(message, None, obstacle)
    new = _graph(layer, place.rank, writer)
    return Plan(message, new, "written with op nodes", severity=Severity.SILENT)


def _obstacle(layer: Layer, place: Place) -> str:
    if place.rank is None:
        return "The rank of its input is not known."
    if place.wrapped:
        return "Inside a wrapper Keras 3 would normalise step by step."
    if layer.config.get("renorm") or not isinstance(layer.config.get("axis", -1), int):
        return "It renormalises, or has several axes."
    return ""


def _unknown_release(writer: Writer) -> str:
    """What is to be known where releases, or their backends, took epsilon otherwise."""
    if writer.generation > 1:
        return ""
    if writer.version[:3] == (1, 0, 6):
        return "Keras 1.0.6 computed it in a way of its own."
    if writer.version[:3] == (1, 0, 7) and not writer.backend:
        return which_backend(writer)
    return ""


def _normalized(
    graph: GraphBuilder, x: TensorRef, variance: TensorRef, epsilon: float, writer: Writer
) -> TensorRef:
    """A tensor by its deviation, as a release of Keras took that."""
    first = writer.generation == 1 and writer.version < (1, 0, 6)
    if not first and not (writer.version[:3] == (1, 0, 7) and writer.backend == "theano"):
        return graph.over_root(x, variance, epsilon)
    if first:
        variance = graph.op("Add", variance, epsilon)
    return graph.op("Divide", x, graph.op("Add", graph.op("Sqrt", variance), epsilon))


def _graph(layer: Layer, rank: int, writer: Writer) -> Layer:
    axis = layer.config.get("axis", -1) % rank
    weights = {weight.name: weight for weight in layer.weights}
    lengths = next((weight.shape for weight in layer.weights), (None,))
    graph = GraphBuilder(layer.name)
    x = graph.input([lengths[0] if index == axis else None for index in range(rank)])
    others = [index for index in range(rank) if index != axis]
    mean, variance = graph.moments(x, others)
    epsilon = layer.config.get("epsilon", 1e-3)
    y = _normalized(graph, graph.op("Subtract", x, mean), variance, epsilon, writer)
    gamma, beta = weights.get("gamma"), weights.get("beta")
    if beta is not None and gamma is None:
        gamma = constant("gamma", 1.0, beta.shape, beta.dtype)
    if gamma is not None:
        y = graph.scaled(y, rank, [axis], gamma, beta)
    calls = tuple(
        Call(call.args, {key: each for key, each in call.kwargs.items() if key != "training"})
        for call in layer.calls
    )
    return graph.instead_of(replace(layer, calls=calls), y)


RULE = Rule(
    code="KF230",
    stage=Stage.MEANING,
    summary="normalisation by the batch at hand, at inference too",
    generations=frozenset({1, 2}),
    model=rewrite,
)
