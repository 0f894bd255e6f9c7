"""What the user's modules provide, told from their text: they are never imported here."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.machinery import PathFinder
from pathlib import Path

from converter.errors import UsageError

_FOREIGN = frozenset({"keras", "numpy", "tensorflow", "tf_keras", "typing"})
"""Packages whose names are not the user's own when a module imports them."""


def provided_names(modules: Sequence[str]) -> frozenset[str]:
    """Names under which files, folders, modules and packages may offer an object.

    Those that they define or import at their top level, in whatever block; the keys of dictionaries
    and of what they add to Keras's custom objects; the names of functions inside functions, which
    factories return; and ``Package>Name`` of what they register.

    This only tells which unknown names are worth handing to the engine, which imports the modules
    and has the last word. What cannot be found or parsed provides nothing here.

    Args:
        modules: paths of Python files and folders, or dotted names of modules and packages.

    Raises:
        UsageError: a file or folder does not exist.
    """
    files = [path for module in modules for path in files_of(module)]
    read: set[Path] = set()
    names: set[str] = set()
    while files:
        path = files.pop()
        if path in read:
            continue
        read.add(path)
        tree = _parsed(path)
        names.update(_names_in(tree.body))
        files += _starred(tree, path)
    return frozenset(names)


def _parsed(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return ast.Module([], [])


def _names_in(body: Iterable[ast.stmt]) -> Iterator[str]:
    """The names that a block defines, those of the blocks inside it included."""
    for node in body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name
            yield from _registered(node)
            yield from _inner_functions(node)
        elif isinstance(node, ast.ImportFrom):
            if node.level or (node.module or "").split(".")[0] not in _FOREIGN:
                yield from (each.asname or each.name for each in node.names if each.name != "*")
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (name for each in targets for name in _bound(each))
            yield from _keys(node.value)
        elif isinstance(node, ast.Expr):
            yield from _keys(node.value)
        else:
            yield from _names_in(_blocks(node))


def _blocks(node: ast.stmt) -> Iterator[ast.stmt]:
    """The statements inside ``if``, ``try``, ``with`` and loops."""
    for field in ("body", "orelse", "finalbody"):
        yield from getattr(node, field, ())
    for handler in getattr(node, "handlers", ()):
        yield from handler.body


def _bound(target: ast.expr) -> Iterator[str]:
    """The names of an assignment; of ``get_custom_objects()["dice"] = …`` the key."""
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, (ast.Tuple, ast.List)):
        for each in target.elts:
            yield from _bound(each)
    elif isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
        yield str(target.slice.value)


def _keys(value: ast.expr | None) -> Iterator[str]:
    """The keys of dictionaries in an expression: ``{"Mine": …}``, ``dict(Mine=…)``."""
    for node in ast.walk(value) if value is not None else ():
        if isinstance(node, ast.Dict):
            for key in node.keys:
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield key.value
        elif isinstance(node, ast.Call):
            yield from (each.arg for each in node.keywords if each.arg is not None)


def _registered(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    """``Package>Name`` by ``@register_keras_serializable(package="Package", name="Name")``."""
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call):
            given = dict(zip(("package", "name"), decorator.args, strict=False))
            given |= {each.arg: each.value for each in decorator.keywords if each.arg}
            texts = {
                key: value.value
                for key, value in given.items()
                if isinstance(value, ast.Constant) and isinstance(value.value, str)
            }
            name = texts.get("name", node.name)
            yield name
            yield f"{texts.get('package', 'Custom')}>{name}"


def _inner_functions(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.ClassDef):
        return
    for inner in ast.walk(node):
        if inner is not node and isinstance(inner, (ast.FunctionDef, ast.ClassDef)):
            yield inner.name


def _starred(tree: ast.Module, path: Path) -> Iterator[Path]:
    """The files of modules that are imported with a star."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or all(each.name != "*" for each in node.names):
            continue
        if node.level:
            folder = (
                path.parents[node.level - 1] if node.level <= len(path.parents) else path.parent
            )
            yield from _at(folder.joinpath(*(node.module or "__init__").split(".")))
        elif (node.module or "").split(".")[0] not in _FOREIGN:
            found = list(_at(path.parent.joinpath(*(node.module or "").split("."))))
            yield from found or _module_files((node.module or "").split("."))


def _at(place: Path) -> Iterator[Path]:
    """The file of a module or of a package that lies there."""
    for candidate in (place.with_name(f"{place.name}.py"), place / "__init__.py"):
        if candidate.is_file():
            yield candidate
            return


def files_of(module: str) -> list[Path]:
    """The Python files of a ``--custom``, those inside a package or folder included."""
    path = Path(module)
    if path.is_dir():
        is_package = (path / "__init__.py").is_file()
        return sorted(path.rglob("*.py") if is_package else path.glob("*.py"))
    if path.is_file():
        return [path]
    if module.endswith(".py") or os.sep in module:
        raise UsageError(f"--custom {module}: there is no such file or folder")
    return list(_module_files(module.split(".")))


def _module_files(parts: list[str]) -> Iterator[Path]:
    """The files of a dotted module, found without importing the packages that it is in."""
    search: list[str] = [str(Path.cwd()), *sys.path]
    file = ""
    for index in range(len(parts)):
        spec = PathFinder.find_spec(".".join(parts[: index + 1]), search)
        if spec is None:
            return
        search, file = list(spec.submodule_search_locations or ()), spec.origin or ""
    if file:
        yield Path(file)
    for folder in search:
        yield from sorted(Path(folder).rglob("*.py"))
