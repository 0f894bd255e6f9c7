"""Configs of Keras 1.0 to 1.2.

The structure is Keras 2's (a Sequential is the bare list of its layers, nodes have no keyword
arguments), with one class more: ``Container``, which is a model. The result has Keras 1's words;
a rule brings them to Keras 2's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from converter.dialects import keras2
from converter.errors import NotAModelError
from converter.model.description import Json, Layer, Model, TensorRef
from converter.model.structures import call_refs, map_refs


def parse(config: Json) -> Model:
    """Reads a whole model config.

    Args:
        config: ``{"class_name": …, "config": …}`` as stored.

    Raises:
        NotAModelError: when the config is no Sequential or Functional model, or contradicts itself.
    """
    if isinstance(config, Mapping) and config.get("class_name") == "Graph":
        raise NotAModelError(
            "the model is a Graph of Keras 0.3, which kfix does not read",
            "Load it with Keras 1.0, build the same as a Model there, and save that.",
        )
    return _with_input_layers(keras2.parse(config))


def _with_input_layers(model: Model) -> Model:
    """The graph, nested ones too, with its inputs at input layers.

    A layer that does nothing returned the very tensor it got, which from then on counted as its
    output. On the input of a model it is named as the input's layer.
    """
    layers = tuple(
        replace(layer, model=_with_input_layers(layer.model)) if layer.model else layer
        for layer in model.layers
    )
    by_name = {layer.name: layer for layer in layers}
    inputs = map_refs(lambda ref: _origin(ref, by_name), model.inputs)
    return replace(model, layers=layers, inputs=inputs)


def _origin(ref: TensorRef, layers: Mapping[str, Layer]) -> TensorRef:
    layer = layers[ref.layer]
    while layer.class_name != "InputLayer":
        before = list(call_refs(layer.calls[ref.call])) if layer.calls else []
        if not _does_nothing(layer) or len(before) != 1:
            raise NotAModelError(f"the model takes the output of '{layer.name}' as an input")
        ref = before[0]
        layer = layers[ref.layer]
    return ref


def _does_nothing(layer: Layer) -> bool:
    if layer.class_name == "Activation":
        return layer.config.get("activation") == "linear"
    return layer.class_name == "ActivityRegularization" or layer.config.get("p") == 0
