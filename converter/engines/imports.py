"""Imports the user's modules, in the child only: files, dotted modules, packages and folders."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

from converter.engines.explain import one_line
from converter.errors import MissingObjectError, UsageError

_OLD_KERAS = re.compile(
    r"keras\.(engine|legacy|utils\.generic_utils|layers\.(core|recurrent|merge|convolutional|wrappers))"
    r"|tensorflow\.contrib|tensorflow\.python\.keras|tf_keras|keras\.backend|api\.backend"
    r"|cannot import name .* from 'keras"
)
PORT = "This code is for Keras 2: port it to Keras 3 (keras.ops instead of keras.backend) first."
_NOT_SEARCHED = re.compile(r"(__main__|setup|conftest|test_.*|.*_test)$")
"""Modules of a package or folder that are programs and tests, not parts."""


@dataclass(frozen=True)
class Imported:
    """What one ``--custom`` has brought.

    Attributes:
        modules: in the order in which they are searched.
        failures: submodules that could not be imported, each with the reason.
    """

    modules: tuple[ModuleType, ...]
    failures: tuple[str, ...] = ()


def import_value(value: str) -> Imported:
    """Imports what a ``--custom`` names, and what lies in it where it is a package or folder.

    A submodule that can't be imported may not be needed, so it is only remembered.

    Raises:
        MissingObjectError: it can't be imported.
        UsageError: a file or folder does not exist, or holds no Python.
    """
    path = Path(value)
    if not path.exists() and (value.endswith(".py") or os.sep in value):
        raise UsageError(f"--custom {value}: there is no such file or folder.")
    # A run must leave nothing beside the user's sources.
    sys.dont_write_bytecode = True
    add_to_path(Path.cwd())
    if path.is_dir() and not (path / "__init__.py").is_file():
        return _folder(path)
    try:
        module = _import_path(path) if path.exists() else importlib.import_module(value)
    except (Exception, SystemExit) as error:
        raise _failure(value, error) from error
    modules, failures = [module], []
    for name in _submodules(module):
        try:
            modules.append(importlib.import_module(name))
        except (Exception, SystemExit) as error:
            failures.append(_told(name, error))
    return Imported(tuple(modules), tuple(failures))


def _folder(folder: Path) -> Imported:
    """The Python files of a folder that is no package."""
    files = [each for each in sorted(folder.glob("*.py")) if not _NOT_SEARCHED.match(each.stem)]
    if not files:
        raise UsageError(f"--custom {folder}: the folder holds no Python files.")
    modules, failures = [], []
    first: BaseException | None = None
    for file in files:
        try:
            modules.append(_import_path(file))
        except (Exception, SystemExit) as error:
            first = first or error
            failures.append(_told(file.name, error))
    if first is not None and not modules:
        raise _failure(str(folder), first) from first
    return Imported(tuple(modules), tuple(failures))


def _submodules(module: ModuleType) -> Iterator[str]:
    """Dotted names of what lies in a package; packages inside are gone into without importing."""
    waiting = [(module.__name__, list(getattr(module, "__path__", ())))]
    while waiting:
        package, folders = waiting.pop(0)
        for found in iter_modules(folders):
            if _NOT_SEARCHED.match(found.name):
                continue
            name = f"{package}.{found.name}"
            yield name
            if found.ispkg:
                waiting.append((name, [str(Path(each, found.name)) for each in folders]))


def _import_path(path: Path) -> ModuleType:
    path = path.resolve()
    if path.is_dir():
        path = path / "__init__.py"
    root, name = _package_root(path)
    add_to_path(root)
    if "." in name or path.name == "__init__.py":
        return importlib.import_module(name)
    # A file named like a module in use (keras.py, random.py) must not take its place.
    if name in sys.modules and getattr(sys.modules[name], "__file__", None) != str(path):
        name = f"custom_{name}"
    if name in sys.modules and getattr(sys.modules[name], "__file__", None) == str(path):
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


def add_to_path(folder: Path) -> None:
    """Puts a folder in front of Python's path."""
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def reason_for_old_keras(error: BaseException) -> str:
    """Why a module can't run on Keras 3, when that is what its import has failed of; else empty."""
    reason = one_line(error)
    return reason if _OLD_KERAS.search(reason) else ""


def _failure(value: str, error: BaseException) -> MissingObjectError:
    hint = ""
    if reason_for_old_keras(error):
        hint = PORT
    elif isinstance(error, ModuleNotFoundError) and error.name == value.split(".")[0]:
        hint = "It takes a file, a folder, or a module that Python finds from here."
    elif isinstance(error, ModuleNotFoundError) and error.name:
        hint = f"Install what provides '{error.name}' into this environment."
    shown = Path(value).name or value
    return MissingObjectError(f"--custom {shown} cannot be imported: {_told(shown, error)}", hint)


def _told(name: str, error: BaseException) -> str:
    return f"{_place(error) or name}: {one_line(error)}"


def _place(error: BaseException) -> str:
    """File and line of the user's code where the import failed."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if _is_users_file(frame.filename)]
    return f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else ""


def _is_users_file(filename: str) -> bool:
    here = str(Path(__file__).parent) + os.sep
    return not (
        filename.startswith(("<", here)) or "site-packages" in filename or "importlib" in filename
    )
