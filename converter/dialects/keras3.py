"""Configs of Keras 3: read from .keras archives and from its legacy .h5 files, and written.

Written configs carry a ``module`` key on every layer, also inside .h5: Keras 3 then takes its own
deserialiser for both kinds of file and none of the detours of its legacy loader
(keras/src/legacy/saving/saving_utils.py) applies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

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
from converter.knowledge import keras3
from converter.layouts.graph_order import ordered_layers
from converter.model.description import Call, Json, Layer, Model, TensorRef
from converter.model.structures import map_refs

FUNCTIONAL_MODULE = "keras.src.models.functional"
INNER_KEYS = ("layer", "backward_layer", "cell")


def parse(config: Json) -> Model:
    """Reads a whole model config.

    Raises:
        NotAModelError: when the config is no Sequential or Functional model, or contradicts itself.
    """
    return whole_model(config, _layer)


def _layer(entry: Json) -> Layer:
    if (
        not isinstance(entry, Mapping)
        or "class_name" not in entry
        or not isinstance(entry.get("config"), Mapping)
    ):
        raise NotAModelError("a layer of the config has no class_name and config")
    class_name, config = str(entry["class_name"]), entry["config"]
    name = str(config.get("name") or entry.get("name") or "")
    registered = entry.get("registered_name")
    if "layers" in config and (class_name == "Sequential" or _has_graph(config)):
        model = (
            _sequential(name, config) if class_name == "Sequential" else _functional(name, config)
        )
        legacy = "module" not in entry
        return Layer(name, model.class_name, model=model, module="keras", legacy=legacy)
    inner = dict(_inner(config))
    require_layers(class_name, config, inner, name)
    require_sizes(class_name, config, name)
    require_columns(class_name, config, name)
    module = _module(entry, class_name, config)
    # Op nodes take a name only since Keras 3.11, so theirs stays where the writer put it.
    taken = {key.split("/")[0] for key in inner} | (
        set() if module.startswith("keras.src.ops") else {"name"}
    )
    return Layer(
        name,
        keras3.class_of(class_name) if module == "keras.layers" else class_name,
        {key: value for key, value in config.items() if key not in taken},
        inner=inner,
        module=module,
        registered_name=str(registered) if ">" in str(registered) else None,
        build_config=entry.get("build_config"),
        legacy="module" not in entry,
    )


def _has_graph(config: Mapping[str, Json]) -> bool:
    return all(key in config for key in ("layers", "input_layers", "output_layers"))


def _module(entry: Mapping[str, Json], class_name: str, config: Mapping[str, Json]) -> str:
    """Where the class lives; Keras 3's own .h5 files do not say, and call ops like layers."""
    module = entry.get("module")
    if module:
        return str(module)
    # Some ops bear the name of a layer, which has a dtype; some, such as Cast, have a dtype too.
    is_layer = class_name in keras3.LAYERS and ("dtype" in config or "trainable" in config)
    if class_name in keras3.OPERATIONS and not is_layer and class_name != "InputLayer":
        return keras3.OPERATIONS[class_name]
    return "keras.layers" if class_name in keras3.LAYERS else ""


def _sequential(name: str, config: Mapping[str, Json]) -> Model:
    layers = tuple(_layer(each) for each in sequence(config["layers"], f"layers of '{name}'"))
    require_names(name, layers)
    rest = {key: value for key, value in config.items() if key not in ("name", "layers")}
    return Model(name, "sequential", layers, config=rest)


def _functional(name: str, config: Mapping[str, Json]) -> Model:
    entries = sequence(config["layers"], f"layers of '{name}'")
    layers = tuple(_with_calls(each) for each in entries)
    nested = {layer.name for layer in layers if layer.class_name == "Functional"}
    rest = {
        key: value
        for key, value in config.items()
        if key not in ("name", "layers", "input_layers", "output_layers")
    }
    inputs, outputs = (_ends(config[key], nested) for key in ("input_layers", "output_layers"))
    return sound(Model(name, "functional", layers, inputs, outputs, rest))


def _with_calls(entry: Json) -> Layer:
    layer = _layer(entry)
    nodes = sequence(entry.get("inbound_nodes", []), f"inbound_nodes of '{layer.name}'")
    calls = tuple(_call(node) for node in nodes if node)
    shape = _first_shape(nodes)
    if layer.build_config is None and layer.module == "keras.layers" and shape:
        layer = replace(layer, build_config={"input_shape": shape})
    return replace(layer, name=str(entry.get("name") or layer.name), calls=calls)


def _first_shape(nodes: list[Json]) -> Json:
    """The shape of what a layer was first called on, or a list of shapes; None if none is told."""
    try:
        first = nodes[0]["args"][0]
        if isinstance(first, list):
            return [each["config"]["shape"] for each in first]
        return first["config"]["shape"]
    except (LookupError, TypeError):
        return None


def _call(node: Json) -> Call:
    if not isinstance(node, Mapping):
        raise NotAModelError("the graph mixes Keras 3 layers with Keras 2 inbound nodes")
    arguments = sequence(node.get("args", []), "the arguments of a call")
    keywords = mapping(node.get("kwargs", {}), "the keyword arguments of a call")
    return Call(tuple(_tensors(arguments)), {key: _tensors(each) for key, each in keywords.items()})


