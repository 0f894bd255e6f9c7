"""Configs of Keras 2: stand-alone, tf.keras 1.13 to 2.15 and tf_keras, in .h5 and .keras files.

Read only. The result has the structure of the neutral model but the words of the writer; rules
bring those to Keras 3's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

from converter.dialects import merged_branches
from converter.dialects.reading import (
    is_history,
    mapping,
    require_layers,
    require_names,
    sequence,
    sound,
    tensor,
    whole_model,
)
from converter.dialects.sizes import require_columns, require_sizes
from converter.errors import NotAModelError
from converter.layouts import addons
from converter.model.description import Call, Json, Layer, Model, TensorRef
from converter.model.structures import map_refs, refs

MODEL_CLASSES = frozenset({"Model", "Functional", "Sequential"})

TAKES_A_LIST = frozenset(
    {
        "Add",
        "Subtract",
        "Multiply",
        "Average",
        "Maximum",
        "Minimum",
        "Concatenate",
        "Dot",
        "Attention",
        "AdditiveAttention",
    }
    | {"Merge"}
)
"""Layers that want their tensors as one list even when there is only one."""

RECURRENT = frozenset(
    {
        "RNN",
        "LSTM",
        "GRU",
        "SimpleRNN",
        "ConvLSTM1D",
        "ConvLSTM2D",
        "ConvLSTM3D",
        "CuDNNLSTM",
        "CuDNNGRU",
        "Bidirectional",
    }
    | {"ConvRNN2D", "UnifiedLSTM", "UnifiedGRU"}
)

NAMELESS = "sequential"
"""What a Sequential is called that does not say its name."""


def parse(config: Json) -> Model:
    """Reads a whole model config.

    Args:
        config: ``{"class_name": …, "config": …}`` as stored.

    Raises:
        NotAModelError: when the config is no Sequential or Functional model, or contradicts itself.
    """
    return whole_model(config, _layer)


def _model(class_name: str, entry: Mapping[str, Json]) -> Model | None:
    """The model of a layer entry; None when it is a subclassed model without a graph."""
    config = entry["config"]
    if class_name == "Sequential":
        return _sequential(entry, config)
    return _functional(entry, config) if _has_graph(config) else None


def _sequential(entry: Mapping[str, Json], config: Json) -> Model:
    # Up to Keras 2.2.2 the config of a Sequential is the bare list of its layers.
    if isinstance(config, list):
        config = {"layers": config}
    config = mapping(config, "the config of a Sequential")
    name = str(config.get("name") or entry.get("name") or NAMELESS)
    entries = sequence(config.get("layers"), f"layers of '{name}'")
    layers = [_named(_layer(each), each, index) for index, each in enumerate(entries)]
    require_names(name, layers)
    if layers and "layers" in layers[0].config and layers[0].class_name == "Merge":
        return sound(_merged(name, layers))
    if layers and layers[0].model is not None and isinstance(layers[0].model.inputs, list):
        return sound(merged_branches.behind_inputs(name, layers[0], layers[1:]))
    layers = _with_input_layer(layers)
    rest = {key: value for key, value in config.items() if key not in ("name", "layers")}
    return Model(name, "sequential", tuple(_unique_names(layers)), config=rest)


def _merged(name: str, layers: Sequence[Layer]) -> Model:
    """A Sequential of Keras 1 whose Merge layer holds the models in front of it."""
    merge, *rest = layers
    entries = sequence(merge.config["layers"], f"layers of '{merge.name}'")
    branches = []
    for index, entry in enumerate(entries):
        branch = _named(_layer(entry), entry, index)
        alone = Model(branch.name, "sequential", tuple(_with_input_layer([branch])))
        branches.append(branch.model or alone)
    return merged_branches.joined(name, branches, merge.with_config(drop=["layers"]), rest)


def _named(layer: Layer, entry: Mapping[str, Json], index: int) -> Layer:
    """Up to Keras 2.2.2 a nested Sequential does not say its name; its position gives it one."""
    if layer.model is None or not isinstance(entry["config"], list):
        return layer
    name = f"{NAMELESS}_at_{index}"
    return replace(layer, name=name, model=replace(layer.model, name=name))


def _with_input_layer(layers: list[Layer]) -> list[Layer]:
    """Gives a Sequential whose first layer states the input shape the layer that it implies."""
    if not layers or layers[0].class_name == "InputLayer":
        return layers
    shape, dtype = _input_of(layers[0])
    if shape is None:
        return layers
    config = {"batch_input_shape": shape, "dtype": dtype, "sparse": False}
    return [Layer(f"{layers[0].name}_input", "InputLayer", config), *layers]


def _input_of(first: Layer) -> tuple[Json, str]:
    """Shape and dtype of the input that a first layer implies; the shape is None without one."""
    if first.model is not None:
        ends = first.model.inputs
        name = ends.layer if isinstance(ends, TensorRef) else None
        inputs = [each for each in first.model.layers if each.class_name == "InputLayer"]
        chosen = [each for each in inputs if name is None or each.name == name]
        alone = len(chosen) == 1
        return _input_of(chosen[0]) if alone else (None, "")
    shape = first.config.get("batch_input_shape")
    if shape is None and "layer" in first.inner:
        shape, _ = _input_of(first.inner["layer"])
    return shape, _input_dtype(first)


def _input_dtype(first: Layer) -> str:
    """The placeholder's dtype: indices for an Embedding, else the first layer's own."""
    # Keras 1 calls it input_dtype.
    dtype = first.config.get("dtype", first.config.get("input_dtype"))
    if first.class_name == "Embedding":
        return dtype if isinstance(dtype, str) and dtype.startswith(("int", "uint")) else "int32"
    return dtype if isinstance(dtype, str) else "float32"


def _unique_names(layers: Sequence[Layer]) -> Iterator[Layer]:
    """Renames a first layer that bears a later layer's name, as our own input layer may."""
    names = {layer.name for layer in layers[1:]}
    for index, layer in enumerate(layers):
        clash = index == 0 and layer.name in names
        yield replace(layer, name=f"{layer.name}_layer") if clash else layer


