"""The order of variables in legacy HDF5 files: trainable ones first, for each top layer.

Inside containers (nested models, wrappers, cells) the same holds recursively, with the
``trainable`` flags as saved: a frozen layer counts with all it has as non-trainable. Keras matches
by position only, so this order is the meaning of a file. Not every flag is saved: stand-alone Keras
and early tf.keras keep none for a nested model, and misread such files themselves. There the names
of the variables say which order it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product

from converter.knowledge import keras3
from converter.layouts import addons, well_known
from converter.layouts.graph_order import ordered_layers
from converter.layouts.variables import Variable, is_op, variables_of
from converter.model.description import Dataset, Layer, Model, Weight

ATTENTIONS = frozenset({"MultiHeadAttention", "GroupedQueryAttention", "GroupQueryAttention"})
"""Layers whose variables belong to layers inside, which no config describes."""

SPECTRAL_NORMALIZATIONS = frozenset({"SpectralNormalization", addons.SPECTRAL_NORMALIZATION})


@dataclass(frozen=True)
class Slot:
    """A place for one variable in the file: its layer, and which of the layer's it is."""

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
        super().__init__(
            f"{layer.name} ({layer.class_name}): {expected} weights expected, {found} in the file"
        )
        self.layer = layer
        self.expected = expected
        self.found = found


def slots(
    layer: Layer, *, implicit_masks: bool = True, variables: VariablesOf = variables_of
) -> list[Slot]:
    """The variables of a layer of the top model, inner ones included, in the order of the file.

    Args:
        layer: a layer of the top model.
        implicit_masks: see ``ordered_layers``.
        variables: what each layer creates.

    Raises:
        UnknownVariablesError: when ``variables`` does not know a class.
    """
    trainable, others = _slots(layer, layer.name, implicit_masks, _is_frozen(layer), variables)
    return trainable + others


VariablesOf = Callable[[Layer], "list[Variable] | None"]
"""The variables that a layer itself creates, see ``variables_of``."""


def trainable_slots(
    layer: Layer, *, implicit_masks: bool = True, variables: VariablesOf = variables_of
) -> list[tuple[Layer, int]]:
    """The trainable variables of a layer of the top model, in order.

    Each is the layer that has it, and which of its own it is.

    Arguments and errors as in ``slots``.
    """
    trainable, _ = _slots(layer, layer.name, implicit_masks, _is_frozen(layer), variables)
    held: dict[str, Layer] = {}
    rebuild(layer, layer.name, lambda each, where: held.setdefault(where, each))
    return [(held[slot.path], slot.index) for slot in trainable]


def _slots(
    layer: Layer,
    path: str,
    by_keras3: bool,
    frozen: bool,
    variables: VariablesOf,
) -> tuple[list[Slot], list[Slot]]:
    """The trainable and the other variables; a frozen layer hands all it has to the others.

    Keras 3 collects the weights inside a frozen container layer by layer. Keras 2 did so only
    where the layers inside were marked as frozen themselves.
    """
    own = variables(layer)
    if own is None:
        raise UnknownVariablesError(path, layer.class_name)
    trainable = [Slot(path, index, each.name) for index, each in enumerate(own) if each.trainable]
    others = [Slot(path, index, each.name) for index, each in enumerate(own) if not each.trainable]
    for key, child in _children(layer, by_keras3):
        apart = _is_frozen(child) and not (by_keras3 and _leaves_inner_flags(child))
        inside = apart or (by_keras3 and frozen)
        parts = _slots(child, f"{path}/{key}", by_keras3, inside, variables)
        trainable += parts[0]
        others += parts[1]
    if layer.class_name == addons.WEIGHT_NORMALIZATION:
        return _weight_normalization(layer, trainable + others, path, frozen)
    if not frozen:
        return trainable, others
    if layer.class_name in SPECTRAL_NORMALIZATIONS:
        trainable, others = _spectral_normalization(trainable + others, path)
    return [], trainable + others


