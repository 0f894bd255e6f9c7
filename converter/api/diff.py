"""Two model files held against each other: configs, connections and weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from converter.api.pipeline import parse, upgraded
from converter.api.walk import layers
from converter.containers import ModelFile, open_model
from converter.model.description import (
    Array,
    Call,
    Dataset,
    Json,
    Layer,
    Model,
    TensorRef,
    Weight,
)
from converter.model.findings import Edit


@dataclass(frozen=True)
class WeightDifference:
    """A weight that is not the same in both files.

    Attributes:
        name: the variable.
        reason: ``values``, ``shape``, ``dtype``, ``only in A`` or ``only in B``.
        max_difference: the greatest absolute difference of the values, None where they can't be
            compared.
    """

    name: str
    reason: str
    max_difference: float | None = None


@dataclass(frozen=True)
class LayerDifference:
    """A layer that is not the same in both files.

    Attributes:
        path: from the top model; empty for the model itself.
        state: ``added`` (only in B), ``removed`` (only in A) or ``changed``.
        class_name: in B, or in A for a removed one.
        edits: config values that differ, old in A and new in B.
        weights: weights that differ.
    """

    path: str
    state: str
    class_name: str
    edits: tuple[Edit, ...] = ()
    weights: tuple[WeightDifference, ...] = ()


@dataclass(frozen=True)
class Difference:
    """What distinguishes two files.

    Attributes:
        a: the first file.
        b: the second file.
        same: no difference at all.
        layers: the layers that differ, in the order of B, removed ones last.
        max_difference: the greatest absolute difference of any weight.
    """

    a: Path
    b: Path
    same: bool
    layers: tuple[LayerDifference, ...]
    max_difference: float


@dataclass(frozen=True)
class _Item:
    """A layer, or a group of a file without architecture, made comparable."""

    class_name: str
    config: Mapping[str, Json]
    weights: tuple[Weight, ...]


def diff(a: str | PathLike[str], b: str | PathLike[str], *, raw: bool = False) -> Difference:
    """Compares two files of any kind.

    Both are brought to Keras 3's words first, so that a converted model equals its source; ``raw``
    compares what is stored.

    Raises:
        NotAModelError: one of the files can't be read.
    """
    with open_model(Path(a)) as first, open_model(Path(b)) as second:
        left, right = _items(first, raw), _items(second, raw)
        found = [each for each in _compare(left, right, first, second) if _tells_something(each)]
    largest = [w.max_difference or 0.0 for each in found for w in each.weights]
    return Difference(Path(a), Path(b), not found, tuple(found), max(largest, default=0.0))


def _tells_something(found: LayerDifference) -> bool:
    return found.state != "changed" or bool(found.edits or found.weights)


def _compare(
    left: Mapping[str, _Item], right: Mapping[str, _Item], first: ModelFile, second: ModelFile
) -> Iterator[LayerDifference]:
    for path, new in right.items():
        old = left.get(path)
        if old is None:
            yield LayerDifference(path, "added", new.class_name)
        else:
            weights = tuple(_weights(old.weights, new.weights, first, second))
            yield LayerDifference(path, "changed", new.class_name, _edits(old, new), weights)
    for path, old in left.items():
        if path not in right:
            yield LayerDifference(path, "removed", old.class_name)


def _items(source: ModelFile, raw: bool) -> dict[str, _Item]:
    contents = source.contents
    if contents.config is not None:
        model = parse(source).model if raw else upgraded(source).model
        items = {"": _Item(model.class_name, _ends(model), ())}
        return items | {each.path: _item(each.layer) for each in layers(model)}
    if contents.variables:
        return {path: _group([(path, data)]) for path, data in contents.variables.items()}
    return {
        group.name: _group(list(zip(group.weight_names, group.weights, strict=True)))
        for group in contents.layer_groups
    }


def _group(named: list[tuple[str, Dataset]]) -> _Item:
    weights = [Weight(name, (data,), data.shape, data.dtype) for name, data in named]
    return _Item("", {}, tuple(weights))


def _item(layer: Layer) -> _Item:
    config = dict(layer.config) if layer.model is None else _ends(layer.model)
    calls = [_call(call) for call in layer.calls]
    return _Item(layer.class_name, config | {"inbound": calls}, layer.weights)


def _ends(model: Model) -> dict[str, Json]:
    ends = {"inputs": _named(model.inputs), "outputs": _named(model.outputs)}
    return {**model.config, **(ends if model.kind != "sequential" else {})}


def _call(call: Call) -> Json:
    return {"args": _named(list(call.args)), "kwargs": _named(dict(call.kwargs))}


def _named(structure: Any) -> Json:
    """A structure of tensors as JSON, each by its layer's name, call and output."""
    if isinstance(structure, TensorRef):
        return f"{structure.layer}[{structure.call}][{structure.output}]"
    if isinstance(structure, Mapping):
        return {key: _named(item) for key, item in structure.items()}
    if isinstance(structure, (list, tuple)):
        return [_named(item) for item in structure]
    return structure


def _edits(old: _Item, new: _Item) -> tuple[Edit, ...]:
    edits = []
    if old.class_name != new.class_name:
        edits.append(Edit("class_name", old.class_name, new.class_name))
    for key in [*old.config, *(key for key in new.config if key not in old.config)]:
        before, after = old.config.get(key), new.config.get(key)
        if before != after:
            edits.append(Edit(key, before, after))
    return tuple(edits)


def _weights(
    old: tuple[Weight, ...], new: tuple[Weight, ...], first: ModelFile, second: ModelFile
) -> Iterator[WeightDifference]:
    """Weights are matched by position, as Keras matches them; names only label them."""
    for before, after in zip(old, new, strict=False):
        if before.shape != after.shape:
            yield WeightDifference(after.name, "shape")
        else:
            yield from _values(after.name, first.value(before), second.value(after))
    yield from (WeightDifference(each.name, "only in A") for each in old[len(new) :])
    yield from (WeightDifference(each.name, "only in B") for each in new[len(old) :])


def _values(name: str, before: Array, after: Array) -> Iterator[WeightDifference]:
    if before.dtype != after.dtype:
        yield WeightDifference(name, "dtype")
    elif before.tobytes() != after.tobytes():
        yield WeightDifference(name, "values", _largest(before, after))


def _largest(before: Array, after: Array) -> float | None:
    if before.dtype.kind not in "fiub" or not before.size:
        return None
    difference = np.abs(before.astype(np.float64) - after.astype(np.float64))
    return float(np.nanmax(difference)) if not np.isnan(difference).all() else None
