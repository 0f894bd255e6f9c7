"""Lookup layers that count, whose output became integers.

What it sees: TextVectorization, StringLookup and IntegerLookup of Keras 2 with the output modes
``one_hot``, ``multi_hot`` and ``count``.

Why it matters: Keras 2 gave floats. Keras 3 gives integers of 64 bits, with which some layers
behind compute something else, and which a client of a served model does not expect.

What kfix changes: puts a Rescaling by 1 behind it, which turns integers into floats and does
nothing else. A sparse output stays as it is.

Links: https://github.com/keras-team/keras/blob/master/keras/src/layers/preprocessing/index_lookup.py
"""

from __future__ import annotations

from dataclasses import replace

from converter.layouts.variables import LOOKUPS
from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage

COUNTING = frozenset({"one_hot", "multi_hot", "count"})


def make_floats(layer: Layer, context: Context) -> Change | None:
    """The layer and a Rescaling by 1."""
    mode = layer.config.get("output_mode")
    if mode not in COUNTING or layer.config.get("sparse"):
        return None
    dtype = layer.config.get("dtype")
    is_float = isinstance(dtype, str) and "float" in dtype
    config = {"scale": 1.0, "offset": 0.0} | ({"dtype": dtype} if is_float else {})
    counts = replace(layer, name=f"{layer.name}_counts")
    floats = Layer(layer.name, "Rescaling", config, calls=layer.calls)
    message = f"{layer.class_name} of mode {mode} gives integers in Keras 3"
    return Change(Severity.SILENT, message, (counts, floats), "a Rescaling by 1 makes them floats")


RULE = Rule(
    code="KF243",
    stage=Stage.MEANING,
    summary="lookup layers that count gave floats",
    generations=frozenset({2}),
    classes=LOOKUPS,
    layer=make_floats,
)
