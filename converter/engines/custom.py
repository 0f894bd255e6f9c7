"""The user's classes and functions, by every name under which a file may ask for them."""

from __future__ import annotations

import functools
import inspect
import sys
import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from converter.engines import libraries
from converter.engines.gate import walk
from converter.engines.imports import PORT, import_value
from converter.errors import MissingObjectError, UsageError

_FOREIGN = (
    frozenset({"converter", "keras", "numpy", "tensorflow", "tf_keras"}) | sys.stdlib_module_names
)
_SAID, _BOUND, _INNATE = range(3)
"""How an object comes to a name, the strongest first: registered under it or said to be so in a
dictionary of custom objects; bound to it in a module; born with it."""

_STRINGS = ("activation", "initializer", "regularizer", "constraint", "loss", "metrics", "fn")
"""Endings of keys whose texts are names of objects."""


@dataclass
class CustomObjects:
    """The user's objects.

    Attributes:
        objects: by name.
        doubtful: names that mean different objects in different places, and these places.
        failures: modules inside packages and folders that could not be imported, and why.
        elsewhere: names that no module has for anything, and what was born with them:
            ``focal`` of ``focal_loss = make_focal()`` is ``losses.focal_loss``.
    """

    objects: dict[str, Any] = field(default_factory=dict)
    doubtful: dict[str, tuple[str, ...]] = field(default_factory=dict)
    failures: tuple[str, ...] = ()
    elsewhere: dict[str, str] = field(default_factory=dict)

    def for_config(self, config: Any) -> dict[str, Any]:
        """The objects, with the registered names that the file uses added.

        A file may say ``MyPackage>Layer`` though the given class is not decorated any more, or in
        another package.

        Raises:
            UsageError: the config names something that is in several places.
        """
        objects = dict(self.objects)
        for name in _names_in(config):
            plain = name.rpartition(">")[2]
            if name in self.doubtful or (name not in objects and plain in self.doubtful):
                raise _several(plain, self.doubtful[plain])
            if plain in objects:
                objects.setdefault(name, objects[plain])
            if name in objects:
                objects[name] = _called(name, objects[name])
        return objects

    def used_by(self, config: Any) -> tuple[str, ...]:
        """Names of the objects that the config refers to."""
        names = [each for each in _names_in(config) if each.rpartition(">")[2] in self.objects]
        return tuple(dict.fromkeys(names))


def _called(name: str, item: Any) -> Any:
    """A function under the name that the file has for it, so that Keras saves it by that.

    It would save a lambda as bytecode, what a factory made by the name inside the factory, and a
    partial function not at all. Classes and what is registered keep their own names.
    """
    is_partial = isinstance(item, functools.partial)
    is_other = inspect.isfunction(item) and item.__name__ != name
    if ">" in name or not (is_partial or is_other):
        return item
    if is_partial:

        def function(*arguments: Any, **options: Any) -> Any:
            return item(*arguments, **options)

    else:
        function = types.FunctionType(
            item.__code__, item.__globals__, name, item.__defaults__, item.__closure__
        )
        function.__kwdefaults__ = item.__kwdefaults__
    function.__name__ = function.__qualname__ = name
    function.__module__ = item.func.__module__ if is_partial else item.__module__
    return function


def _names_in(config: Any) -> Iterator[str]:
    """Every name of an object in a config."""
    for _, item in walk(config):
        name = item.get("class_name")
        for each in (
            item.get("config") if name == "function" else name,
            item.get("registered_name"),
        ):
            if isinstance(each, str):
                yield each
        for key, value in item.items():
            if str(key).endswith(_STRINGS):
                yield from _texts(value)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _texts(each)


def _several(name: str, places: Sequence[str]) -> UsageError:
    return UsageError(
        f"--custom: the model needs '{name}', and there are several: {', '.join(places)}.",
        "Give only the module with the right one, or say it there:"
        f' custom_objects = {{"{name}": …}}.',
    )