def _functional(entry: Mapping[str, Json], config: Mapping[str, Json]) -> Model:
    name = str(config.get("name") or entry.get("name") or "model")
    entries = sequence(config["layers"], f"layers of '{name}'")
    names = {_name(mapping(each, f"a layer of '{name}'")) for each in entries}
    layers = [replace(_layer(each), calls=tuple(_calls(each, names))) for each in entries]
    inputs = _graph_ends(config["input_layers"])
    outputs = _graph_ends(config["output_layers"])
    rest = {
        key: value
        for key, value in config.items()
        if key not in ("name", "layers", "input_layers", "output_layers")
    }
    model = Model(name, "functional", tuple(layers), inputs, outputs, rest)
    return sound(_with_own_call_indices(model))


def _name(entry: Mapping[str, Json]) -> str:
    config = entry.get("config")
    inside = config.get("name") if isinstance(config, Mapping) else None
    return str(entry.get("name") or inside or "")


def _graph_ends(structure: Json) -> Any:
    """``input_layers`` or ``output_layers``: a list of one tensor stands for that tensor."""
    found = map_refs(lambda ref: ref, _structure(structure))
    return found[0] if isinstance(found, list) and len(found) == 1 else found


def _structure(value: Json) -> Any:
    if isinstance(value, list) and not is_history(value):
        return [_structure(each) for each in value]
    if isinstance(value, Mapping):
        return {key: _structure(each) for key, each in value.items()}
    return tensor(value)


def _calls(entry: Mapping[str, Json], names: set[str]) -> Iterator[Call]:
    class_name = str(entry["class_name"])
    for node in sequence(entry.get("inbound_nodes", []), f"inbound_nodes of '{_name(entry)}'"):
        # tf.keras writes [] for nodes that only make an input.
        if node:
            yield _call(class_name, node, names, entry)