def _weight_normalization(
    layer: Layer, every: list[Slot], path: str, frozen: bool
) -> tuple[list[Slot], list[Slot]]:
    """It holds the kernel of the layer inside as a variable of its own."""
    own = sorted((slot for slot in every if slot.path == path), key=lambda slot: slot.index)
    inside = [slot for slot in every if slot.path != path]
    order = addons.in_order(layer, own, inside, frozen=frozen)
    count = 0 if frozen else 1 + len(inside)
    return order[:count], order[count:]


def _spectral_normalization(every: list[Slot], path: str) -> tuple[list[Slot], list[Slot]]:
    """It holds the kernel of the layer inside as a variable of its own, before its vector."""
    own = [slot for slot in every if slot.path == path]
    kernel, *rest = [slot for slot in every if slot.path != path]
    return [kernel], own + rest


def _is_frozen(layer: Layer) -> bool:
    config = layer.config if layer.model is None else layer.model.config
    return config.get("trainable", True) is False


def _leaves_inner_flags(layer: Layer) -> bool:
    """Whether Keras 3 rebuilds a frozen layer of a model with trainable variables.

    Its constructor sets the flag of the layer itself, not those of the layers inside.
    """
    return bool(layer.inner) or layer.class_name in ATTENTIONS


def _children(layer: Layer, implicit_masks: bool) -> Iterator[tuple[str, Layer]]:
    """The layers inside a layer by key, in the order in which Keras collects their weights."""
    yield from layer.inner.items()
    if layer.model is not None:
        for child in ordered_layers(layer.model, implicit_masks=implicit_masks):
            yield f"layers/{child.name}", child


Stored = Sequence[tuple[str, Dataset]]
"""The weights of one layer group: names and datasets in the order of the file."""


def bind(
    model: Model,
    groups: Mapping[str, Stored],
    *,
    implicit_masks: bool,
    variables: VariablesOf = variables_of,
) -> tuple[Model, list[Exception]]:
    """Gives every layer of a model its weights, for legacy files of any Keras.

    Args:
        model: as parsed, in the writer's words.
        groups: for each layer name of the file its weights as (name, dataset), in the order of the
            file.
        implicit_masks: whether the writer was Keras 3, see ``ordered_layers``.
        variables: what each layer creates.

    Returns:
        The model with weights, and what did not fit: CountMismatchError for layers whose weights
        were left unbound, UnknownVariablesError where a container holds a class that is not known.
    """
    problems: list[Exception] = []
    layers = []
    groups = by_layer(model, groups, implicit_masks, variables)
    for layer in model.layers:
        stored = groups.get(layer.name, ())
        try:
            layers.append(_bind_layer(layer, stored, implicit_masks, variables))
        except (CountMismatchError, UnknownVariablesError) as problem:
            problems.append(problem)
            layers.append(
                replace(layer, weights=tuple(weight(name, data) for name, data in stored))
            )
    return replace(model, layers=tuple(layers)), problems


def by_layer(
    model: Model, groups: Mapping[str, Stored], implicit_masks: bool, variables: VariablesOf
) -> Mapping[str, Stored]:
    """The groups by the names of the model's layers.

    Up to Keras 2.2.2 the config of a nested Sequential does not hold its name. What no name matches
    is matched as Keras does, by position among the layers that have weights.
    """
    names = {layer.name for layer in model.layers}
    strangers = [stored for name, stored in groups.items() if name not in names and stored]
    in_order = ordered_layers(model, implicit_masks=implicit_masks)
    nameless = [
        layer.name
        for layer in in_order
        if layer.name not in groups and _has_variables(layer, variables)
    ]
    return (
        {**groups, **dict(zip(nameless, strangers, strict=True))}
        if len(nameless) == len(strangers)
        else groups
    )


def _has_variables(layer: Layer, variables: VariablesOf) -> bool:
    own = variables(layer)
    return (
        own is None
        or bool(own)
        or any(_has_variables(child, variables) for _, child in _children(layer, False))
    )


