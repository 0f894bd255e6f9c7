"""Spectrogram and Melspectrogram of kapre 0.1.

What it sees: both layers, as KF169 found them. Their kernels and the filterbank are weights.

Why Keras 3 trips: "Unknown layer: 'Melspectrogram'".

What kfix changes: writes two Conv2D with these kernels, a Dense with the filterbank, and op nodes.
Decibels are refused in files of stand-alone Keras: up to kapre 0.1.3 the loudest value of a whole
batch was their measure, from 0.1.4 on that of each recording. TensorFlow's Keras can only be that
of a later kapre.

Links: https://github.com/keunwoochoi/kapre/blob/master/README.md
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

from converter.model.building import GraphBuilder
from converter.model.description import Json, Layer, Model, TensorRef, Weight
from converter.rules._rebuilding import Place, Plan, rebuilt
from converter.rules._well_known import library_of, name_in
from converter.rules.base import Context, ModelChange, Rule, Stage

NAMES = ("Spectrogram", "Melspectrogram")
SOFTEST, RANGE = 1e-10, 80.0
"""What counts as silence, and how far below the loudest the softest may be."""


def rewrite(model: Model, context: Context) -> Iterator[ModelChange]:
    """Writes each such layer as a small model."""

    def plan(layer: Layer, place: Place) -> Plan | None:
        name = name_in("Kapre", layer)
        if name not in NAMES or not library_of(layer, context):
            return None
        message = f"{name} is of kapre 0.1, which no later Keras has"
        if context.writer.backend == "theano":
            return Plan(message, None, "Theano pads otherwise.")
        if _in_decibels(layer.config) and not context.writer.tf_keras:
            return Plan(message, None, "Releases of kapre differed over what its decibels are of.")
        return Plan(message, _written(layer), "written with Conv2D, Dense and op nodes")

    return rebuilt(model, context, plan)


def _in_decibels(config: Mapping[str, Json]) -> bool:
    return any(config.get(f"return_decibel_{which}") for which in ("spectrogram", "melgram"))


def _written(layer: Layer) -> Layer:
    config, (real, imaginary, *bank) = layer.config, layer.weights
    graph = GraphBuilder(layer.name)
    steps = graph.op("Transpose", graph.input([None, None, None]), axes=[0, 2, 1])
    picture = graph.op("ExpandDims", steps, axis=-1)
    parts = [_convolved(graph, picture, config, kernel) for kernel in (real, imaginary)]
    x = graph.op("Add", *(graph.op("Square", part) for part in parts))
    x = _raised(graph, x, config["power_spectrogram"])
    x = _decibels(graph, x) if config["return_decibel_spectrogram"] else x
    if bank:
        x = _banked(graph, x, config, bank[0])
    last = config["image_data_format"] == "channels_last"
    return graph.instead_of(
        layer, graph.op("Transpose", x, axes=[0, 3, 1, 2] if last else [0, 2, 3, 1])
    )


def _convolved(
    graph: GraphBuilder, x: TensorRef, config: Mapping[str, Json], kernel: Weight
) -> TensorRef:
    """The product with waves at each step; time, channels and frequencies in this order."""
    return graph.layer(
        "Conv2D",
        x,
        weights=[replace(kernel, name="kernel")],
        filters=kernel.shape[3],
        kernel_size=list(kernel.shape[:2]),
        strides=[config["n_hop"], 1],
        padding=config["padding"],
        data_format="channels_last",
        use_bias=False,
        trainable=bool(config["trainable_kernel"]),
    )


def _banked(
    graph: GraphBuilder, x: TensorRef, config: Mapping[str, Json], bank: Weight
) -> TensorRef:
    x = graph.layer(
        "Dense",
        x,
        weights=[replace(bank, name="kernel")],
        units=bank.shape[1],
        use_bias=False,
        trainable=bool(config["trainable_fb"]),
    )
    x = _raised(graph, x, config["power_melgram"])
    return _decibels(graph, x) if config["return_decibel_melgram"] else x


def _raised(graph: GraphBuilder, x: TensorRef, power: float) -> TensorRef:
    """The power of what ``x`` is the square of."""
    if power == 2:
        return x
    root = graph.op("Sqrt", x)
    return root if power == 1 else graph.op("Power", root, power)


def _decibels(graph: GraphBuilder, x: TensorRef) -> TensorRef:
    logarithm = graph.op("Log", graph.op("Maximum", x, SOFTEST))
    level = graph.op("Multiply", logarithm, 10.0 / math.log(10.0))
    loudest = graph.op("Max", level, axis=[1, 2, 3], keepdims=True)
    return graph.op("Maximum", graph.op("Subtract", level, loudest), -RANGE)


RULE = Rule(
    code="KF189",
    stage=Stage.MEANING,
    summary="Spectrogram and Melspectrogram of kapre 0.1",
    generations=frozenset({2}),
    model=rewrite,
)
