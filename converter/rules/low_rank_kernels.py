"""Layers with a low-rank update (LoRA).

What it sees: ``lora_rank`` on Dense, EinsumDense and Embedding of Keras 3.

Why Keras 3 trips: its legacy .h5 reader makes the layer without the two factors and counts the
weights wrong.

What kfix changes: adds the update to the kernel, ``kernel + alpha / rank * a @ b``, as Keras 3's
own archives do, and drops the factors. The outputs are the same; further low-rank training starts
anew.

Links: https://keras.io/api/layers/core_layers/dense/
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from converter.layouts.floats import narrowed, widened
from converter.model.description import Array, Layer, Weight
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage


def merge(layer: Layer, context: Context) -> Change | None:
    """Folds the factors into the kernel; where the file is an archive that has happened already."""
    rank = layer.config.get("lora_rank")
    if not rank:
        return None
    alpha = layer.config.get("lora_alpha") or rank
    new = layer.with_config(drop=("lora_rank", "lora_alpha"))
    factors = [each for each in layer.weights if each.name.startswith("lora_")]
    if factors:
        kernel = _merged(layer.weights[0], factors, float(alpha) / rank)
        others = (each for each in layer.weights[1:] if each not in factors)
        new = replace(new, weights=(kernel, *others))
    message = f"{layer.class_name} has a low-rank update of rank {rank}"
    return Change(Severity.BREAKS, message, (new,), "added to the kernel")


def _merged(kernel: Weight, factors: Sequence[Weight], scale: float) -> Weight:
    def compute(arrays: Sequence[Array]) -> Array:
        base, a, b = map(widened, arrays)
        return narrowed(base + scale * np.matmul(a, b), arrays[0])

    sources = tuple(source for each in (kernel, *factors) for source in each.sources)
    return replace(kernel, sources=sources, compute=compute)


RULE = Rule(
    code="KF132",
    stage=Stage.ARGUMENTS,
    summary="low-rank updates are added to their kernels",
    generations=frozenset({3}),
    classes=frozenset({"Dense", "EinsumDense", "Embedding"}),
    layer=merge,
)
