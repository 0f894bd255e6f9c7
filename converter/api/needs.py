"""Finds what a model needs of its owner's code: classes, functions, and where it uses them."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from converter.api.pipeline import parse, upgraded
from converter.api.walk import Placed, layers
from converter.containers import ModelFile
from converter.knowledge import keras3
from converter.knowledge.releases import candidates, layer_classes
from converter.lambdas.errors import DamagedCode, Unreadable, UnsafeCode
from converter.lambdas.reading import of_layer
from converter.lambdas.stored import described
from converter.layouts.legacy import UnknownVariablesError, slots
from converter.layouts.variables import variables_of
from converter.model.description import (
    CompileState,
    Json,
    Layer,
    Model,
    TensorRef,
    Weight,
    Writer,
)
from converter.model.findings import Finding, Severity
from converter.model.masks import masked_calls
from converter.rules import _compile_objects as compile_objects
from converter.rules import activation_names, compile_custom_objects, lambda_layers
from converter.rules._code import code_of, inside
from converter.rules.activation_names import name_of
from converter.rules.base import Context, Stage
from converter.rules.registry import rules_of
from converter.stubbing.needs import Kind, Need, Stored, Use, merged
from converter.stubbing.shapes import Seen, Shape, calls_seen, shapes_told

_KINDS = {
    "activation": Kind.ACTIVATION,
    "_initializer": Kind.INITIALIZER,
    "_regularizer": Kind.REGULARIZER,
    "_constraint": Kind.CONSTRAINT,
}
_OBJECTS = {
    Kind.ACTIVATION: "activations",
    Kind.INITIALIZER: "initializers",
    Kind.REGULARIZER: "regularizers",
    Kind.CONSTRAINT: "constraints",
}
_PLAIN = frozenset({Kind.INITIALIZER, Kind.REGULARIZER, Kind.CONSTRAINT})
_STOCK = (
    frozenset(keras3.LAYERS)
    | frozenset(keras3.OPERATIONS)
    | frozenset().union(*keras3.OBJECTS.values())
    | frozenset(compile_objects.LOSSES)
    | frozenset(compile_objects.METRICS)
    | frozenset(compile_objects.OPTIMIZERS)
    | frozenset(compile_objects.SCHEDULES)
    | {"Functional", "Sequential", "Model", "Policy", "PolicyV1", "DTypePolicy", "DTypePolicyMap"}
    | {"CompositeTensor", "TensorShape", "TypeSpec", "Variable", "LossScaleOptimizer"}
)
"""Names of Keras's own objects, whatever they are for."""
_WITHOUT_OBJECTS = frozenset({"DenseFeatures", "Lambda", "LinearModel", "SequenceFeatures"})
"""Layers whose configs hold code, or columns of TensorFlow's."""
_PACKAGES = frozenset({"keras", "tf_keras", "tensorflow", "numpy"})


def needs_of(source: ModelFile) -> list[Need]:
    """What the model of an open file needs, in the order of its layers; the compile state last.

    Raises:
        NotAModelError: the file holds no architecture that can be read.
    """
    parsed = parse(source).model
    first = upgraded(source)
    writer = source.contents.writer
    names = {
        *_classes(first.model, first.findings),
        *_activations(first.model, first.findings),
        *(name for _, name, _ in _serialised(parsed, writer)),
        *_compiled_with(parsed.compile, writer),
    }
    names -= {""}
    file = source.contents.path.name
    lambdas = list(_lambdas(parsed, first.findings, file))
    if not names:
        return merged(lambdas)
    model = upgraded(source, _with_plain(names)).model
    told = shapes_told(source.contents.config)
    in_layers = [*_in_layers(model, file, names, told), *lambdas]
    return merged([*in_layers, *_in_compile_state(model, file, names)])


def _lambdas(model: Model, findings: Iterable[Finding], file: str) -> Iterator[Need]:
    """The functions of Lambdas that have no exact form, which their owner can give."""
    refused = {f.layer for f in findings if f.blocks and f.code == lambda_layers.RULE.code}
    for placed in layers(model):
        layer = placed.layer
        code = code_of(layer) or next(inside(layer), None)
        if placed.path in refused and code is not None:
            named = _function_of(code)
            lines = () if named else tuple(described(code).splitlines())
            use = Use(file, placed.path, layer.name, layer.class_name, lines=lines)
            yield Need(Kind.LAMBDA, named or layer.name, "", (use,))


