"""Discretization before TensorFlow 2.6.

What it sees: Discretization of TensorFlow 2.3 and 2.4, which calls its boundaries ``bins``, and
that of 2.5, which keeps them in a variable; and in any release one whose boundaries are not in the
file.

Why Keras 3 trips: it knows no ``bins``, and has no such variable. A number that equals a boundary
belongs to the bin above it; in 2.4 and 2.5, whose ``bins`` end in infinity, to the one below.

What kfix changes: ``bins`` becomes ``bin_boundaries``; where a boundary belongs to the bin below,
it is raised to the next number that float32 has.

Links: https://www.tensorflow.org/api_docs/python/tf/keras/layers/Discretization
"""

from __future__ import annotations

import math

import numpy as np

from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage

SMALLEST = float(np.finfo(np.float32).tiny)
"""What is nearer to zero counts as zero on most processors."""


def rename(layer: Layer, context: Context) -> Change | None:
    """Gives the boundaries the name and the meaning of today."""
    if "bins" not in layer.config:
        return _lacking(layer)
    message = "Discretization calls its boundaries bins"
    bins = [float(each) for each in layer.config["bins"]]
    boundaries = [each for each in bins if each != math.inf]
    if boundaries != sorted(boundaries):
        return Change(Severity.REFUSED, message, remedy="They are not in order.")
    if len(boundaries) < len(bins):
        boundaries = [_next(each) for each in boundaries]
    new = layer.with_config(drop=["bins"], bin_boundaries=boundaries)
    return Change(Severity.BREAKS, message, (new,), "bin_boundaries")


def _lacking(layer: Layer) -> Change | None:
    """Boundaries that were never learned, or not in a way that can be read."""
    if layer.config.get("bin_boundaries") is not None:
        return None
    return Change(Severity.REFUSED, "Discretization has no boundaries in this file")


def _next(boundary: float) -> float:
    """The smallest number of float32 above a boundary."""
    above = float(np.nextafter(np.float32(boundary), np.float32(math.inf)))
    if abs(above) >= SMALLEST:
        return above
    return SMALLEST if above > 0 else 0.0


RULE = Rule(
    code="KF240",
    stage=Stage.MEANING,
    summary="boundaries of Discretization before TensorFlow 2.6",
    generations=frozenset({2}),
    classes=frozenset({"Discretization"}),
    layer=rename,
)
