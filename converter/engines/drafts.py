"""Loads the drafts that kfix writes for models with the user's classes: weights go by their names.

Keras takes the weights of a legacy file by position. That holds for stock layers, whose order kfix
knows and writes. What a class of the user's makes inside itself only the class knows, and the order
in the source is that of its writer (see ``layouts.names_inside``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np

from converter.engines import libraries
from converter.engines.custom import CustomObjects, is_users
from converter.engines.keras_repairs import replaced
from converter.engines.leniency import Favours, lenient_classes
from converter.engines.models import LoadedModel, load_keras
from converter.errors import MissingObjectError, NotExactError
from converter.layouts.archive import snake_case
from converter.layouts.legacy import first_name
from converter.layouts.names_inside import (
    Named,
    OtherShapesError,
    Owner,
    Place,
    UnclearNamesError,
    matched,
)

Array = np.ndarray[Any, Any]
Stored = Mapping[str, Array]
"""The weights of one layer by name, in the order of the file."""


def load_draft(
    path: str,
    objects: CustomObjects,
    *,
    compile: bool,
    build_input_shape: Sequence[int | None] | None,
) -> tuple[LoadedModel, Favours]:
    """Loads a draft with Keras 3 and the user's classes; also what had to be done for these.

    Raises:
        NotExactError: the weights don't fit the classes, or their names leave open which is which.
        MissingObjectError: an object is missing or can't be made from its config.
    """
    with _weights_by_name(), lenient_classes() as done:
        try:
            model = load_keras(path, objects, compile=compile, build_input_shape=build_input_shape)
        except MissingObjectError as error:
            if objects.failures:
                error.hint = f"{error.hint} Not imported: {'; '.join(objects.failures)}"
            raise
    return model, done


@contextmanager
def _weights_by_name() -> Iterator[None]:
    legacy = import_module("keras.src.legacy.saving.legacy_h5_format")

    def load(original: Callable[..., None]) -> Callable[..., None]:
        def load_weights(group: Any, model: Any, *arguments: Any, **options: Any) -> None:
            if any(is_users(type(layer)) for layer in model._flatten_layers()):
                _give_weights(group, model)
            else:
                original(group, model, *arguments, **options)

        return load_weights

    with replaced(legacy, "load_weights_from_hdf5_group", load):
        yield


def _give_weights(group: Any, model: Any) -> None:
    for layer in model.layers:
        if layer.name not in group:
            continue
        names = _texts(group[layer.name], "weight_names")
        arrays = {name: np.asarray(group[layer.name][name]) for name in names}
        stored = {name.removeprefix(f"{layer.name}/"): array for name, array in arrays.items()}
        _give(layer, _once_each(stored), layer.name)


def _once_each(stored: Stored) -> Stored:
    """Without what the file holds a second time, see ``first_name``."""
    found: dict[str, Array] = {}
    for name, array in stored.items():
        inside, _, own = name.rpartition("b'")
        first = inside + first_name(f"b'{own}")
        if first == name or not np.array_equal(found.get(first, np.empty(0)), array):
            found[name] = array
    return found


def _texts(group: Any, name: str) -> list[str]:
    legacy = import_module("keras.src.legacy.saving.legacy_h5_format")
    return list(legacy.load_attributes_from_hdf5_group(group, name))


def _give(layer: Any, stored: Stored, path: str) -> None:
    """Gives a layer its weights: those inside a model layer by layer."""
    own = any(is_users(type(each)) for each in layer._flatten_layers())
    inside = _inside(layer, stored) if own and not is_users(type(layer)) else []
    for child, part in inside:
        _give(child, part, f"{path}/{child.name}")
    if inside:
        return
    variables = list(layer.trainable_weights) + list(layer.non_trainable_weights)
    order = _by_names(layer, variables, stored, path) if own else range(len(variables))
    values = list(stored.values())
    shapes = [tuple(variable.shape) for variable in variables]
    if shapes != [values[each].shape for each in order]:
        raise _other_shapes(layer, variables, stored, path)
    for variable, index in zip(variables, order, strict=True):
        variable.assign(values[index])


def _inside(layer: Any, stored: Stored) -> list[tuple[Any, Stored]]:
    """The layers inside a container with their weights, if a draft has them layer by layer."""
    children = {f"layers/{child.name}/": child for child in getattr(layer, "layers", ())}
    if hasattr(layer, "layer"):
        children = {"layer/": layer.layer}
    parts: list[tuple[Any, Stored]] = [
        (
            child,
            {
                name.removeprefix(prefix): array
                for name, array in stored.items()
                if name.startswith(prefix)
            },
        )
        for prefix, child in children.items()
    ]
    return parts if stored and sum(len(part) for _, part in parts) == len(stored) else []


def _by_names(layer: Any, variables: Sequence[Any], stored: Stored, path: str) -> list[int]:
    owners = _owners(layer)
    places = [
        Place(owners[id(variable)], variable.name, tuple(variable.shape)) for variable in variables
    ]
    try:
        return matched([Named(name, array.shape) for name, array in stored.items()], places)
    except OtherShapesError:
        raise _other_shapes(layer, variables, stored, path) from None
    except UnclearNamesError as error:
        raise NotExactError(
            f"layer {path}: shapes are equal, and the file's names ({_listed(error.stored)}) do"
            f" not say which is which of {type(layer).__name__}'s ({_listed(error.places)})",
            "Give the layers and weights in the class the names that the file has.",
        ) from None


def _owners(layer: Any) -> dict[int, tuple[Owner, ...]]:
    """For each variable the layers that hold it, by the shortest way from the outer layer."""
    found: dict[int, tuple[Owner, ...]] = {}
    waiting: list[tuple[Any, tuple[Owner, ...]]] = [(layer, ())]
    seen = set()
    while waiting:
        each, above = waiting.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        chain = (*above, Owner(each.name, snake_case(type(each).__name__)))
        for variable in [*each._trainable_variables, *each._non_trainable_variables]:
            found.setdefault(id(variable), chain)
        waiting += [(child, chain) for child in each._layers]
    return found


def _other_shapes(layer: Any, variables: Sequence[Any], stored: Stored, path: str) -> NotExactError:
    made = [f"{each.name} {_shape(each.shape)}" for each in variables]
    held = [f"{name} {_shape(array.shape)}" for name, array in stored.items()]
    plain = [
        name
        for name, value in vars(layer).items()
        if isinstance(value, libraries.tensorflow().Variable)
    ]
    if plain:
        return NotExactError(
            f"layer {path}: {type(layer).__name__} keeps {_listed(plain)} in a tf.Variable, which"
            " is no weight in Keras 3",
            "Make it by self.add_weight(), or convert with --engine tf_keras.",
        )
    return NotExactError(
        f"layer {path}: {type(layer).__name__} creates {_listed(made) or 'no weights'}, the file"
        f" holds {_listed(held) or 'none'}",
        "The class differs from the one that was saved, or the file lacks an argument of it:"
        " `kfix edit --set LAYER.key=VALUE` adds one to the config.",
    )


def _shape(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape)) or "scalar"


def _listed(items: Sequence[str], most: int = 6) -> str:
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(items[:most]) + more
