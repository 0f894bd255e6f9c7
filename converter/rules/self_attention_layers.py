"""Attention over sequences of keras-self-attention.

What it sees: SeqSelfAttention and SeqWeightedAttention, as KF169 found them.

Why Keras 3 trips: "Unknown layer: 'SeqSelfAttention'".

What kfix changes: writes Dense layers and op nodes. Refused are a layer that gets a mask, and one
with an ``attention_width`` or ``history_only``: releases of the library differed over what they
left out. The penalty of ``attention_regularizer_weight``, which only training knows, goes.

Links: https://github.com/CyberZHG/keras-self-attention
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from converter.layouts.combining import constant
from converter.model.building import GraphBuilder
from converter.model.description import Json, Layer, Model, TensorRef, Weight
from converter.rules._rebuilding import Place, Plan, rebuilt
from converter.rules._well_known import library_of, name_in
from converter.rules.base import Context, ModelChange, Rule, Stage

LIBRARY = "keras_self_attention"
OF_WEIGHTS = tuple(
    f"{weight}_{what}"
    for weight in ("kernel", "bias")
    for what in ("initializer", "regularizer", "constraint")
)
Weights = Mapping[str, Weight]


def rewrite(model: Model, context: Context) -> Iterator[ModelChange]:
    """Writes each such layer as a small model."""

    def plan(layer: Layer, place: Place) -> Plan | None:
        name = name_in(LIBRARY, layer)
        if name not in WRITTEN or not library_of(layer, context):
            return None
        message = f"{name} is of keras-self-attention, which no later Keras has"
        if layer.config.get("attention_width") is not None or layer.config.get("history_only"):
            return Plan(message, None, "Releases differed over what it does not look at.")
        graph = GraphBuilder(layer.name)
        weights = {weight.name: weight for weight in layer.weights}
        new = graph.instead_of(layer, WRITTEN[name](graph, layer.config, weights))
        return Plan(message, new, "written as Dense layers and op nodes")

    return rebuilt(model, context, plan)


def _dense(
    graph: GraphBuilder, x: TensorRef, config: Mapping[str, Json], kernel: Weight, bias: Json
) -> TensorRef:
    """``x`` times a kernel, plus a bias where there is one."""
    weights = [replace(kernel, name="kernel"), *([replace(bias, name="bias")] if bias else [])]
    kept = {key: config[key] for key in OF_WEIGHTS if config.get(key) is not None}
    units = kernel.shape[1]
    return graph.layer("Dense", x, weights=weights, units=units, use_bias=bias is not None, **kept)


def _self_attention(graph: GraphBuilder, config: Mapping[str, Json], weights: Weights) -> Json:
    additive = config["attention_type"] == "additive"
    features = weights["Add_Wt" if additive else "Mul_Wa"].shape[0]
    x = graph.input([None, None, features])
    emission = (_additive if additive else _multiplicative)(graph, x, config, weights)
    if config.get("attention_activation") is not None:
        chosen = config["attention_activation"]
        emission = graph.layer("Activation", emission, activation=chosen)
    share = graph.layer("Softmax", emission, axis=-1)
    result = graph.op("Matmul", share, x)
    return [result, share] if config["return_attention"] else result


def _additive(
    graph: GraphBuilder, x: TensorRef, config: Mapping[str, Json], weights: Weights
) -> TensorRef:
    query = _dense(graph, x, config, weights["Add_Wt"], None)
    key = _dense(graph, x, config, weights["Add_Wx"], weights.get("Add_bh"))
    pairs = graph.op(
        "Add", graph.op("ExpandDims", query, axis=2), graph.op("ExpandDims", key, axis=1)
    )
    hidden = graph.op("Tanh", pairs)
    emission = _dense(graph, hidden, config, weights["Add_Wa"], weights.get("Add_ba"))
    return graph.op("Squeeze", emission, axis=-1)


def _multiplicative(
    graph: GraphBuilder, x: TensorRef, config: Mapping[str, Json], weights: Weights
) -> TensorRef:
    query = _dense(graph, x, config, weights["Mul_Wa"], None)
    emission = graph.op("Matmul", query, graph.op("Transpose", x, axes=[0, 2, 1]))
    bias = weights.get("Mul_ba")
    if bias is None:
        return emission
    one = constant("kernel", 1.0, (1, 1), bias.dtype)
    apart = graph.op("ExpandDims", emission, axis=-1)
    return graph.op("Squeeze", _dense(graph, apart, {}, one, bias), axis=-1)


def _weighted_attention(graph: GraphBuilder, config: Mapping[str, Json], weights: Weights) -> Json:
    x = graph.input([None, None, weights["W"].shape[0]])
    logits = _dense(graph, x, config, weights["W"], weights.get("b"))
    share = graph.layer("Softmax", logits, axis=1)
    result = graph.op("Sum", graph.op("Multiply", x, share), axis=1)
    return [result, graph.op("Squeeze", share, axis=-1)] if config["return_attention"] else result


WRITTEN: Mapping[str, Callable[[GraphBuilder, Mapping[str, Json], Weights], Json]] = {
    "SeqSelfAttention": _self_attention,
    "SeqWeightedAttention": _weighted_attention,
}

RULE = Rule(
    code="KF188",
    stage=Stage.MEANING,
    summary="attention over sequences of keras-self-attention",
    generations=frozenset({2}),
    model=rewrite,
)
