"""What the rules for activations of Keras 1 with weights of their own share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from converter.model.building import GraphBuilder
from converter.model.description import Layer, TensorRef, Weight
from converter.rules._rebuilding import Build, Place, Plan


@dataclass(frozen=True)
class Features:
    """A tensor, and along which of its axes the layer has numbers of its own."""

    graph: GraphBuilder
    tensor: TensorRef
    rank: int
    axes: tuple[int, ...]

    def scaled(
        self, scale: Weight, offset: Weight | None = None, activation: str = "linear"
    ) -> Features:
        """Each feature times its factor, plus its offset, and the activation of that."""
        tensor = self.graph.scaled(
            self.tensor, self.rank, self.axes, scale, offset, activation=activation
        )
        return replace(self, tensor=tensor)


def as_graph(
    class_name: str, count: int, build: Callable[[Features, dict[str, Weight]], TensorRef]
) -> Build:
    """Plans a graph for each layer of a class.

    Args:
        class_name: of the layers.
        count: how many weights such a layer has, all of one shape.
        build: makes the activation out of the input and the weights by name.
    """

    def plan(layer: Layer, place: Place) -> Plan | None:
        if layer.class_name != class_name:
            return None
        message = f"{class_name} was removed from Keras"
        if len(layer.weights) != count:
            return Plan(message, None, "Its file does not hold its weights.")
        shape = layer.weights[0].shape
        axes = tuple(axis for axis, length in enumerate(shape, start=1) if length != 1)
        if not axes:
            return Plan(message, None, "All features share its numbers.")
        # Along an axis of length 1 they are shared.
        own = tuple(length for length in shape if length != 1)
        weights = {
            each.name: each.map(lambda values: values.reshape(own), shape=own)
            for each in layer.weights
        }
        graph = GraphBuilder(layer.name)
        x = graph.input((None, *(length if length != 1 else None for length in shape)))
        features = Features(graph, x, len(shape) + 1, axes)
        new = graph.instead_of(layer, build(features, weights))
        return Plan(message, new, "written as a model of stock layers")

    return plan