def _function_of(code: Layer) -> str:
    """The name of a function that the file has by name alone; else empty."""
    try:
        found = of_layer(code.config, "mode" if code.class_name == "Merge" else "function")
    except (Unreadable, DamagedCode, UnsafeCode):
        return ""
    return found.name if found.function is None else ""


def _with_plain(names: Iterable[str]) -> set[str]:
    """The names, and those of registered objects without their package."""
    return {each for name in names for each in (name, name.rpartition(">")[2])}


def _classes(model: Model, findings: Iterable[Finding]) -> Iterator[str]:
    """Classes of layers that the rules have found to be the owner's."""
    wanted = {
        each.layer
        for each in findings
        if each.severity is Severity.CUSTOM and each.code != activation_names.RULE.code
    }
    # Code of the owner's does not help where something else stands in the way.
    wanted -= {each.layer for each in findings if each.severity is Severity.REFUSED}
    for placed in layers(model):
        layer = placed.layer
        if placed.path in wanted and not _is_stock_class(layer):
            yield layer.registered_name or layer.class_name
    yield from (each.needs for each in findings if each.severity is Severity.CUSTOM)


def _is_stock_class(layer: Layer) -> bool:
    """Whether a finding is about what is inside of a layer, not about the layer."""
    return layer.model is not None or (
        variables_of(layer) is not None and layer.class_name in ("RNN", "Bidirectional")
    )


def _activations(model: Model, findings: Iterable[Finding]) -> Iterator[str]:
    wanted = {each.layer for each in findings if each.code == activation_names.RULE.code}
    for placed in layers(model):
        if placed.path not in wanted:
            continue
        for key, value in placed.layer.config.items():
            name = name_of(value)
            if key.endswith("activation") and value is not None:
                known = name in keras3.OBJECTS["activations"]
                yield "" if known else _full_name(value, name)


def _full_name(value: Json, name: str) -> str:
    registered = value.get("registered_name") if isinstance(value, Mapping) else ""
    return str(registered) if ">" in str(registered or "") else name


def _serialised(model: Model, writer: Writer) -> Iterator[tuple[Kind, str, Json]]:
    """The owner's objects that stand as dictionaries in configs of layers."""
    of_writer = {name for each in candidates(writer) for name in layer_classes(each)}
    for placed in layers(model):
        if placed.layer.class_name in _WITHOUT_OBJECTS:
            continue
        for key, item in _dictionaries(placed.layer.config):
            kind = _kind_of(key)
            # Operations and layers bear names that a constraint may have: Clip.
            stock = keras3.OBJECTS[_OBJECTS[kind]] if kind in _PLAIN else _STOCK | of_writer
            name = _own_name(item, stock)
            if name and not (writer.generation == 1 and _kind_of(key) in _OBJECTS):
                yield _kind_of(key, item), name, item


def _dictionaries(value: Json, key: str = "") -> Iterator[tuple[str, Mapping[str, Json]]]:
    """Every serialised object in a config, with the key that it stands under."""
    waiting = [(key, value)]
    while waiting:
        key, item = waiting.pop()
        if isinstance(item, Mapping):
            if isinstance(item.get("class_name"), str) and "config" in item:
                yield key, item
            inside = [(str(name), each) for name, each in item.items()]
            waiting += [(key if name == "config" else name, each) for name, each in inside[::-1]]
        elif isinstance(item, (list, tuple)):
            waiting += [(key, each) for each in reversed(item)]


def _own_name(item: Mapping[str, Json], stock: Container[str]) -> str:
    """The name of an object that is the owner's; empty where it is Keras's."""
    name, registered = str(item["class_name"]), str(item.get("registered_name") or "")
    module = item.get("module")
    if name == "function":
        name = str(item.get("config"))
        registered = registered if ">" in registered else ""
    package = module.split(".")[0] if isinstance(module, str) else ""
    if package in _PACKAGES or name.startswith("__") or registered.startswith("Addons>"):
        return ""
    if ">" in registered:
        return registered
    known = name in stock or name.startswith("Addons>")
    return "" if known and package in ("", "builtins") else name


def _kind_of(key: str, item: Mapping[str, Json] | None = None) -> Kind:
    for ending, kind in _KINDS.items():
        if key.endswith(ending):
            return kind
    if key in ("cell", "cells"):
        return Kind.CELL
    config = item.get("config") if item is not None else None
    is_layer = isinstance(config, Mapping) and "name" in config and "trainable" in config
    return Kind.LAYER if is_layer else Kind.OBJECT


