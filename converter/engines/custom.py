"""The user's own modules: imported in the child only, searched for what a file may name."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import re
import sys
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from converter.engines import libraries
from converter.engines.explain import one_line
from converter.engines.gate import walk
from converter.errors import MissingObjectError, UsageError

_FOREIGN = frozenset({"keras", "numpy", "tensorflow", "tf_keras"}) | sys.stdlib_module_names
_OLD_KERAS = re.compile(
    r"keras\.(engine|legacy|utils\.generic_utils|layers\.(core|recurrent|merge|convolutional|wrappers))"
    r"|tensorflow\.contrib|tensorflow\.python\.keras|tf_keras|keras\.backend|api\.backend"
    r"|cannot import name .* from 'keras"
)
_PORT = "This code is for Keras 2: port it to Keras 3 (keras.ops instead of keras.backend) first."


@dataclass
class CustomObjects:
    """The user's classes and functions by every name under which a file may ask for them."""

    objects: dict[str, Any] = field(default_factory=dict)

    def for_config(self, config: Any) -> dict[str, Any]:
        """The objects, with the registered names that the file uses added.

        A file may say ``MyPackage>Layer`` though the given class is not decorated any more.
        """
        objects = dict(self.objects)
        for _, item in walk(config):
            registered = item.get("registered_name")
            if isinstance(registered, str) and ">" in registered:
                plain = registered.rpartition(">")[2]
                if plain in objects:
                    objects.setdefault(registered, objects[plain])
        return objects

    def used_by(self, config: Any) -> tuple[str, ...]:
        """Names of the objects that the config refers to."""
        names: dict[str, None] = {}
        for _, item in walk(config):
            name = item.get("class_name")
            if name == "function":
                name = item.get("config")
            if isinstance(name, str) and name in self.objects:
                names[name] = None
        return tuple(names)


def load_custom(values: Sequence[str]) -> CustomObjects:
    """Imports each module or file and collects what Keras can use.

    Raises:
        MissingObjectError: one cannot be imported.
        UsageError: a file does not exist.
    """
    custom = CustomObjects()
    for value in values:
        if value.endswith(".py") and not Path(value).is_file():
            raise UsageError(f"--custom {value}: there is no such file.")
    libraries.keras()
    for value in values:
        module = _import(value)
        custom.objects.update(_collect(module))
    if values:
        custom.objects.update(_registered())
    return custom


def _import(value: str) -> ModuleType:
    _add_to_path(Path.cwd())
    # A run must leave nothing beside the user's sources.
    sys.dont_write_bytecode = True
    try:
        if Path(value).is_file():
            return _import_file(Path(value))
        return importlib.import_module(value)
    except (Exception, SystemExit) as error:
        raise _import_failure(value, error) from error


def _import_file(path: Path) -> ModuleType:
    path = path.resolve()
    root, name = _package_root(path)
    _add_to_path(root)
    if "." in name:
        return importlib.import_module(name)
    # A file named like a module in use (keras.py, random.py) must not take its place.
    if name in sys.modules and getattr(sys.modules[name], "__file__", None) != str(path):
        name = f"custom_{name}"
    elif name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _package_root(path: Path) -> tuple[Path, str]:
    """Folder for the path and dotted name: a package's file is imported as part of it."""
    folder, parts = path.parent, [path.stem]
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    if len(parts) > 1 and parts[-1] == "__init__":
        parts.pop()
    return folder, ".".join(parts)


def _add_to_path(folder: Path) -> None:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def _import_failure(value: str, error: BaseException) -> MissingObjectError:
    place = _place(error) or value
    reason = one_line(error)
    hint = ""
    if _OLD_KERAS.search(reason):
        hint = _PORT
    elif isinstance(error, ModuleNotFoundError) and error.name:
        hint = f"Install what provides '{error.name}' into this environment."
    shown = Path(value).name if value.endswith(".py") else value
    return MissingObjectError(f"--custom {shown} cannot be imported: {place}: {reason}", hint)


def _place(error: BaseException) -> str:
    """File and line of the user's code where the import failed."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if _is_users(frame.filename)]
    return f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else ""


def _is_users(filename: str) -> bool:
    here = str(Path(__file__).parent) + os.sep
    return not (
        filename.startswith(("<", here)) or "site-packages" in filename or "importlib" in filename
    )


def _collect(module: ModuleType) -> dict[str, Any]:
    _refuse_tf_keras(module)
    found: dict[str, Any] = {}
    for name, item in vars(module).items():
        if _is_custom(item) and not _shadows(name, item):
            found[name] = found[item.__name__] = item
        elif name.lower() == "custom_objects" and isinstance(item, dict):
            found.update(item)
    return found


def _is_custom(item: Any) -> bool:
    if not (inspect.isclass(item) or inspect.isfunction(item)):
        return False
    return (item.__module__ or "").split(".")[0] not in _FOREIGN


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
                raise MissingObjectError(
                    f"{module.__name__}.{name} is a class for tf_keras.", _PORT
                )


def _registered() -> dict[str, Any]:
    """Objects under ``register_keras_serializable``, also by their plain names."""
    found = dict(_pairs())
    return {name.rpartition(">")[2]: item for name, item in found.items()} | found


def _pairs() -> Iterator[tuple[str, Any]]:
    for name, item in libraries.keras().saving.get_custom_objects().items():
        module = getattr(item, "__module__", "") or ""
        if module.split(".")[0] not in _FOREIGN:
            yield name, item
