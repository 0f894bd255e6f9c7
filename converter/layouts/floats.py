"""Arithmetic on stored weights: in float64, rounded once at the end.

NumPy has no bfloat16; such weights are pairs of raw bytes, the upper half of a float32.
"""

from __future__ import annotations

import numpy as np

from converter.model.description import Array


def widened(values: Array) -> Array:
    """The values as float64."""
    if not _is_bfloat16(values):
        return values.astype(np.float64)
    halves = values.view(np.uint16).astype(np.uint32)
    return (halves << 16).view(np.float32).astype(np.float64)


def narrowed(values: Array, like: Array) -> Array:
    """The values in the dtype of ``like``, rounded to the nearest, ties to even."""
    if not _is_bfloat16(like):
        return values.astype(like.dtype)
    bits = values.astype(np.float32).view(np.uint32)
    rounded = bits + 0x7FFF + ((bits >> 16) & 1)
    halves = np.where(np.isnan(values), (bits >> 16) | 0x40, rounded >> 16)
    return halves.astype(np.uint16).view(like.dtype)


def _is_bfloat16(values: Array) -> bool:
    return bool(values.dtype.kind == "V")