def _compiled_with(state: CompileState | None, writer: Writer) -> list[str]:
    """The owner's losses, metrics and optimizers, as the rule finds them that judges these."""
    context = Context(writer)
    for item in rules_of(Stage.COMPILE):
        if state is None or item.rule is compile_custom_objects.RULE:
            break
        if item.rule.compile is None or writer.generation not in item.rule.generations:
            continue
        for change in item.rule.compile(state, context):
            state = change.state
            if state is None:
                return []
    return [] if state is None else compile_custom_objects.foreign_names(state, context)


def _in_layers(
    model: Model, file: str, names: set[str], told: Mapping[str, Mapping[TensorRef, Shape]]
) -> Iterator[Need]:
    calls = calls_seen(model, told)
    masked = {each.path for each in masked_calls(model)}
    classes = {placed.path: placed.layer.class_name for placed in layers(model)}
    labels = {path.rpartition("/")[2]: name for path, name in classes.items()}
    held = dict(_weights_inside(model))
    inner_keys = dict(_inner_keys(model))
    for placed in layers(model):
        layer, path = placed.layer, placed.path
        name = _named(layer, names)
        if name:
            kind = _layer_kind(layer, inner_keys.get(path, ""))
            mine, unclear = held.get(path, (layer.weights, ()))
            yield _need(
                kind,
                name,
                Use(
                    file=file,
                    place=path,
                    name=layer.name,
                    layer_class=layer.class_name,
                    config=layer.config,
                    weights=_stored(mine),
                    calls=tuple(_labelled(each, labels) for each in calls.get(path, ())),
                    inner=tuple(dict.fromkeys(key.split("/")[0] for key in layer.inner)),
                    inner_names=tuple(each.name for each in layer.inner.values()),
                    wrapper=_wrapper(path, classes),
                    own=frozenset(names),
                    masked=path in masked,
                    unclear=_stored(unclear),
                ),
            )
        yield from _in_config(layer, path, file, names)


def _wrapper(path: str, classes: Mapping[str, str]) -> str:
    """The class of the wrapper around a layer; a model is none."""
    found = classes.get(path.rpartition("/")[0], "")
    return "" if found in ("Functional", "Sequential") else found


def _labelled(seen: Seen, labels: Mapping[str, str]) -> Seen:
    """A call with the classes of its neighbours behind their names."""

    def label(name: str) -> str:
        return f"{name} ({labels[name]})" if name in labels else name

    return replace(seen, before=tuple(map(label, seen.before)), after=tuple(map(label, seen.after)))


def _need(kind: Kind, name: str, use: Use) -> Need:
    package, _, plain = name.rpartition(">")
    return Need(kind, plain, package, (use,))


def _named(layer: Layer, names: set[str]) -> str:
    """The name by which the owner's class of a layer is wanted; empty for a class of Keras's."""
    if layer.model is not None:
        return ""
    registered = layer.registered_name or ""
    return next((each for each in (registered, layer.class_name) if each and each in names), "")


def _inner_keys(model: Model) -> Iterator[tuple[str, str]]:
    """The config key under which each layer inside another stands, by its path."""
    for placed in layers(model):
        for key, child in placed.layer.inner.items():
            yield f"{placed.path}/{child.name}", key.split("/")[0]


def _layer_kind(layer: Layer, key: str) -> Kind:
    if key in ("cell", "cells"):
        return Kind.CELL
    if "cell" in layer.inner and "return_sequences" in layer.config:
        return Kind.RECURRENT
    return Kind.WRAPPER if "layer" in layer.inner else Kind.LAYER


def _stored(weights: Iterable[Weight]) -> tuple[Stored, ...]:
    return tuple(Stored(each.name, each.shape, each.dtype) for each in weights)


def _weights_inside(
    model: Model,
) -> Iterator[tuple[str, tuple[Sequence[Weight], Sequence[Weight]]]]:
    """The weights of the owner's layers in wrappers, cells and nested models, by path.

    The file holds one list for the whole container. Those that are certain come first, then those
    that may belong to the layer.
    """
    for placed in layers(model):
        container = placed.layer
        if not container.weights or variables_of(container) is None:
            continue
        inside = [
            each
            for each in _descendants(container, placed.path)
            if variables_of(each.layer) is None
        ]
        if not inside or len(container.weights) == len(variables_of(container) or ()):
            continue
        if len(inside) == 1 and not _others(container, inside[0].layer):
            yield inside[0].path, (container.weights, ())
        elif container.class_name == "Bidirectional":
            yield from _halves(container.weights, inside)
        else:
            yield from _by_scope(container.weights, inside)


