"""LinearModel.

What it sees: ``tf.keras.experimental.LinearModel`` as a layer of a model.

Why Keras 3 trips: "Unknown layer: LinearModel".

What kfix changes: of one input it is a Dense. One of several inputs is refused.

Links: https://www.tensorflow.org/versions/r2.15/api_docs/python/tf/keras/experimental/LinearModel
"""

from __future__ import annotations

from dataclasses import replace

from converter.model.description import Layer, TensorRef
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage

KEPT = ("units", "activation", "use_bias", "dtype", "trainable")


def rewrite(layer: Layer, context: Context) -> Change | None:
    """The layer as a Dense, where it has one input."""
    if not context.writer.tf_keras or layer.class_name in context.custom:
        return None
    names = ["kernel", "bias"] if layer.config.get("use_bias", True) else ["kernel"]
    units = layer.config.get("units")
    shapes = [weight.shape for weight in layer.weights]
    fits = len(shapes) == len(names) and len(shapes[0]) == 2 and shapes[0][1] == units
    several = any(not isinstance(each, TensorRef) for call in layer.calls for each in call.args)
    if not fits or several:
        return None
    config = {key: layer.config[key] for key in KEPT if key in layer.config}
    pairs = zip(layer.weights, names, strict=True)
    weights = tuple(replace(weight, name=name) for weight, name in pairs)
    new = Layer(layer.name, "Dense", config, weights, layer.calls)
    message = f"{layer.class_name} was removed from Keras"
    return Change(Severity.BREAKS, message, (new,), "written as Dense")


RULE = Rule(
    code="KF144",
    stage=Stage.CLASSES,
    summary="LinearModel of one input is a Dense",
    generations=frozenset({2}),
    classes=frozenset({"LinearModel"}),
    layer=rewrite,
)
