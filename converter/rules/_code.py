"""Which layers hold a function of their owner's as code."""

from __future__ import annotations

from converter.model.description import Layer


def holds_code(layer: Layer) -> bool:
    """Whether a layer of a graph, or the one that a TimeDistributed holds, is code of its owner.

    That is a Lambda, or a Merge of Keras 1 whose mode is a function.
    """
    while layer.class_name == "TimeDistributed" and "layer" in layer.inner:
        layer = layer.inner["layer"]
    if layer.class_name == "Merge":
        return str(layer.config.get("mode_type", "raw")) != "raw"
    return layer.class_name == "Lambda"
