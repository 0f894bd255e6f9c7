"""MaxoutDense.

What it sees: MaxoutDense of Keras 1, which Keras 2 kept up to 2.3.

Why Keras 3 trips: "Unknown layer: MaxoutDense".

What kfix changes: writes it as a Dense of all features, a Reshape, and a GlobalMaxPooling1D that
takes the largest of them. Constraints, which matter to further training alone, are left out: they
were those of another shape.

Links: https://arxiv.org/abs/1302.4389
"""

from __future__ import annotations

from dataclasses import replace

from converter.model.description import Array, Layer, Weight
from converter.model.findings import Severity
from converter.rules._removed import is_the_users, not_kerass
from converter.rules.base import Change, Context, Rule, Stage
from converter.rules.keras1_words import ARGUMENTS

KEPT = ("trainable", "kernel_initializer", "kernel_regularizer", "bias_regularizer")


def rewrite(layer: Layer, context: Context) -> Change | None:
    """The layer as Dense, Reshape and GlobalMaxPooling1D."""
    if is_the_users(layer, context):
        return None
    if other := not_kerass(layer, ("W",)):
        return other
    message = f"{layer.class_name} was removed from Keras"
    config = {ARGUMENTS.get(key, key): value for key, value in layer.config.items()}
    units, features = config.get("units"), config.get("nb_feature")
    if not isinstance(units, int) or not isinstance(features, int):
        remedy = "Its file does not say how many features it has."
        return Change(Severity.REFUSED, message, remedy=remedy)
    kept = {key: config[key] for key in KEPT if key in config}
    dense = Layer(
        f"{layer.name}_features",
        "Dense",
        {**kept, "units": units * features, "use_bias": bool(config.get("use_bias", True))},
        tuple(_flattened(weight) for weight in layer.weights),
    )
    reshape = Layer(f"{layer.name}_reshape", "Reshape", {"target_shape": [features, units]})
    end = {"activity_regularizer": config.get("activity_regularizer")}
    maximum = replace(layer, class_name="GlobalMaxPooling1D", config=end, weights=())
    remedy = "written as Dense, Reshape and GlobalMaxPooling1D"
    return Change(Severity.BREAKS, message, (dense, reshape, maximum), remedy)


def _flattened(weight: Weight) -> Weight:
    """``W`` (features, inputs, units) and ``b`` (features, units) with the features in a row."""
    if weight.name != "W":
        (features, units) = weight.shape
        flat = weight.map(lambda values: values.reshape(-1), shape=(features * units,))
        return replace(flat, name="bias")
    features, inputs, units = weight.shape

    def kernel(values: Array) -> Array:
        return values.transpose(1, 0, 2).reshape(inputs, -1)

    return replace(weight.map(kernel, shape=(inputs, features * units)), name="kernel")


RULE = Rule(
    code="KF152",
    stage=Stage.CLASSES,
    summary="MaxoutDense is a Dense and a maximum today",
    generations=frozenset({1, 2}),
    classes=frozenset({"MaxoutDense"}),
    layer=rewrite,
)
