"""The order of variables in legacy HDF5 files: for each layer of the top model the trainable ones, then the others.

Inside containers (nested models, wrappers, cells) the same holds recursively, with the ``trainable`` flags as saved: a frozen
layer counts with all it has as non-trainable. Keras matches by position only, so this order is the meaning of a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from converter.layouts.graph_order import ordered_layers
from converter.layouts.variables import variables_of
from converter.model.description import Dataset, Layer, Model, Weight


@dataclass(frozen=True)
class Slot:
    """A place for one variable in the file: which layer it belongs to and which of its variables it is."""

    path: str
    index: int
    name: str


class UnknownVariablesError(Exception):
    """A class inside a container is not known, so the container's weights can't be told apart."""

    def __init__(self, path: str, class_name: str) -> None:
        super().__init__(f"{path} ({class_name})")
        self.path = path
        self.class_name = class_name


class CountMismatchError(Exception):
    """A layer has another number of weights in the file than its class creates."""

    def __init__(self, layer: Layer, expected: int, found: int) -> None:
        super().__init__(f"{layer.name} ({layer.class_name}): {expected} weights expected, {found} in the file")
        self.layer = layer
        self.expected = expected
        self.found = found


def slots(layer: Layer) -> list[Slot]:
    """The variables of a layer of the top model, inner ones included, in the order of the file.

    Raises:
        UnknownVariablesError: when a class is neither in the table nor in Keras 3.
    """
    trainable, others = _slots(layer, layer.name)
    return trainable + others


def _slots(layer: Layer, path: str) -> tuple[list[Slot], list[Slot]]:
    """The trainable and the other variables; a frozen layer hands all it has to the others."""
    own = variables_of(layer)
    if own is None:
        raise UnknownVariablesError(path, layer.class_name)
    trainable = [Slot(path, index, each.name) for index, each in enumerate(own) if each.trainable]
    others = [Slot(path, index, each.name) for index, each in enumerate(own) if not each.trainable]
    for key, child in children(layer):
        inner_trainable, inner_others = _slots(child, f"{path}/{key}")
        trainable += inner_trainable
        others += inner_others
    return ([], trainable + others) if _is_frozen(layer) else (trainable, others)


def _is_frozen(layer: Layer) -> bool:
    config = layer.config if layer.model is None else layer.model.config
    return config.get("trainable", True) is False


def children(layer: Layer) -> Iterator[tuple[str, Layer]]:
    """The layers inside a layer with a key for each, in the order in which Keras collects their weights."""
    yield from layer.inner.items()
    if layer.model is not None:
        for child in ordered_layers(layer.model):
            yield f"layers/{child.name}", child


def bind(model: Model, groups: Mapping[str, Sequence[tuple[str, Dataset]]]) -> tuple[Model, list[Exception]]:
    """Gives every layer its weights.

    Args:
        model: as parsed, in the writer's words.
        groups: for each layer name of the file its weights as (name, dataset), in the order of the file.

    Returns:
        The model with weights, and what did not fit: CountMismatchError for layers whose weights were left unbound,
        UnknownVariablesError where a container holds a class that is not known.
    """
    problems: list[Exception] = []
    layers = []
    for layer in model.layers:
        stored = groups.get(layer.name, ())
        try:
            layers.append(_bind_layer(layer, stored))
        except (CountMismatchError, UnknownVariablesError) as problem:
            problems.append(problem)
            layers.append(replace(layer, weights=tuple(weight(name, data) for name, data in stored)))
    return replace(model, layers=tuple(layers)), problems


def weight(name: str, dataset: Dataset) -> Weight:
    """A variable that is a dataset as it stands."""
    return Weight(name, (dataset,), dataset.shape, dataset.dtype)


def _bind_layer(layer: Layer, stored: Sequence[tuple[str, Dataset]]) -> Layer:
    if variables_of(layer) is None and not layer.inner and layer.model is None:
        return replace(layer, weights=tuple(weight(name, data) for name, data in stored))
    places = slots(layer)
    if len(places) != len(stored):
        raise CountMismatchError(layer, len(places), len(stored))
    found: dict[str, dict[int, Weight]] = {}
    for slot, (_, dataset) in zip(places, stored, strict=True):
        found.setdefault(slot.path, {})[slot.index] = weight(slot.name, dataset)
    return place(layer, layer.name, found)


def place(layer: Layer, path: str, found: Mapping[str, Mapping[int, Weight]]) -> Layer:
    """The layer and all inside it with the weights that ``found`` holds by path and index."""

    def own(weights: Mapping[int, Weight]) -> tuple[Weight, ...]:
        return tuple(weights[index] for index in sorted(weights))

    return rebuild(layer, path, lambda each, where: replace(each, weights=own(found[where])) if where in found else each)


def rebuild(layer: Layer, path: str, function: Callable[[Layer, str], Layer]) -> Layer:
    """Applies ``function`` to a layer and to all layers inside it; paths are those of ``children``."""
    if layer.inner:
        layer = replace(layer, inner={key: rebuild(child, f"{path}/{key}", function) for key, child in layer.inner.items()})
    if layer.model is not None:
        inside = tuple(rebuild(child, f"{path}/layers/{child.name}", function) for child in layer.model.layers)
        layer = replace(layer, model=replace(layer.model, layers=inside))
    return function(layer, path)


def groups(model: Model) -> list[tuple[str, list[tuple[str, Weight]]]]:
    """What a legacy file holds for a model in Keras 3's words: for each layer in Keras's order its named weights."""
    return [(layer.name, _named(layer)) for layer in ordered_layers(model)]


def _named(layer: Layer) -> list[tuple[str, Weight]]:
    if variables_of(layer) is None and not layer.inner and layer.model is None:
        return [(f"{layer.name}/{weight.name}", weight) for weight in layer.weights]
    held: dict[str, Layer] = {}
    rebuild(layer, layer.name, lambda each, where: held.setdefault(where, each))
    return _unique([(f"{slot.path}/{slot.name}", held[slot.path].weights[slot.index]) for slot in slots(layer)])


def _unique(named: list[tuple[str, Weight]]) -> list[tuple[str, Weight]]:
    seen: dict[str, int] = {}
    result = []
    for name, weight in named:
        count = seen.setdefault(name, 0)
        seen[name] += 1
        result.append((f"{name}_{count}" if count else name, weight))
    return result
