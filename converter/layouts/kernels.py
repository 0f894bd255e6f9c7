"""Convolution kernels: spatial axes first, then the channels."""

from __future__ import annotations

from collections.abc import Sequence

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


def extended(kernel: Weight, more: Sequence[int]) -> Weight:
    """The kernel with zeros behind it, as many for each spatial axis as ``more`` says."""
    widths = [(0, each) for each in more] + [(0, 0), (0, 0)]
    shape = tuple(length + width[1] for length, width in zip(kernel.shape, widths, strict=True))
    return kernel.map(lambda values: np.pad(values, widths), shape=shape)
