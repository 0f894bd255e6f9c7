"""What a file is: its kind, its writer, its layers and weights, its compile and optimizer state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from converter.api.functions import FunctionInfo, functions
from converter.api.pipeline import parse, upgraded
from converter.api.training import steps_taken
from converter.api.walk import Placed, layers
from converter.containers import ModelFile, open_model
from converter.model.description import CompileState, Dataset, Json, Model, Writer
from converter.model.findings import Finding, Severity
from converter.remote.paths import located
from converter.remote.store import reading
from converter.rules.apply import Upgrade
from converter.rules.own_objects import own_activations


@dataclass(frozen=True)
class WeightInfo:
    """A stored array: name, shape, dtype and size in bytes."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    bytes: int


@dataclass(frozen=True)
class LayerInfo:
    """One layer, or one group of a file that holds weights only.

    Attributes:
        path: names from the top model joined by ``/``.
        class_name: as the writer called it; empty for weights without an architecture.
        depth: 0 for layers of the top model.
        input_shape: for input layers, with None for dimensions that are not fixed; else None.
        weights: the variables of this very layer.
        parameters: how many numbers those are.
        bytes: their size.
        trainable: False for a frozen layer.
    """

    path: str
    class_name: str
    depth: int
    input_shape: tuple[int | None, ...] | None
    weights: tuple[WeightInfo, ...]
    parameters: int
    bytes: int
    trainable: bool


@dataclass(frozen=True)
class CompileInfo:
    """What ``compile()`` was told, by name."""

    optimizer: str
    loss: tuple[str, ...]
    metrics: tuple[str, ...]


@dataclass(frozen=True)
class Inspection:
    """All that ``kfix inspect`` says about a file.

    Attributes:
        path: the file.
        kind: what lies on disk, ``legacy model`` for example.
        size: bytes on disk.
        writer: who wrote it, as far as the file says.
        model_class: ``Sequential`` or ``Functional``; empty for weights without an architecture.
        model_name: the model's name.
        layers: nested ones included, each with its depth.
        parameters: numbers in all weights, shared ones counted once.
        weight_bytes: their size.
        compile: None when the model was saved uncompiled.
        optimizer_arrays: how many arrays of optimizer state are stored.
        optimizer_bytes: their size.
        optimizer_steps: how many steps the optimizer had taken, None where the file does not say.
        custom_objects: classes and functions of the user's own that the model needs.
        lambdas: paths of Lambda layers, whose code is never run.
        functions: what they keep, as text.
        findings: what ``kfix check`` would say about the model.
    """

    path: Path
    kind: str
    size: int
    writer: Writer
    model_class: str
    model_name: str
    layers: tuple[LayerInfo, ...]
    parameters: int
    weight_bytes: int
    compile: CompileInfo | None
    optimizer_arrays: int
    optimizer_bytes: int
    optimizer_steps: int | None
    custom_objects: tuple[str, ...]
    lambdas: tuple[str, ...]
    functions: tuple[FunctionInfo, ...]
    findings: tuple[Finding, ...]


def inspect(path: str | PathLike[str]) -> Inspection:
    """Describes one file without Keras; of a remote one it only fetches what it needs.

    Raises:
        NotAModelError: the file is no Keras model.
        UnsafeContentError: the file refers to other files or declares absurd sizes.
    """
    with reading(), open_model(located(path)) as source:
        return described(source)


def described(source: ModelFile, result: Upgrade | None = None) -> Inspection:
    """The same for a file that is open.

    Args:
        source: the file.
        result: its model in Keras 3's words, for callers that have it already.

    Raises:
        NotAModelError: its architecture contradicts itself.
    """
    if source.contents.config is None:
        return _weights_only(source)
    return _whole_model(source, upgraded(source) if result is None else result)


def _whole_model(source: ModelFile, result: Upgrade) -> Inspection:
    model = parse(source).model
    found = result.findings
    described = tuple(_layer(placed) for placed in layers(model))
    return _inspection(
        source,
        described,
        model=model,
        custom_objects=_custom_objects(model, found),
        lambdas=tuple(each.path for each in described if each.class_name == "Lambda"),
        functions=tuple(functions(layers(model))),
        findings=found,
    )


def _weights_only(source: ModelFile) -> Inspection:
    contents = source.contents
    if contents.variables:
        groups = _by_group(contents.variables)
    else:
        groups = {
            group.name: [
                _weight(name, data)
                for name, data in zip(group.weight_names, group.weights, strict=True)
            ]
            for group in contents.layer_groups
        }
    return _inspection(source, tuple(_group(name, group) for name, group in groups.items()))


