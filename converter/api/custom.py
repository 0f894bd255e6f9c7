"""What the user's modules provide, told from their text: they are never imported here."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import PathFinder
from pathlib import Path

from converter.errors import UsageError

_FOREIGN = frozenset({"keras", "numpy", "tensorflow", "tf_keras", "typing"})
"""Packages whose names are not the user's own when a module imports them."""


def provided_names(modules: Sequence[str]) -> frozenset[str]:
    """Names that files and modules define at their top level, or import from other modules.

    This only tells which unknown names are worth handing to the engine, which imports the modules
    and has the last word. What cannot be found or parsed provides nothing here.

    Args:
        modules: paths of Python files, or dotted module names.

    Raises:
        UsageError: a file does not exist.
    """
    return frozenset(name for module in modules for name in _names_of(module))


def _names_of(module: str) -> Iterator[str]:
    path = _source_file(module)
    if path is None:
        return
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return
    for node in tree.body:
        yield from _defined(node)


def _defined(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
        yield node.name
    elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] not in _FOREIGN:
        yield from (each.asname or each.name for each in node.names)
    elif isinstance(node, ast.Assign):
        yield from (each.id for each in node.targets if isinstance(each, ast.Name))
        yield from _keys(node.value)


def _keys(value: ast.expr) -> Iterator[str]:
    """The keys of a dictionary such as ``custom_objects = {"MyLayer": …}``."""
    for key in value.keys if isinstance(value, ast.Dict) else ():
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            yield key.value


def _source_file(module: str) -> Path | None:
    if module.endswith(".py") or Path(module).is_file():
        if not Path(module).is_file():
            raise UsageError(f"--custom {module}: there is no such file")
        return Path(module)
    return _module_file(module.split("."))


def _module_file(parts: list[str]) -> Path | None:
    """The file of a dotted module, found without importing the packages that it is in."""
    search: list[str] = [str(Path.cwd()), *sys.path]
    for index in range(len(parts)):
        spec = PathFinder.find_spec(".".join(parts[: index + 1]), search)
        if spec is None:
            return None
        if index == len(parts) - 1:
            return Path(spec.origin) if spec.origin else None
        search = list(spec.submodule_search_locations or ())
    return None
