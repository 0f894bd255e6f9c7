"""hard_sigmoid, which changed its meaning.

What it sees: ``hard_sigmoid`` as activation or recurrent activation. It was the default of the
gates of LSTM and GRU up to Keras 2.2 and TensorFlow 1, and of ConvLSTM in all of Keras 2.

Why it matters: Keras 2 computes ``clip(0.2 x + 0.5, 0, 1)``, Keras 3 ``clip(x / 6 + 0.5, 0, 1)``.
The model loads without an error and computes something else.

What kfix changes: Keras 2's function of x is Keras 3's of 1.2 x. Where x is linear in the layer's
weights, the weights that make it are multiplied by 1.2: the gates of recurrent layers, kernel and
bias of dense and convolutional layers. A bare activation becomes Rescaling(0.2, 0.5) and
ReLU(max_value=1). Where x is the state of an LSTM no weights can be scaled, so its activation
becomes a model of these two layers.

Links: https://github.com/keras-team/keras/blob/master/keras/src/activations/activations.py
"""

from __future__ import annotations

from dataclasses import replace

from converter.layouts.gates import gates_of, scale
from converter.model.description import Layer, Model
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage

FACTOR = 1.2
LAST_LINEAR = {
    **dict.fromkeys(["Dense", "EinsumDense", "Conv1D", "Conv2D", "Conv3D"], "kernel"),
    **dict.fromkeys(["Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"], "kernel"),
    **dict.fromkeys(["DepthwiseConv1D", "DepthwiseConv2D"], "depthwise_kernel"),
    **dict.fromkeys(["SeparableConv1D", "SeparableConv2D"], "pointwise_kernel"),
}
"""The kernel whose result, with the bias, the activation is applied to."""

CELLS = frozenset(
    {
        "LSTM",
        "GRU",
        "SimpleRNN",
        "ConvLSTM1D",
        "ConvLSTM2D",
        "ConvLSTM3D",
        "LSTMCell",
        "GRUCell",
        "SimpleRNNCell",
    }
)
MEMORY_CELLS = frozenset({"LSTM", "LSTMCell", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"})


def fold(layer: Layer, context: Context) -> Change | None:
    """Moves the factor into the weights, or splits a bare activation."""
    used = [
        key
        for key in ("activation", "recurrent_activation")
        if layer.config.get(key) == "hard_sigmoid"
    ]
    if not used:
        return None
    message = f"{layer.class_name} uses hard_sigmoid, which is another function in Keras 3"
    if layer.class_name == "Activation":
        return Change(
            Severity.SILENT,
            message,
            _rescaled(layer),
            "written as Rescaling(0.2, 0.5) and ReLU(max_value=1)",
        )
    if layer.class_name in LAST_LINEAR:
        new = _scaled(layer, {LAST_LINEAR[layer.class_name], "bias"})
        return Change(Severity.SILENT, message, (new,), "kernel and bias are multiplied by 1.2")
    if layer.class_name not in CELLS:
        return Change(Severity.REFUSED, f"{message}; no weights of the layer can be scaled for it")
    on_state = "activation" in used and layer.class_name in MEMORY_CELLS
    scaled = _scaled_gates(layer, [key for key in used if not (on_state and key == "activation")])
    if not on_state:
        remedy = "the weights of its gates are multiplied by 1.2"
        return Change(Severity.SILENT, message, (scaled,), remedy)
    remedy = "its activation is written as a model of Rescaling and ReLU"
    return Change(Severity.SILENT, message, (_with_own_activation(scaled),), remedy)


def _with_own_activation(layer: Layer) -> Layer:
    """The activation of a cell state as a model of two stock layers."""
    name = f"{layer.name}_activation"
    layers = _rescaled(Layer(name, "Activation"))
    model = Model(name, "sequential", (layers[0], replace(layers[1], name=f"{name}_relu")))
    inside = Layer(name, "Sequential", model=model, module="keras")
    new = layer.with_config(drop=["activation"])
    return replace(new, inner={**layer.inner, "activation": inside})


def _rescaled(layer: Layer) -> tuple[Layer, Layer]:
    common = {key: layer.config[key] for key in ("dtype",) if key in layer.config}
    rescaling = Layer(
        f"{layer.name}_rescaling", "Rescaling", {**common, "scale": 0.2, "offset": 0.5}
    )
    config = {**common, "max_value": 1.0, "negative_slope": 0.0, "threshold": 0.0}
    return rescaling, replace(layer, class_name="ReLU", config=config)


def _scaled(layer: Layer, names: set[str]) -> Layer:
    weights = (scale(each, FACTOR) if each.name in names else each for each in layer.weights)
    return replace(layer, weights=tuple(weights))


def _scaled_gates(layer: Layer, used: list[str]) -> Layer:
    if not used:
        return layer
    gates = gates_of(layer.class_name)
    chosen = [index for index, key in enumerate(gates) if key in used]
    weights = (scale(each, FACTOR, parts=len(gates), chosen=chosen) for each in layer.weights)
    return replace(layer, weights=tuple(weights))


RULE = Rule(
    code="KF201",
    stage=Stage.MEANING,
    summary="hard_sigmoid is another function in Keras 3",
    generations=frozenset({1, 2}),
    layer=fold,
)
