"""MultiHeadAttention of TensorFlow Addons.

What it sees: the layer that Addons had before Keras got one of the same name.

Why Keras 3 trips: "Unknown layer: 'Addons>MultiHeadAttention'". Keras's layer takes other
arguments, the value before the key, and holds its kernels the other way round.

What kfix changes: writes Keras's, with the axes of the kernels moved and no biases but that of the
projection. A call with a mask is refused: where everything is masked, Keras computes otherwise.

Links: https://github.com/tensorflow/addons/issues/2345
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from converter.layouts.combining import constant
from converter.model.description import Call, Json, Layer, Model, Weight
from converter.rules._addons import kept, name_in_addons, was_in_addons
from converter.rules._rebuilding import Place, Plan, rebuilt
from converter.rules.base import Context, ModelChange, Rule, Stage

SAME = ("num_heads", "dropout", "kernel_initializer", "kernel_regularizer", "kernel_constraint")


def rewrite(model: Model, context: Context) -> Iterator[ModelChange]:
    """Writes Keras's layer in place of each."""

    def plan(layer: Layer, place: Place) -> Plan | None:
        name = name_in_addons(layer, context)
        return _plan(layer, place, was_in_addons(name)) if name == "MultiHeadAttention" else None

    return rebuilt(model, context, plan)


def _plan(layer: Layer, place: Place, message: str) -> Plan:
    weights = {weight.name: weight for weight in layer.weights}
    if "projection_kernel" not in weights:
        return Plan(message, None, "Its file does not hold its weights.")
    if place.rank != 3:
        return Plan(message, None, "It does not get sequences of features.")
    if any(call.kwargs.get("mask") is not None for call in layer.calls):
        return Plan(message, None, "It is called with a mask.")
    use_bias = "projection_bias" in weights
    projection = weights["projection_kernel"]
    head_size = layer.config.get("head_size")
    config: dict[str, Json] = {
        **kept(layer),
        **{key: layer.config[key] for key in SAME if key in layer.config},
        **{"key_dim": head_size, "value_dim": head_size, "use_bias": use_bias},
        "output_shape": projection.shape[2],
    }
    new = Layer(
        layer.name,
        "MultiHeadAttention",
        config,
        tuple(_projections(weights, use_bias)),
        tuple(_call(call, bool(layer.config.get("return_attn_coef"))) for call in layer.calls),
    )
    return Plan(message, new, "written as Keras's MultiHeadAttention")


def _projections(weights: dict[str, Weight], use_bias: bool) -> Iterator[Weight]:
    for name in ("query", "key", "value"):
        stored = weights[f"{name}_kernel"]
        heads, features, size = stored.shape
        kernel = stored.map(lambda values: values.transpose(1, 0, 2), shape=(features, heads, size))
        yield replace(kernel, name="kernel")
        if use_bias:
            yield constant("bias", 0.0, (heads, size), stored.dtype)
    yield replace(weights["projection_kernel"], name="kernel")
    if use_bias:
        yield replace(weights["projection_bias"], name="bias")


def _call(call: Call, with_scores: bool) -> Call:
    """Addons took [query, key, value] as one list, or [query, key]."""
    query, key, *value = call.args[0]
    kwargs = {name: given for name, given in call.kwargs.items() if name != "mask"}
    if with_scores:
        kwargs["return_attention_scores"] = True
    return Call((query, value[0] if value else key, key), kwargs)


RULE = Rule(
    code="KF179",
    stage=Stage.MEANING,
    summary="MultiHeadAttention of TensorFlow Addons",
    generations=frozenset({2}),
    model=rewrite,
)
