"""GRU whose candidate was computed from the input of the reset gate.

What it sees: GRU with a bias and ``implementation=1``, in files of Keras 2.0.0 and 2.0.1.

Why it matters: a slip of the pen there put the reset gate's input in place of the candidate's, so
that the kernel of the candidate was never used. Keras 2.0.2 mended it, and every later reader,
Keras 3 too, computes something else from such a file, without an error.

What kfix changes: gives the candidate the kernel of the reset gate, and both biases together.

Links: https://github.com/keras-team/keras/blob/2.0.1/keras/layers/recurrent.py
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from converter.model.description import Array, Layer, Weight
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage

MENDED_IN = (2, 0, 2)


def repeat(layer: Layer, context: Context) -> Change | None:
    """Makes the weights say what the layer computed."""
    affected = layer.config.get("implementation") == 1 and layer.config.get("use_bias", True)
    if not affected or context.writer.version >= MENDED_IN:
        return None
    weights = tuple(_as_computed(weight) for weight in layer.weights)
    return Change(
        Severity.SILENT,
        "the candidate of this GRU was computed from the input of its reset gate",
        (replace(layer, weights=weights),),
        "the candidate gets the kernel of the reset gate, and both biases",
    )


def _as_computed(weight: Weight) -> Weight:
    if weight.name == "kernel":
        return weight.map(lambda values: _with_candidate(values, _gate(values, 1)))
    if weight.name == "bias":
        return weight.map(
            lambda values: _with_candidate(values, _gate(values, 1) + _gate(values, 2))
        )
    return weight


def _gate(values: Array, index: int) -> Array:
    """The columns of one of the three gates: update, reset, candidate."""
    units = values.shape[-1] // 3
    return values[..., index * units : (index + 1) * units]


def _with_candidate(values: Array, candidate: Array) -> Array:
    return np.concatenate([_gate(values, 0), _gate(values, 1), candidate], axis=-1)


RULE = Rule(
    code="KF259",
    # Before the argument is dropped that tells.
    stage=Stage.CLASSES,
    summary="GRU that took the reset gate's input for its candidate",
    generations=frozenset({2}),
    classes=frozenset({"GRU"}),
    layer=repeat,
    tf_keras_agrees=False,
)
