"""Discretization before TensorFlow 2.6.

What it sees: Discretization of TensorFlow 2.3 and 2.4, which calls its boundaries ``bins``, and
that of 2.5, which keeps them in a variable.

Why Keras 3 trips: it knows no ``bins``, and has no such variable. A number that equals a boundary
belongs to the bin above it; in 2.4 (whose ``bins`` end in infinity) and 2.5, to the one below.

What kfix changes: ``bins`` becomes ``bin_boundaries``; where a boundary belongs to the bin below,
it is raised to the next number that float32 has. A variable is compared with the numbers by an
EinsumDense and op nodes; it is refused where the rank of the input is not known.

Links: https://www.tensorflow.org/api_docs/python/tf/keras/layers/Discretization
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from converter.layouts.combining import constant
from converter.model.building import GraphBuilder
from converter.model.description import Layer, Model
from converter.rules._rebuilding import Place, Plan, rebuilt
from converter.rules.base import Context, ModelChange, Rule, Stage

SMALLEST = float(np.finfo(np.float32).tiny)
"""What is nearer to zero counts as zero on most processors."""


def rewrite(model: Model, context: Context) -> Iterator[ModelChange]:
    """Writes each such layer with boundaries that Keras 3 knows."""
    return rebuilt(model, context, _plan)


def _plan(layer: Layer, place: Place) -> Plan | None:
    if layer.class_name != "Discretization":
        return None
    if "bins" in layer.config:
        return Plan("Discretization calls its boundaries bins", _renamed(layer), "bin_boundaries")
    if [weight.name for weight in layer.weights] != ["bins"]:
        return None
    message = "Discretization has its boundaries in a variable"
    if place.rank is None:
        return Plan(message, None, "The rank of its input is not known.")
    return Plan(message, _compared(layer, place.rank), "written with op nodes")


def _renamed(layer: Layer) -> Layer:
    bins = [float(each) for each in layer.config["bins"]]
    boundaries = [each for each in bins if each != math.inf]
    if len(boundaries) < len(bins):
        boundaries = [_next(each) for each in boundaries]
    return layer.with_config(drop=["bins"], bin_boundaries=boundaries)


def _next(boundary: float) -> float:
    """The smallest number of float32 above a boundary."""
    above = float(np.nextafter(np.float32(boundary), np.float32(math.inf)))
    if abs(above) >= SMALLEST:
        return above
    return SMALLEST if above > 0 else 0.0


def _compared(layer: Layer, rank: int) -> Layer:
    """How many of the boundaries lie below each number."""
    (bins,) = layer.weights
    graph = GraphBuilder(layer.name)
    x = graph.input([None] * rank)
    axes = "abcdefg"[:rank]
    below = graph.layer(
        "EinsumDense",
        x,
        weights=[
            constant("kernel", 1.0, bins.shape, bins.dtype),
            replace(bins.map(np.negative), name="bias"),
        ],
        equation=f"{axes},z->{axes}z",
        output_shape=[*[None] * (rank - 1), bins.shape[0]],
        bias_axes="z",
    )
    return graph.instead_of(layer, graph.op("Sum", graph.op("Greater", below, 0.0), axis=-1))


RULE = Rule(
    code="KF240",
    stage=Stage.MEANING,
    summary="boundaries of Discretization before TensorFlow 2.6",
    generations=frozenset({2}),
    model=rewrite,
)
