"""The activations of TensorFlow Addons as Keras 3 computes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from converter.model.building import GraphBuilder
from converter.model.description import Json, Layer, TensorRef

SLOPE_OF_RRELU = (0.125 + 0.3333333333333333) / 2
"""At inference the randomised slope is the middle of its range."""


def gelu(approximate: bool) -> Json:
    """The function gelu; by its name Keras 3 has the exact one only."""
    return {
        "module": "keras.src.ops.nn",
        "class_name": "Gelu",
        "config": {"approximate": approximate},
        "registered_name": "Gelu",
    }


STOCK: Mapping[str, Json] = {
    "gelu": gelu(approximate=True),
    "hardshrink": "hard_shrink",
    "mish": "mish",
    "softshrink": "soft_shrink",
    "tanhshrink": "tanh_shrink",
    "rrelu": {
        "module": "keras.src.activations.activations",
        "class_name": "ReLU",
        "config": {"negative_slope": SLOPE_OF_RRELU},
        "registered_name": "ReLU",
    },
}
"""What Keras 3 has, with the arguments that Addons gave them."""


def lisht(graph: GraphBuilder, x: TensorRef) -> TensorRef:
    """``x tanh(x)``."""
    return graph.op("Multiply", x, graph.op("Tanh", x))


def snake(graph: GraphBuilder, x: TensorRef) -> TensorRef:
    """``x + (1 - cos(2x)) / 2``, which is ``x + sin(x)**2``."""
    return graph.op("Add", x, graph.op("Square", graph.op("Sin", x)))


def sparsemax(graph: GraphBuilder, x: TensorRef, axis: int = -1) -> TensorRef:
    """The projection onto the simplex along an axis.

    Keras 3's own sparsemax gives other numbers as late as 3.15.
    """
    falling = graph.op("Negative", graph.op("Sort", graph.op("Negative", x), axis=axis))
    count = graph.op("Cumsum", graph.op("OnesLike", x), axis=axis)
    bound = graph.op("Add", graph.op("Multiply", count, falling), 1.0)
    inside = graph.op("Greater", bound, graph.op("Cumsum", falling, axis=axis))

    def total(values: object) -> TensorRef:
        chosen = graph.op("Where", inside, values, 0.0)
        return graph.op("Sum", chosen, axis=axis, keepdims=True)

    threshold = graph.op("Divide", graph.op("Subtract", total(falling), 1.0), total(1.0))
    return graph.op("Maximum", graph.op("Subtract", x, threshold), 0.0)


COMPOSED: Mapping[str, Callable[[GraphBuilder, TensorRef], TensorRef]] = {
    "lisht": lisht,
    "snake": snake,
    "sparsemax": sparsemax,
}
"""What is made of op nodes."""


def as_activation(
    layer: Layer,
    key: str,
    rank: int,
    function: Callable[[GraphBuilder, TensorRef], TensorRef],
    **config: Json,
) -> Layer:
    """The layer with a small graph as its activation.

    Args:
        layer: which gets it.
        key: of the activation.
        rank: of what it gets, with the batch axis.
        function: makes the graph.
        config: more of the layer's arguments.
    """
    graph = GraphBuilder(f"{layer.name}_{key}")
    x = graph.input([None] * rank, _compute_dtype(layer.config.get("dtype")))
    shell = Layer(f"{layer.name}_{key}", "Functional")
    held = graph.instead_of(shell, function(graph, x))
    new = layer.with_config(drop=(key,), **config)
    return Layer(**{**vars(new), "inner": {**layer.inner, key: held}})


def _compute_dtype(policy: Json) -> str:
    """The dtype in which a layer of this policy computes."""
    name = policy
    if isinstance(policy, Mapping):
        config = policy.get("config")
        name = config.get("name") if isinstance(config, Mapping) else None
    return str(name or "float32").removeprefix("mixed_")