def _descendants(layer: Layer, path: str) -> Iterator[Placed]:
    for child in layer.inner.values():
        yield Placed(f"{path}/{child.name}", 0, child)
        yield from _descendants(child, f"{path}/{child.name}")
    if layer.model is not None:
        yield from layers(layer.model, f"{path}/")


def _others(container: Layer, own: Layer) -> bool:
    """Whether anything else inside of a container has weights."""
    for placed in _descendants(container, ""):
        if placed.layer is own or placed.layer.model is not None:
            continue
        try:
            inner = not placed.layer.inner and bool(slots(placed.layer))
        except UnknownVariablesError:
            return True
        if inner:
            return True
    return False


def _halves(
    weights: Sequence[Weight], inside: Sequence[Placed]
) -> Iterator[tuple[str, tuple[Sequence[Weight], Sequence[Weight]]]]:
    """The halves of a Bidirectional that have one class."""
    if len(inside) != 2 or len(weights) % 2:
        yield from _by_scope(weights, inside)
        return
    backward = [each for each in weights if "backward" in each.name]
    forward = [each for each in weights if "backward" not in each.name]
    if len(backward) != len(forward):
        middle = len(weights) // 2
        forward, backward = list(weights[:middle]), list(weights[middle:])
    yield inside[0].path, (forward, ())
    yield inside[1].path, (backward, ())


def _by_scope(
    weights: Sequence[Weight], inside: Sequence[Placed]
) -> Iterator[tuple[str, tuple[Sequence[Weight], Sequence[Weight]]]]:
    """Each layer those that have its name in theirs; what names nobody may be each layer's."""
    names = {each.layer.name for each in inside}
    scopes = {id(each): set(each.name.split(":")[0].split("/")[:-1]) for each in weights}
    open_ones = [each for each in weights if not scopes[id(each)] & names]
    for placed in inside:
        mine = [each for each in weights if placed.layer.name in scopes[id(each)]]
        yield placed.path, (mine, () if mine else open_ones)


def _in_config(layer: Layer, path: str, file: str, names: set[str]) -> Iterator[Need]:
    """The owner's functions and objects in the config of a layer, whoever's the layer is."""
    for key, value in layer.config.items():
        kind = next((kind for ending, kind in _KINDS.items() if key.endswith(ending)), None)
        if kind is not None and isinstance(value, str):
            known = value in keras3.OBJECTS[_OBJECTS[kind]]
            if value in names and not known:
                yield _need(kind, value, Use(file, path, layer_class=layer.class_name))
        else:
            yield from _in_value(value, key, path, file, names, layer.class_name)


def _in_value(
    value: Json, key: str, path: str, file: str, names: set[str], layer_class: str
) -> Iterator[Need]:
    for where, item in _dictionaries(value, key):
        config = item.get("config")
        if item["class_name"] == "function":
            name = next((str(n) for n in (item.get("registered_name"), config) if n in names), "")
            made = None
        else:
            given = (item.get("registered_name"), item["class_name"])
            name = next((str(n) for n in given if isinstance(n, str) and n in names), "")
            made = config if isinstance(config, Mapping) else {}
        if name:
            kind = _kind_of(where, item)
            own = frozenset(names)
            yield _need(kind, name, Use(file, path, "", layer_class, made, own=own))


def _in_compile_state(model: Model, file: str, names: set[str]) -> Iterator[Need]:
    state = model.compile
    if state is None:
        return
    for kind, place, item in _compiled(state):
        given = [compile_objects.class_of(item)]
        if isinstance(item, Mapping):
            wrapped = compile_objects.config_of(item).get("fn")
            given = [str(item.get("registered_name")), *given]
            given += [wrapped] if isinstance(wrapped, str) else []
        name = next((each for each in given if each in names), "")
        if name:
            is_class = isinstance(item, Mapping) and item.get("class_name") in (
                name,
                name.rpartition(">")[2],
            )
            config = compile_objects.config_of(item) if is_class else None
            yield _need(kind, name, Use(file, place, config=config, own=frozenset(names)))


def _compiled(state: CompileState) -> Iterator[tuple[Kind, str, Json]]:
    for item in compile_objects.objects_in(state.loss):
        yield Kind.LOSS, "loss", item
    for item in [
        *compile_objects.objects_in(state.metrics),
        *compile_objects.objects_in(state.weighted_metrics),
    ]:
        yield Kind.METRIC, "metric", item
    for item in compile_objects.optimizers_in(state):
        yield Kind.OPTIMIZER, "optimizer", item
        rate = compile_objects.config_of(item).get("learning_rate")
        if isinstance(rate, Mapping):
            yield Kind.SCHEDULE, "learning rate", rate