def weight(name: str, dataset: Dataset) -> Weight:
    """A variable that is a dataset as it stands."""
    return Weight(name, (dataset,), dataset.shape, dataset.dtype)


def _bind_layer(
    layer: Layer, stored: Stored, implicit_masks: bool, variables: VariablesOf
) -> Layer:
    if not layer.inner and layer.model is None and _is_unknown(layer, stored, variables):
        return replace(layer, weights=tuple(weight(name, data) for name, data in stored))
    try:
        places = slots(layer, implicit_masks=implicit_masks, variables=variables)
    except UnknownVariablesError:
        bound = _bind_by_layer(layer, stored, implicit_masks, variables)
        if bound is None:
            raise
        return bound
    if len(places) != len(stored):
        if _has_well_known(layer):
            stock = _without_well_known(variables)
            return _bind_layer(layer, stored, implicit_masks, stock)
        raise CountMismatchError(layer, len(places), len(stored))
    if not implicit_masks and (layer.inner or layer.model is not None):
        places = _by_names(layer, places, stored, variables)
    found: dict[str, dict[int, Weight]] = {}
    for slot, (_, dataset) in zip(places, stored, strict=True):
        found.setdefault(slot.path, {})[slot.index] = weight(slot.name, dataset)
    return place(layer, layer.name, found)


def _is_unknown(layer: Layer, stored: Stored, variables: VariablesOf) -> bool:
    """Whether the class of a layer is not known, or its weights are not those of the class."""
    library = well_known.known(layer.class_name, layer.config)
    if library is None or not is_well_known(layer):
        return variables(layer) is None
    names, shapes = [name for name, _ in stored], [data.shape for _, data in stored]
    return not library.has(layer.config, names, shapes)


def _has_well_known(layer: Layer) -> bool:
    """Whether a container holds what may be of a library; another count of weights says no."""
    return is_well_known(layer) or any(
        _has_well_known(child) for _, child in _children(layer, False)
    )


def is_well_known(layer: Layer) -> bool:
    """Whether the name and the arguments of a layer are those of a library's class, not Keras's."""
    stock = layer.class_name in keras3.LAYERS
    return not stock and well_known.known(layer.class_name, layer.config) is not None


def _without_well_known(variables: VariablesOf) -> VariablesOf:
    """The same where classes that are no longer taken for a library's are not known."""
    return lambda each: None if is_well_known(each) else variables(each)


def _bind_by_layer(
    layer: Layer, stored: Stored, implicit_masks: bool, variables: VariablesOf
) -> Layer | None:
    """A nested model that holds a class of the user's: each layer gets what bears its name.

    The model may be inside a TimeDistributed. None where the names don't say so of every weight.
    """
    if layer.model is None:
        wrapped = layer.inner.get("layer")
        if wrapped is None or len(layer.inner) > 1:
            return None
        inner = _bind_by_layer(wrapped, stored, implicit_masks, variables)
        return None if inner is None else replace(layer, inner={"layer": inner})
    inside = [each for each in layer.model.layers if _may_have_variables(each, variables)]
    mine = _by_owner(inside, stored, variables)
    if mine is None:
        return None
    bound = {}
    for each in inside:
        try:
            bound[each.name] = _bind_layer(each, mine[each.name], implicit_masks, variables)
        except UnknownVariablesError:
            if each.model is not None:
                return None
            own = tuple(weight(name, data) for name, data in mine[each.name])
            bound[each.name] = replace(each, weights=own)
        except CountMismatchError:
            return None
    layers = tuple(bound.get(each.name, each) for each in layer.model.layers)
    return replace(layer, model=replace(layer.model, layers=layers))


