"""One-hot encodings that lost an axis.

What it sees: Discretization with ``output_mode="one_hot"`` of Keras 3.0 to 3.3.

Why it matters: of a tensor of one column it made (batch, 1, bins). From 3.4 on the column is left
out, (batch, bins), and what follows computes something else, or fails.

What kfix changes: a Reshape behind it brings the axis back. Where the rank of its input is not
known to be 2, it refuses.

Links: https://github.com/keras-team/keras/blob/v3.4.0/keras/src/utils/numerical_utils.py
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from converter.model.description import Call, Layer, Model, TensorRef
from converter.model.findings import Severity
from converter.model.tensors import received
from converter.rules.base import Context, ModelChange, Rule, Stage

LEAVES_OUT_SINCE = (3, 4)


def bring_back(model: Model, context: Context) -> Iterator[ModelChange]:
    """Puts the Reshape behind such layers of one graph."""
    if context.writer.version >= LEAVES_OUT_SINCE:
        return
    for layer, tensors in list(received(model)):
        if layer.class_name != "Discretization" or layer.config.get("output_mode") != "one_hot":
            continue
        message = "Discretization of one column has an axis less in Keras 3 from 3.4 on"
        boundaries = layer.config.get("bin_boundaries")
        if not tensors or tensors[0].rank != 2 or not isinstance(boundaries, list):
            yield ModelChange(Severity.REFUSED, message, layer=layer.name)
            continue
        pair = _with_axis(layer, len(boundaries) + 1)
        layers = [each for old in model.layers for each in (pair if old is layer else [old])]
        model = replace(model, layers=tuple(layers))
        yield ModelChange(Severity.SILENT, message, model, "a Reshape behind it", layer.name)


def _with_axis(layer: Layer, bins: int) -> list[Layer]:
    """The encoding under another name, and a Reshape that has its name."""
    first = replace(layer, name=f"{layer.name}_bins")
    calls = tuple(Call((TensorRef(first.name, index),)) for index in range(len(layer.calls)))
    config = {"target_shape": [-1, bins]}
    return [first, Layer(layer.name, "Reshape", config, calls=calls)]


RULE = Rule(
    code="KF258",
    stage=Stage.GRAPH,
    summary="one-hot encodings of one column lost an axis",
    generations=frozenset({3}),
    model=bring_back,
)