def _inspection(
    source: ModelFile,
    described: tuple[LayerInfo, ...],
    model: Model | None = None,
    custom_objects: tuple[str, ...] = (),
    lambdas: tuple[str, ...] = (),
    functions: tuple[FunctionInfo, ...] = (),
    findings: tuple[Finding, ...] = (),
) -> Inspection:
    contents = source.contents
    return Inspection(
        path=contents.path,
        kind=str(contents.kind),
        size=contents.size,
        writer=contents.writer,
        model_class=model.class_name if model else "",
        model_name=model.name if model else "",
        layers=described,
        parameters=sum(each.parameters for each in described),
        weight_bytes=sum(each.bytes for each in described),
        compile=_compile(model.compile) if model and model.compile else None,
        optimizer_arrays=len(contents.optimizer_weights),
        optimizer_bytes=sum(each.nbytes for each in contents.optimizer_weights),
        optimizer_steps=steps_taken(source, model) if model else None,
        custom_objects=custom_objects,
        lambdas=lambdas,
        functions=functions,
        findings=findings,
    )


def _layer(placed: Placed) -> LayerInfo:
    layer = placed.layer
    weights = tuple(
        WeightInfo(each.name, each.shape, each.dtype, sum(data.nbytes for data in each.sources))
        for each in layer.weights
    )
    config = layer.config if layer.model is None else layer.model.config
    return LayerInfo(
        path=placed.path,
        class_name=layer.class_name,
        depth=placed.depth,
        input_shape=_input_shape(layer.config) if layer.class_name == "InputLayer" else None,
        weights=weights,
        parameters=_count(weights),
        bytes=sum(each.bytes for each in weights),
        trainable=config.get("trainable", True) is not False,
    )


def _input_shape(config: Mapping[str, Json]) -> tuple[int | None, ...] | None:
    shape = config.get("batch_shape") or config.get("batch_input_shape")
    return tuple(shape) if isinstance(shape, (list, tuple)) and shape else None


def _count(weights: Iterable[WeightInfo]) -> int:
    total = 0
    for weight in weights:
        size = 1
        for length in weight.shape:
            size *= length
        total += size
    return total


def _weight(name: str, data: Dataset) -> WeightInfo:
    return WeightInfo(name, data.shape, data.dtype, data.nbytes)


def _group(name: str, weights: list[WeightInfo]) -> LayerInfo:
    total = sum(each.bytes for each in weights)
    return LayerInfo(name, "", 0, None, tuple(weights), _count(weights), total, trainable=True)


def _by_group(variables: Mapping[str, Dataset]) -> dict[str, list[WeightInfo]]:
    groups: dict[str, list[WeightInfo]] = {}
    for path, data in variables.items():
        group, _, index = path.rpartition("/vars/")
        groups.setdefault(group, []).append(_weight(index, data))
    return groups


def _compile(state: CompileState) -> CompileInfo:
    return CompileInfo(
        optimizer="".join(_names(state.optimizer)[:1]),
        loss=tuple(_names(state.loss)),
        metrics=tuple(_names(state.metrics) + _names(state.weighted_metrics)),
    )


def _names(value: Json) -> list[str]:
    """The names of functions and objects in a compile config, in order."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        if "class_name" in value:
            return [_object_name(value)]
        return [name for item in value.values() for name in _names(item)]
    if isinstance(value, list):
        return [name for item in value for name in _names(item)]
    return []


def _object_name(value: Mapping[str, Json]) -> str:
    config = value.get("config")
    if value["class_name"] == "function" and isinstance(config, str):
        return config
    # Wrappers of metric functions are all alike; what they wrap is in their name.
    if str(value["class_name"]).endswith("Wrapper") and isinstance(config, Mapping):
        return str(config.get("name") or value["class_name"])
    return str(value["class_name"])


def _custom_objects(model: Model, findings: Iterable[Finding]) -> tuple[str, ...]:
    """Classes of layers, and functions in stock layers, that only the user's code can provide."""
    wanted = {each.layer for each in findings if each.severity is Severity.CUSTOM and each.layer}
    found: set[str] = set()
    for placed in layers(model):
        if placed.path in wanted:
            own = set(own_activations(placed.layer))
            found |= own or {placed.layer.registered_name or placed.layer.class_name}
    return tuple(sorted(found))
