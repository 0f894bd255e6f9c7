"""Changes to whole graphs: renaming layers, adding op nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from converter.model.description import Layer, Model, TensorRef
from converter.model.structures import map_call, map_refs


def rename_layers(model: Model, names: Mapping[str, str]) -> Model:
    """The model with layers renamed, and every reference to them."""
    if not names:
        return model

    def renamed(ref: TensorRef) -> TensorRef:
        return replace(ref, layer=names.get(ref.layer, ref.layer))

    def rename(layer: Layer) -> Layer:
        name = names.get(layer.name, layer.name)
        inside = layer.model if layer.model is None else replace(layer.model, name=name)
        calls = tuple(map_call(renamed, call) for call in layer.calls)
        return replace(layer, name=name, calls=calls, model=inside)

    return replace(
        model,
        layers=tuple(rename(layer) for layer in model.layers),
        inputs=map_refs(renamed, model.inputs),
        outputs=map_refs(renamed, model.outputs),
    )
