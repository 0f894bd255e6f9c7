"""Convolution kernels: spatial axes first, then the channels."""

from __future__ import annotations

import numpy as np

from converter.model.description import Array, Weight


def is_pointwise(kernel: Weight) -> bool:
    """Whether a kernel covers one position only."""
    return all(length == 1 for length in kernel.shape[:-2])


def turned(kernel: Weight) -> Weight:
    """The kernel turned around: reversed along each spatial axis."""
    spatial = tuple(range(len(kernel.shape) - 2))

    def turn(values: Array) -> Array:
        return np.flip(values, spatial)

    return kernel.map(turn)
