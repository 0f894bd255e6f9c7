"""Changes to whole graphs: renaming layers, masks by op nodes, a Sequential as a graph."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import replace
from typing import Any

from converter.model.description import Call, Json, Layer, Model, TensorRef
from converter.model.masks import Mask, MaskedCall, carried_masks, nested_masks
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


def free_name(name: str, taken: Container[str]) -> str:
    """The name, with a number behind it where it is taken."""
    candidate, number = name, 1
    while candidate in taken:
        candidate, number = f"{name}_{number}", number + 1
    return candidate


NUMPY_OPS = "keras.src.ops.numpy"


def op(name: str, class_name: str, *args: Any, **config: Json) -> Layer:
    """An op node of keras.src.ops.numpy, called once with ``args``."""
    return Layer(name, class_name, config, calls=(Call(args),), module=NUMPY_OPS)


def mask_nodes(name: str, mask: Mask) -> list[Layer]:
    """The op nodes that compute a mask from its origins; the last one's output is the mask.

    Args:
        name: what the nodes' names start with.
        mask: one with known origins.
    """
    nodes: list[Layer] = []
    whole: TensorRef | None = None
    for index, origin in enumerate(mask.origins):
        part = f"{name}_{index}"
        nodes.append(op(part, "NotEqual", origin.tensor, origin.value))
        if origin.over_features:
            nodes.append(op(f"{part}_any", "Any", TensorRef(part), axis=-1, keepdims=False))
        last = TensorRef(nodes[-1].name)
        if whole is not None:
            nodes.append(op(f"{part}_and", "LogicalAnd", whole, last))
        whole = TensorRef(nodes[-1].name)
    return nodes


def with_explicit_mask(model: Model, found: MaskedCall, *, all_unmasked: bool = False) -> Model:
    """The model with one call given its mask, computed by op nodes, as an argument.

    Args:
        model: the graph.
        found: the call, and a mask with known origins.
        all_unmasked: give it a mask of the same shape that masks nothing.
    """
    name = f"{found.layer.name}_mask_{found.call}"
    nodes = mask_nodes(name, found.mask)
    if all_unmasked:
        nodes = [*nodes, op(f"{name}_ones", "OnesLike", TensorRef(nodes[-1].name))]
    mask = TensorRef(nodes[-1].name)

    def masked(layer: Layer) -> Layer:
        if layer.name != found.layer.name:
            return layer
        call = layer.calls[found.call]
        return with_call(layer, found.call, Call(call.args, {**call.kwargs, "mask": mask}))

    return replace(model, layers=(*map(masked, model.layers), *nodes))


def with_call(layer: Layer, index: int, call: Call) -> Layer:
    """The layer with one of its calls replaced."""
    return replace(layer, calls=(*layer.calls[:index], call, *layer.calls[index + 1 :]))


def with_layer_before(model: Model, layer: Layer, first: Layer) -> Model:
    """The model with ``first`` between a layer and the first argument of its calls."""
    calls = tuple(Call(call.args[:1]) for call in layer.calls)
    behind = tuple(
        Call((TensorRef(first.name, index), *call.args[1:]), call.kwargs)
        for index, call in enumerate(layer.calls)
    )
    pair = [replace(first, calls=calls), replace(layer, calls=behind)]
    layers = [each for old in model.layers for each in (pair if old is layer else [old])]
    return replace(model, layers=tuple(layers))


def as_functional(model: Model) -> Model | None:
    """A Sequential as the graph that it stands for; None when it does not say what its input is."""
    if model.kind != "sequential":
        return model
    if not model.layers or model.layers[0].class_name != "InputLayer":
        return None
    first, *others = model.layers
    layers, last = [first], TensorRef(first.name)
    for layer in others:
        layers.append(replace(layer, calls=(Call((last,)),)))
        last = TensorRef(layer.name)
    kept = {key: value for key, value in model.config.items() if key == "trainable"}
    return replace(
        model,
        kind="functional",
        layers=tuple(layers),
        inputs=TensorRef(first.name),
        outputs=last,
        config=kept,
    )


MaskedChange = Callable[[Model, Mapping[TensorRef, Mask | None], str], Model]
"""Changes one graph: the graph, the masks that its tensors carry, and its path, which ends in /."""


def with_masks(
    model: Model, change: MaskedChange, incoming: Mask | None = None, path: str = ""
) -> Model:
    """Applies a change to every graph of a model, inner ones first; Sequentials stay.

    Args:
        model: a model from the top.
        change: what is done to each graph.
        incoming: the mask that the model's inputs carry when it is nested.
        path: path of the model, empty or ending in ``/``.
    """
    if model.kind == "sequential":
        return model
    inside = nested_masks(model, incoming)
    layers = tuple(
        replace(
            each,
            model=with_masks(each.model, change, inside.get(each.name), f"{path}{each.name}/"),
        )
        if each.model is not None
        else each
        for each in model.layers
    )
    return change(replace(model, layers=layers), carried_masks(model, incoming), path)