def _call(class_name: str, node: Json, names: set[str], entry: Mapping[str, Json]) -> Call:
    """One inbound node: each tensor is ``[layer, call, output, kwargs]``, the kwargs repeated."""
    kwargs: dict[str, Any] = {}

    def leaf(value: Sequence[Json]) -> Any:
        if len(value) == 4 and isinstance(value[3], Mapping):
            kwargs.update(value[3])
        return value[2] if value[0] == "_CONSTANT_VALUE" else tensor(value)

    first = _first_argument(node, leaf)
    if isinstance(first, list) and len(first) == 1 and class_name not in TAKES_A_LIST:
        first = first[0]
    kwargs = {key: _keyword(value, names) for key, value in kwargs.items()}
    if class_name in RECURRENT and isinstance(first, list) and first:
        first, states = _recurrent_states(first, entry)
        kwargs = {key: value for key, value in kwargs.items() if value is not None} | states
    return Call((first,), kwargs)


def _first_argument(value: Json, leaf: Any) -> Any:
    if isinstance(value, list) and value and _is_node_leaf(value):
        return leaf(value)
    if isinstance(value, list):
        return [_first_argument(each, leaf) for each in value]
    if isinstance(value, Mapping):
        return {key: _first_argument(each, leaf) for key, each in value.items()}
    return value


def _is_node_leaf(value: Sequence[Json]) -> bool:
    return is_history(value) or _is_constant(value)


def _is_constant(value: Json) -> bool:
    return isinstance(value, list) and len(value) == 4 and value[0] == "_CONSTANT_VALUE"


def _keyword(value: Json, names: set[str]) -> Any:
    """A keyword argument; lists that name a layer are tensors."""
    if is_history(value) and value[0] in names:
        return tensor(value)
    if _is_constant(value):
        return value[2]
    if isinstance(value, list):
        return [_keyword(each, names) for each in value]
    if isinstance(value, Mapping):
        return {key: _keyword(each, names) for key, each in value.items()}
    return value


def _recurrent_states(tensors: list[Any], entry: Mapping[str, Json]) -> tuple[Any, dict[str, Any]]:
    """Keras 2 calls a recurrent layer with ``[x, *initial states, *constants]``."""
    constants = mapping(entry["config"], "the config of a recurrent layer").get("num_constants")
    constants = constants if isinstance(constants, int) else 0
    end = len(tensors) - constants
    kwargs: dict[str, Any] = {}
    if tensors[1:end]:
        kwargs["initial_state"] = tensors[1:end]
    if constants:
        kwargs["constants"] = tensors[end:]
    return tensors[0], kwargs


def _with_own_call_indices(model: Model) -> Model:
    """Counts the calls of each layer from 0.

    Keras 2 counts the calls of a nested model from 1 when the model had a call of its own on being
    built, else from 0. Each saved call has its output used, so the indices that occur, in order,
    are the calls.
    """
    used: dict[str, set[int]] = {}
    for ref in _all_refs(model):
        used.setdefault(ref.layer, set()).add(ref.call)
    numbering = {
        name: {old: new for new, old in enumerate(sorted(calls))} for name, calls in used.items()
    }
    counts = {layer.name: max(1, len(layer.calls)) for layer in model.layers}
    nested = {layer.name for layer in model.layers if layer.model is not None}

    def renumber(ref: TensorRef) -> TensorRef:
        if ref.layer not in counts:
            raise NotAModelError(f"the graph refers to a layer '{ref.layer}' that it does not have")
        if ref.layer in nested and len(numbering[ref.layer]) == counts[ref.layer]:
            return replace(ref, call=numbering[ref.layer][ref.call])
        if ref.layer in nested:
            return replace(ref, call=ref.call - (max(numbering[ref.layer]) >= counts[ref.layer]))
        return ref

    layers = tuple(
        replace(
            layer,
            calls=tuple(
                Call(map_refs(renumber, call.args), map_refs(renumber, call.kwargs))
                for call in layer.calls
            ),
        )
        for layer in model.layers
    )
    return replace(
        model,
        layers=layers,
        inputs=map_refs(renumber, model.inputs),
        outputs=map_refs(renumber, model.outputs),
    )


