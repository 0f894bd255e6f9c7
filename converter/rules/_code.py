"""Which layers hold a function of their owner's as code."""

from __future__ import annotations

from collections.abc import Iterator

from converter.model.description import Layer


def code_of(layer: Layer) -> Layer | None:
    """The layer of a graph, or the one that a TimeDistributed holds, if it is its owner's code.

    That is a Lambda, or a Merge of Keras 1 whose mode is a function.
    """
    while layer.class_name == "TimeDistributed" and "layer" in layer.inner:
        layer = layer.inner["layer"]
    is_merge = layer.class_name == "Merge" and layer.config.get("mode_type", "raw") != "raw"
    return layer if is_merge or layer.class_name == "Lambda" else None


def holds_code(layer: Layer) -> bool:
    """Whether there is such a layer."""
    return code_of(layer) is not None


def inside(layer: Layer) -> Iterator[Layer]:
    """The code among the layers that a layer holds, at any depth; not in nested models."""
    for each in layer.inner.values():
        if each.model is None:
            yield from inside(each)
        if each.class_name == "Lambda":
            yield each


def hides_code(layer: Layer) -> bool:
    """Whether there is code in a layer that holds it in another way than a TimeDistributed."""
    return code_of(layer) is None and any(True for _ in inside(layer))