def _tensors(value: Json) -> Any:
    """JSON of call arguments with each ``__keras_tensor__`` turned into the tensor it names."""
    if isinstance(value, Mapping):
        if value.get("class_name") == "__keras_tensor__":
            return tensor(mapping(value.get("config"), "a tensor's config").get("keras_history"))
        return {key: _tensors(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_tensors(each) for each in value]
    return value


def _ends(structure: Json, nested: set[str]) -> Any:
    """The ends of a graph, where Keras 3 counts the calls of a Functional from 1."""
    if isinstance(structure, list) and not is_history(structure):
        return [_ends(each, nested) for each in structure]
    if isinstance(structure, Mapping):
        return {key: _ends(each, nested) for key, each in structure.items()}
    ref = tensor(structure)
    return replace(ref, call=ref.call - (ref.layer in nested))


def _inner(config: Mapping[str, Json]) -> Iterator[tuple[str, Layer]]:
    for key, value in config.items():
        if key == "cells" and isinstance(value, list):
            for index, cell in enumerate(value):
                yield f"cells/{index}", _layer(cell)
        elif (
            key in INNER_KEYS
            and _is_layer(value)
            or key.endswith("activation")
            and _is_activation_layer(value)
        ):
            yield key, _layer(value)


def _is_layer(value: Json) -> bool:
    return (
        isinstance(value, Mapping)
        and "class_name" in value
        and isinstance(value.get("config"), Mapping)
    )


def _is_activation_layer(value: Json) -> bool:
    return _is_layer(value) and value["class_name"] in (*keras3.LAYERS, "Sequential", "Functional")


def serialise(model: Model, *, list_ends: bool = False) -> dict[str, Json]:
    """The config of a model in Keras 3's words.

    Args:
        model: canonical, weights are ignored.
        list_ends: write a single input or output as a list of one, which Keras 3.0 to 3.3 want.

    Returns:
        ``{"module", "class_name", "config", "registered_name"}`` as in config.json of an archive.
    """
    if model.kind == "sequential":
        config = {
            "name": model.name,
            **model.config,
            "layers": [_entry(layer) for layer in model.layers],
        }
        return {
            "module": "keras",
            "class_name": "Sequential",
            "config": config,
            "registered_name": None,
        }
    layers = ordered_layers(model)
    nested = {layer.name for layer in layers if layer.class_name == "Functional"}
    config = {
        "name": model.name,
        **model.config,
        "layers": [_graph_entry(layer) for layer in layers],
        "input_layers": _written_ends(model.inputs, nested, list_ends),
        "output_layers": _written_ends(model.outputs, nested, list_ends),
    }
    return {
        "module": FUNCTIONAL_MODULE,
        "class_name": "Functional",
        "config": config,
        "registered_name": "Functional",
    }


def _written_ends(structure: Any, nested: set[str], as_list: bool) -> Json:
    ends = map_refs(
        lambda ref: [ref.layer, ref.call + (ref.layer in nested), ref.output], structure
    )
    return [ends] if as_list and isinstance(structure, TensorRef) else ends


def _graph_entry(layer: Layer) -> dict[str, Json]:
    return {
        **_entry(layer),
        "name": layer.name,
        "inbound_nodes": [_node(call) for call in layer.calls],
    }


def _node(call: Call) -> dict[str, Json]:
    return {
        "args": list(map_refs(_keras_tensor, call.args)),
        "kwargs": dict(map_refs(_keras_tensor, call.kwargs)),
    }


def _keras_tensor(ref: TensorRef) -> dict[str, Json]:
    # Shape and dtype are placeholders: the reader replaces the tensor by the one of its history.
    config = {
        "shape": [None],
        "dtype": "float32",
        "keras_history": [ref.layer, ref.call, ref.output],
    }
    return {"class_name": "__keras_tensor__", "config": config}


def _entry(layer: Layer) -> dict[str, Json]:
    if layer.model is not None:
        entry = serialise(layer.model)
        entry["config"] = {**entry["config"], "name": layer.name}
        return entry
    named = {} if layer.module.startswith("keras.src.ops") else {"name": layer.name}
    config: dict[str, Json] = {**named, **layer.config}
    cells = [_entry(child) for key, child in layer.inner.items() if key.startswith("cells/")]
    if cells:
        config["cells"] = cells
    config |= {
        key: _entry(child) for key, child in layer.inner.items() if not key.startswith("cells/")
    }
    entry = {
        "module": layer.module or None,
        "class_name": keras3.public_name(layer.class_name)
        if layer.module == "keras.layers"
        else layer.class_name,
        "config": config,
        "registered_name": layer.registered_name,
    }
    return entry | ({"build_config": layer.build_config} if _needs_build_config(layer) else {})


def _needs_build_config(layer: Layer) -> bool:
    """Whether the build state matters: calls build stock layers, custom ones may need it."""
    return layer.build_config is not None and layer.module != "keras.layers"
