"""The gates of recurrent layers: which part of each weight belongs to which activation.

All weights of a recurrent layer hold their gates side by side along the last axis.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from converter.layouts.floats import narrowed, widened
from converter.model.description import Array, Weight

_GATES = {
    "LSTM": ("recurrent_activation", "recurrent_activation", "activation", "recurrent_activation"),
    "GRU": ("recurrent_activation", "recurrent_activation", "activation"),
    "SimpleRNN": ("activation",),
}
"""The activation of each gate in order.

LSTM: input, forget, candidate, output. GRU: update, reset, candidate.
"""


def gates_of(class_name: str) -> tuple[str, ...]:
    """For each gate of a recurrent layer or cell, the config key of its activation."""
    family = "LSTM" if "LSTM" in class_name else "GRU" if "GRU" in class_name else "SimpleRNN"
    return _GATES[family]


def scale(weight: Weight, factor: float, *, parts: int = 1, chosen: Sequence[int] = (0,)) -> Weight:
    """The weight with some of its ``parts`` along the last axis multiplied by ``factor``.

    The product is rounded once, from float64.
    """

    def multiply(values: Array) -> Array:
        factors = np.ones(parts, np.float64)
        factors[list(chosen)] = factor
        columns = np.repeat(factors, values.shape[-1] // parts)
        return narrowed(widened(values) * columns, values)

    return weight.map(multiply, rowwise=len(weight.shape) > 1)
