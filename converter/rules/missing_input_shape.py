"""A Sequential that does not say what its input is.

What it sees: a Sequential whose config holds neither an input layer nor an input shape, with
weights: stand-alone Keras 2 and tf.keras 1 lose the shape when the model starts with an InputLayer.

Why Keras 3 trips: it can't build the layers, so it has no place for the weights ("Layer 'dense' was
never built", "Layer count mismatch").

What kfix changes: the first layer's weights say what it takes: the features of a dense or recurrent
layer, the channels of a convolution. An input layer of that shape is added, other axes open. Behind
a Flatten the open axes would have to be known, so such a model is refused.

Links: https://github.com/keras-team/keras/issues/10417
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from converter.model.description import Json, Layer, Model
from converter.model.findings import Severity
from converter.rules.base import Context, ModelChange, Rule, Stage

RECURRENT = frozenset({"LSTM", "GRU", "SimpleRNN"})


def add_input(model: Model, context: Context) -> Iterator[ModelChange]:
    """Adds the input layer that the first weights imply; for the top model only."""
    if context.path or model.kind != "sequential" or not model.layers:
        return
    says_shape = model.layers[0].class_name == "InputLayer" or model.config.get("build_input_shape")
    if says_shape or not any(layer.weights for layer in model.layers):
        return
    message = "the model does not say what shape its input has"
    shape = _input_shape(model)
    if shape is None:
        remedy = "Build the model in code and load the weights into it."
        yield ModelChange(Severity.REFUSED, message, remedy=remedy)
        return
    dtype = "int32" if model.layers[0].class_name == "Embedding" else "float32"
    name = f"{model.layers[0].name}_input"
    first = Layer(name, "InputLayer", {"batch_shape": shape, "dtype": dtype})
    new = replace(model, layers=(first, *model.layers))
    yield ModelChange(Severity.BREAKS, message, new, f"its first weights say {shape}")


def _input_shape(model: Model) -> list[Json] | None:
    first = next((layer for layer in model.layers if layer.class_name != "Dropout"), None)
    if first is None or any(layer.class_name == "Flatten" for layer in model.layers):
        return None
    if first.class_name == "Embedding":
        return [None, None]
    if not first.weights or first.inner or len(first.weights[0].shape) < 2:
        return None
    features = first.weights[0].shape[-2]
    if first.class_name == "Dense":
        return [None, features]
    if first.class_name in RECURRENT:
        return [None, None, features]
    if first.class_name in ("Conv1D", "Conv2D", "Conv3D") and first.config.get("groups", 1) == 1:
        return _channels(first, features)
    return None


def _channels(first: Layer, channels: int) -> list[Json]:
    steps: list[Json] = [None] * int(first.class_name[4])
    if first.config.get("data_format") == "channels_first":
        return [None, channels, *steps]
    return [None, *steps, channels]


RULE = Rule(
    code="KF305",
    stage=Stage.GRAPH,
    summary="a Sequential that does not say what its input is",
    generations=frozenset({1, 2}),
    model=add_input,
)