def _all_refs(model: Model) -> Iterable[TensorRef]:
    for layer in model.layers:
        for call in layer.calls:
            yield from refs(call.args)
            yield from refs(call.kwargs)
    yield from refs(model.inputs)
    yield from refs(model.outputs)


def _layer(entry: Json) -> Layer:
    """A layer entry of any depth, wrapped layers and cells included."""
    if not isinstance(entry, Mapping) or "class_name" not in entry or "config" not in entry:
        raise NotAModelError("a layer of the config has no class_name and config")
    class_name, config = _class_name(entry), entry["config"]
    name = _name(entry)
    registered = (
        entry.get("registered_name") if ">" in str(entry.get("registered_name") or "") else None
    )
    if class_name in MODEL_CLASSES or _is_functional_subclass(class_name, config):
        model = _model(class_name, entry)
        if model is not None:
            return Layer(
                name or model.name,
                model.class_name,
                model=model,
                module="keras",
                registered_name=registered,
            )
    if not isinstance(config, Mapping):
        raise NotAModelError(f"the config of layer '{name}' ({class_name}) is no dictionary")
    inner = dict(_inner(config))
    require_layers(class_name, config, inner, name)
    require_sizes(class_name, config, name)
    require_columns(class_name, config, name)
    inner |= _mirrored(class_name, config, inner)
    plain = {
        key: value
        for key, value in config.items()
        if key != "name" and key.split("/")[0] not in _inner_keys(inner)
    }
    return Layer(
        name,
        class_name,
        plain,
        inner=inner,
        registered_name=registered,
        build_config=entry.get("build_config"),
    )


def _class_name(entry: Mapping[str, Json]) -> str:
    """The class; one of TensorFlow Addons with its package, which TensorFlow 2.13 keeps apart."""
    registered = str(entry.get("registered_name") or "")
    return registered if registered.startswith(addons.PACKAGE) else str(entry["class_name"])


def _with_package(entry: Mapping[str, Json]) -> Json:
    config = entry["config"]
    if not isinstance(config, Mapping):
        return entry
    return {**entry, "class_name": addons.wrapped_name(str(entry["class_name"]), config)}


def _is_functional_subclass(class_name: str, config: Json) -> bool:
    """tf.keras stores a subclass of Model that was made from inputs and outputs with its graph."""
    return _has_graph(config)


def _has_graph(config: Json) -> bool:
    keys = ("layers", "input_layers", "output_layers")
    return isinstance(config, Mapping) and all(key in config for key in keys)


def _inner_keys(inner: Mapping[str, Layer]) -> set[str]:
    return {key.split("/")[0] for key in inner}


def _inner(config: Mapping[str, Json]) -> Iterator[tuple[str, Layer]]:
    for key, value in config.items():
        if key in ("layer", "backward_layer", "cell") and _is_object(value):
            yield key, _layer(_with_package(value))
        elif key == "cells" and isinstance(value, list):
            for index, cell in enumerate(value):
                yield f"cells/{index}", _layer(cell)
        elif (
            key.endswith("activation")
            and _is_object(value)
            and isinstance(value.get("config"), Mapping)
        ):
            yield key, _layer(value)


def _is_object(value: Json) -> bool:
    return isinstance(value, Mapping) and "class_name" in value and "config" in value


def _mirrored(
    class_name: str, config: Mapping[str, Json], inner: Mapping[str, Layer]
) -> dict[str, Layer]:
    """The backward layer that a Bidirectional makes for itself: the forward one, reversed."""
    if class_name != "Bidirectional" or "backward_layer" in inner or "layer" not in inner:
        return {}
    forward = inner["layer"]
    # A cell is a layer by itself on either side; weights are given to each by its identity.
    turned = not forward.config.get("go_backwards", False)
    backwards = deepcopy(forward).with_config(go_backwards=turned)
    return {"backward_layer": replace(backwards, name=f"backward_{forward.name}")}
