"""LayerNormalization with ``rms_scaling``.

What it sees: ``rms_scaling=True`` on LayerNormalization of Keras 3 before 3.15.

Why Keras 3 trips: the argument was taken out. It scaled by the variance and kept the mean,
which neither LayerNormalization nor RMSNormalization does today.

What kfix changes: writes it as op nodes that divide by the root of the variance, and an EinsumDense
for gamma. It is refused where the rank of the input is not known, and where a mask would be lost.

Links: https://keras.io/api/layers/normalization_layers/layer_normalization/
"""

from __future__ import annotations

from collections.abc import Iterator

from converter.model.building import GraphBuilder
from converter.model.description import Json, Layer, Model
from converter.rules._rebuilding import Place, Plan, rebuilt
from converter.rules.base import Context, ModelChange, Rule, Stage


def rewrite(model: Model, context: Context) -> Iterator[ModelChange]:
    """Writes each such layer as a small model."""
    return rebuilt(model, context, _plan)


def _plan(layer: Layer, place: Place) -> Plan | None:
    if layer.class_name != "LayerNormalization" or not layer.config.get("rms_scaling"):
        return None
    message = "LayerNormalization has rms_scaling, which no layer does today"
    if place.rank is None or len(layer.weights) != 1:
        return Plan(message, None, "The rank of its input is not known.")
    rank, (gamma,) = place.rank, layer.weights
    axis: Json = layer.config.get("axis", -1)
    axes = sorted(each % rank for each in (axis if isinstance(axis, list) else [axis]))
    lengths = dict(zip(axes, gamma.shape, strict=True))
    graph = GraphBuilder(layer.name)
    x = graph.input([lengths.get(index) for index in range(rank)])
    _, variance = graph.moments(x, axes)
    y = graph.over_root(x, variance, layer.config.get("epsilon", 1e-3))
    new = graph.instead_of(layer, graph.scaled(y, rank, axes, gamma))
    return Plan(message, new, "written with op nodes")


RULE = Rule(
    code="KF209",
    stage=Stage.MEANING,
    summary="LayerNormalization no longer scales by the variance alone",
    generations=frozenset({3}),
    model=rewrite,
)