def load_custom(values: Sequence[str]) -> CustomObjects:
    """Imports each file, folder, module or package and collects what Keras can use.

    Raises:
        MissingObjectError: one cannot be imported.
        UsageError: a file does not exist.
    """
    libraries.keras()
    imported = [import_value(value) for value in values]
    found = _Found()
    modules = {id(module): module for each in imported for module in each.modules}
    for module in modules.values():
        _refuse_tf_keras(module)
        _collect(module, found)
    if values:
        registry = libraries.keras().saving.get_custom_objects()
        # Keras looks there first.
        registry.update({name: _called(name, item) for name, item in registry.items()})
        for name, item in registry.items():
            found.add(name, item, _SAID)
            found.add(name.rpartition(">")[2], item, _INNATE)
    failures = tuple(failure for each in imported for failure in each.failures)
    return CustomObjects(found.chosen(), found.doubtful(), failures, found.elsewhere())


@dataclass
class _Found:
    """All that was found by name, and how it came to the name."""

    items: dict[str, list[tuple[int, Any]]] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, item: Any, how: int) -> None:
        known = self.items.setdefault(name, [])
        if not any(item is other and how >= rank for rank, other in known):
            known.append((how, item))

    def _strongest(self, name: str) -> list[Any]:
        best = min(how for how, _ in self.items[name])
        return [item for how, item in self.items[name] if how == best]

    def chosen(self) -> dict[str, Any]:
        return {name: self._strongest(name)[-1] for name in self.items}

    def elsewhere(self) -> dict[str, str]:
        return {
            name: place
            for name, place in self.places.items()
            if all(how == _INNATE for how, _ in self.items[name])
        }

    def doubtful(self) -> dict[str, tuple[str, ...]]:
        strongest = {name: self._strongest(name) for name in self.items}
        return {
            name: tuple(dict.fromkeys(map(_place, items)))
            for name, items in strongest.items()
            if len(items) > 1
        }


def _place(item: Any) -> str:
    """Where an object is defined: ``layers.py:12``."""
    function = item.func if isinstance(item, functools.partial) else item
    try:
        target = (
            function if inspect.isclass(function) or inspect.isfunction(function) else type(item)
        )
        line = inspect.getsourcelines(target)[1]
        return f"{Path(inspect.getsourcefile(target) or '').name}:{line}"
    except (OSError, TypeError):
        return f"{getattr(item, '__module__', '?')}"


def _collect(module: ModuleType, found: _Found) -> None:
    for name, item in vars(module).items():
        if name.lower() == "custom_objects" and isinstance(item, dict):
            for key, value in item.items():
                found.add(key, value, _SAID)
        elif _is_custom(item) and not _shadows(name, item):
            found.add(name, item, _BOUND)
            if not _shadows(item.__name__, item):
                found.add(item.__name__, item, _INNATE)
                found.places[item.__name__] = f"{module.__name__}.{name}"
        elif _is_instance(item) and not name.startswith("_"):
            found.add(name, item, _BOUND)


def _is_custom(item: Any) -> bool:
    return (inspect.isclass(item) or inspect.isfunction(item)) and is_users(item)


def is_users(item: Any) -> bool:
    """Whether a class or function comes from the user's code, not from Keras or Python."""
    return (getattr(item, "__module__", "") or "").split(".")[0] not in _FOREIGN


def _is_instance(item: Any) -> bool:
    """An object that stands for a function: a partial one, or one made of a class of Keras's."""
    keras = libraries.keras()
    kinds = (
        keras.initializers.Initializer,
        keras.regularizers.Regularizer,
        keras.constraints.Constraint,
        keras.losses.Loss,
        keras.metrics.Metric,
    )
    return isinstance(item, (functools.partial, *kinds))


def _shadows(name: str, item: Any) -> bool:
    """A helper named like one of Keras's functions (relu, mse) would replace it everywhere."""
    keras = libraries.keras()
    homes = (keras.activations, keras.losses, keras.metrics, keras.initializers)
    return inspect.isfunction(item) and any(hasattr(home, name) for home in homes)


def _refuse_tf_keras(module: ModuleType) -> None:
    for name, item in vars(module).items():
        if inspect.isclass(item) and _is_custom(item):
            bases = {base.__module__.split(".")[0] for base in inspect.getmro(item)[1:]}
            if "tf_keras" in bases:
                raise MissingObjectError(f"{module.__name__}.{name} is a class for tf_keras.", PORT)
