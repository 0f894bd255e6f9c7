"""The weights of CuDNNLSTM and CuDNNGRU as those of LSTM and GRU.

CuDNN multiplies by the transposed matrix of each gate, and adds one bias to the input's part and
another to the state's. The gates come in Keras's own order.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from converter.layouts.floats import narrowed, widened
from converter.model.description import Array, Weight


def kernel(weight: Weight, gates: int) -> Weight:
    """The input kernel: each gate's was stored with its rows and columns read the other way."""
    return weight.map(_by_gate(lambda values: values.T.reshape(values.shape, order="F"), gates))


def recurrent_kernel(weight: Weight, gates: int) -> Weight:
    """The recurrent kernel: each gate's was stored transposed."""
    return weight.map(_by_gate(lambda values: values.T, gates))


def summed_bias(weight: Weight) -> Weight:
    """The bias of an LSTM, which has one where CuDNN has two that are added."""
    (length,) = weight.shape

    def add(values: Array) -> Array:
        return narrowed(widened(values).reshape(2, -1).sum(axis=0), values)

    return weight.map(add, shape=(length // 2,))


def stacked_bias(weight: Weight) -> Weight:
    """The bias of a GRU that resets after multiplying: the input's above the state's."""
    (length,) = weight.shape
    return weight.map(lambda values: values.reshape(2, -1), shape=(2, length // 2))


def _by_gate(turn: Callable[[Array], Array], gates: int) -> Callable[[Array], Array]:
    def apply(values: Array) -> Array:
        return np.hstack([turn(part) for part in np.hsplit(values, gates)])

    return apply
