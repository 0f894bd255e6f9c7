"""CuDNNLSTM and CuDNNGRU.

What it sees: the layers that ran on a GPU only, of Keras 2.0.9 to 2.3 and of tf.keras.

Why Keras 3 trips: "Unknown layer: CuDNNLSTM". LSTM and GRU use CuDNN by themselves where they can.

What kfix changes: CuDNNLSTM becomes LSTM, CuDNNGRU becomes GRU with ``reset_after``, both with
sigmoid gates; the weights of each gate are transposed, the two biases of an LSTM are added, those
of a GRU are stacked.

Links: https://keras.io/api/layers/recurrent_layers/lstm/,
https://keras.io/api/layers/recurrent_layers/gru/
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from converter.layouts import cudnn
from converter.layouts.gates import gates_of
from converter.model.description import Json, Layer, Weight
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage

STOCK = {"CuDNNLSTM": "LSTM", "CuDNNGRU": "GRU"}
SAME: dict[str, Json] = {"activation": "tanh", "recurrent_activation": "sigmoid", "use_bias": True}
"""What CuDNN computes, in the words of the layers that let one choose."""


def rename(layer: Layer, context: Context) -> Change | None:
    """The stock layer with the weights in its own layout."""
    class_name = STOCK[layer.class_name]
    more = {**SAME, "reset_after": True} if class_name == "GRU" else SAME
    new = replace(layer, class_name=class_name, weights=_weights(class_name, layer.weights))
    message = f"{layer.class_name} was removed from Keras"
    remedy = f"written as {class_name}, the weights of its gates transposed"
    return Change(Severity.BREAKS, message, (new.with_config(**more),), remedy)


def _weights(class_name: str, stored: Sequence[Weight]) -> tuple[Weight, ...]:
    if len(stored) != 3:
        return tuple(stored)
    gates = len(gates_of(class_name))
    kernel, recurrent_kernel, bias = stored
    return (
        cudnn.kernel(kernel, gates),
        cudnn.recurrent_kernel(recurrent_kernel, gates),
        cudnn.summed_bias(bias) if class_name == "LSTM" else cudnn.stacked_bias(bias),
    )


RULE = Rule(
    code="KF150",
    stage=Stage.CLASSES,
    summary="CuDNNLSTM and CuDNNGRU are LSTM and GRU today",
    generations=frozenset({2}),
    classes=frozenset(STOCK),
    layer=rename,
)