def _by_owner(
    layers: Sequence[Layer], stored: Stored, variables: VariablesOf
) -> dict[str, Stored] | None:
    """The weights by the layers whose names they bear; None where one bears several.

    What bears none is in a layer of the user's that made layers inside itself, if there is but one
    that it can be.
    """
    names = {each.name: _names_inside(each) for each in layers}
    unknown = [each.name for each in layers if each.model is None and variables(each) is None]
    mine: dict[str, list[tuple[str, Dataset]]] = {each.name: [] for each in layers}
    for name, data in stored:
        scope = set(first_name(name).split(":")[0].split("/")[:-1])
        owners = [each for each in mine if scope & names[each]] or unknown
        if len(owners) != 1:
            return None
        mine[owners[0]].append((name, data))
    return dict(mine)


_REPEATED = re.compile(r"b'(.*)'_\d+")


def first_name(name: str) -> str:
    """The name of a weight that a file of Keras 2.3 holds twice, as it is called the first time.

    There a layer counted weights that it had listed by hand and those of its layers again.
    """
    found = _REPEATED.fullmatch(name)
    return found[1] if found else name


def _names_inside(layer: Layer) -> set[str]:
    """The name of a layer and of every layer of the models inside it: scopes hold either."""
    found: set[str] = {layer.name}
    for each in (layer, *layer.inner.values()):
        for child in each.model.layers if each.model is not None else ():
            found |= _names_inside(child)
    return found


def _may_have_variables(layer: Layer, variables: VariablesOf) -> bool:
    try:
        return bool(slots(layer, variables=variables))
    except UnknownVariablesError:
        return True


MOST_ORDERS = 1024
"""How many combinations of flags are looked at."""


def _by_names(
    layer: Layer, places: list[Slot], stored: Stored, variables: VariablesOf
) -> list[Slot]:
    """The places in the order that fits the names in the file best; as given where none is better.

    Only orders that other flags would make count, and only where every name fits.
    """
    best, best_fit = places, _fit(places, stored)
    if best_fit == (True, len(places)):
        return places
    for flags in islice(_hidden_flags(layer), MOST_ORDERS):
        order = slots(_flagged(layer, flags), implicit_masks=False, variables=variables)
        fit = _fit(order, stored)
        if fit[0] and fit > best_fit:
            best, best_fit = order, fit
    return best


Flags = Mapping[str, bool]
"""``trainable`` of some layers, by their paths."""


def _hidden_flags(layer: Layer) -> Iterator[Flags]:
    """What the flags may have been that a config of Keras 2 does not hold, or holds wrongly.

    Those of nested models, and of a Bidirectional: it saves one half, and early releases do not
    obey its own.
    """
    choices: list[list[Flags]] = []

    def look(each: Layer, path: str) -> Layer:
        if each.model is not None and path != layer.name and "trainable" not in each.model.config:
            choices.append([{}, {path: False}])
        elif each.class_name == "Bidirectional":
            halves = product((True, False), repeat=2)
            paths = (f"{path}/layer", f"{path}/backward_layer")
            each_half = (dict(zip(paths, half, strict=True)) for half in halves)
            choices.append([{}, *({path: True, **half} for half in each_half)])
        return each

    rebuild(layer, layer.name, look)
    return (
        {key: flag for part in parts for key, flag in part.items()} for parts in product(*choices)
    )


def _flagged(layer: Layer, flags: Flags) -> Layer:
    def flag(each: Layer, path: str) -> Layer:
        if path not in flags:
            return each
        if each.model is None:
            return each.with_config(trainable=flags[path])
        config = {**each.model.config, "trainable": flags[path]}
        return replace(each, model=replace(each.model, config=config))

    return rebuild(layer, layer.name, flag)


def _fit(places: Sequence[Slot], stored: Stored) -> tuple[bool, int]:
    """Whether the names in the file may be those of the places, and how many are of their layers.

    They may be when the variables have the right names, those of one layer under one prefix.
    """
    prefixes: dict[str, set[object]] = {}
    right, known = True, 0
    for slot, (name, _) in zip(places, stored, strict=True):
        *scope, last = name.split(":")[0].split("/")
        stem, number = re.sub(r"_\d+$", "", last), re.search(r"_\d+$", last)
        right = right and stem == slot.name
        prefixes.setdefault(slot.path, set()).add((*scope, number and number.group()))
        known += _is_of(slot.path, scope, number is not None)
    return right and all(len(each) == 1 for each in prefixes.values()), known


def _is_of(path: str, scope: Sequence[str], numbered: bool) -> bool:
    """Whether a scope names the layer of a path, and the right half of a Bidirectional.

    Before Keras 2.0.3 both halves had the scope of the Bidirectional: the variables of the second
    one got a number.
    """
    name, *keys = path.rsplit("layers/", 1)[-1].split("/")
    is_backward = any(part.startswith("backward_") for part in scope)
    if keys and scope and scope[-1] == name:
        is_backward = numbered
    return name in scope and is_backward == ("backward_layer" in keys)


def place(layer: Layer, path: str, found: Mapping[str, Mapping[int, Weight]]) -> Layer:
    """The layer and all inside it with the weights that ``found`` holds by path and index."""

    def own(weights: Mapping[int, Weight]) -> tuple[Weight, ...]:
        return tuple(weights[index] for index in sorted(weights))

    return rebuild(
        layer,
        path,
        lambda each, where: replace(each, weights=own(found[where])) if where in found else each,
    )


def rebuild(layer: Layer, path: str, function: Callable[[Layer, str], Layer]) -> Layer:
    """Applies ``function`` to a layer and to all layers inside it; paths are those of ``Slot``."""
    if layer.inner:
        layer = replace(
            layer,
            inner={
                key: rebuild(child, f"{path}/{key}", function) for key, child in layer.inner.items()
            },
        )
    if layer.model is not None:
        inside = tuple(
            rebuild(child, f"{path}/layers/{child.name}", function) for child in layer.model.layers
        )
        layer = replace(layer, model=replace(layer.model, layers=inside))
    return function(layer, path)


def groups(model: Model) -> list[tuple[str, list[tuple[str, Weight]]]]:
    """The named weights of a legacy file by layer, for a model in Keras 3's words."""
    layers = ordered_layers(model)
    if model.kind == "sequential":
        layers = tuple(layer for layer in layers if layer.class_name != "InputLayer")
    return [(layer.name, _named(layer)) for layer in layers if not is_op(layer)]


def _named(layer: Layer) -> list[tuple[str, Weight]]:
    return _unique(list(_named_inside(layer, layer.name, _is_frozen(layer))))


def _named_inside(layer: Layer, path: str, frozen: bool) -> Iterator[tuple[str, Weight]]:
    """The named weights of a layer; those of a model with the user's classes layer by layer.

    Unless the container holds them itself, in one list.
    """
    if not _is_known(layer):
        yield from ((f"{path}/{weight.name}", weight) for weight in layer.weights)
        for key, child in _children(layer, True) if not layer.weights else ():
            yield from _named_inside(child, f"{path}/{key}", frozen or _is_frozen(child))
        return
    held: dict[str, Layer] = {}
    rebuild(layer, path, lambda each, where: held.setdefault(where, each))
    trainable, others = _slots(layer, path, True, frozen, variables_of)
    for slot in trainable + others:
        yield f"{slot.path}/{slot.name}", held[slot.path].weights[slot.index]


def _is_known(layer: Layer) -> bool:
    """Whether the variables of a layer and of all inside it are known.

    A container that holds a class of the user's keeps its weights in one list, as the file does.
    """
    own = variables_of(layer)
    return own is not None and all(map(_is_known, dict(_children(layer, False)).values()))


def _unique(named: list[tuple[str, Weight]]) -> list[tuple[str, Weight]]:
    seen: dict[str, int] = {}
    result = []
    for name, weight in named:
        count = seen.setdefault(name, 0)
        seen[name] += 1
        result.append((f"{name}_{count}" if count else name, weight))
    return result
