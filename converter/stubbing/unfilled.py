"""Bodies in the owner's modules that still raise ``NotImplementedError``, told from the text.

Keras takes that error for "no shape can be told" in places and goes on, so it is looked for before
a model is rebuilt; and all of them are told at once.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_METHODS = frozenset({"call"})


@dataclass(frozen=True)
class Unfilled:
    """A body to be written.

    Attributes:
        file: the module's name.
        line: of the ``raise``.
        what: ``Scale.call()`` or ``swash()``.
        told: what stands there about it.
    """

    file: str
    line: int
    what: str
    told: str


def unfilled_in(files: Iterable[Path], names: Iterable[str]) -> list[Unfilled]:
    """The bodies of classes and functions with these names that only raise.

    Args:
        files: Python files; what can't be read or parsed has none.
        names: of what the model needs, with or without a package.
    """
    wanted = {name.rpartition(">")[2] for name in names}
    return [each for file in files for each in _in_file(file, wanted)]


def _in_file(file: Path, wanted: set[str]) -> Iterator[Unfilled]:
    try:
        body = ast.parse(file.read_bytes()).body
    except (OSError, SyntaxError, ValueError, RecursionError):
        return
    aliases = _aliases(body)
    for node in body:
        if not isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            continue
        if wanted.isdisjoint({node.name, *aliases.get(node.name, ()), *_registered(node)}):
            continue
        for name, function in _functions(node):
            raised = _raised(function.body)
            if raised is not None:
                yield Unfilled(file.name, raised.lineno, name, _text(raised))


def _aliases(body: Sequence[ast.stmt]) -> Mapping[str, list[str]]:
    """Under which names a dictionary ``custom_objects`` gives each object."""
    found: dict[str, list[str]] = {}
    for node in body:
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Dict):
            continue
        if not any(isinstance(t, ast.Name) and t.id == "custom_objects" for t in node.targets):
            continue
        for key, value in zip(node.value.keys, node.value.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(value, ast.Name):
                found.setdefault(value.id, []).append(str(key.value))
    return found


def _registered(node: ast.ClassDef | ast.FunctionDef) -> Iterator[str]:
    """The name that a decorator gives, ``register_keras_serializable("Package", "name")``."""
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call):
            given = [
                *decorator.args[1:2],
                *(k.value for k in decorator.keywords if k.arg == "name"),
            ]
            yield from (str(each.value) for each in given if isinstance(each, ast.Constant))


def _functions(node: ast.ClassDef | ast.FunctionDef) -> Iterator[tuple[str, ast.FunctionDef]]:
    if isinstance(node, ast.FunctionDef):
        yield f"{node.name}()", node
        return
    initializer = any(ast.unparse(base).endswith("Initializer") for base in node.bases)
    methods = _METHODS | {"__call__"} if initializer else _METHODS
    for each in node.body:
        if isinstance(each, ast.FunctionDef) and each.name in methods:
            yield f"{node.name}.{each.name}()", each


def _raised(body: Sequence[ast.stmt]) -> ast.Raise | None:
    """The ``raise`` that is all of a body."""
    first = body[0] if body else None
    is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    rest = body[1:] if is_text else body
    if len(rest) != 1 or not isinstance(rest[0], ast.Raise):
        return None
    error = rest[0].exc
    name = error.func if isinstance(error, ast.Call) else error
    return rest[0] if isinstance(name, ast.Name) and name.id == "NotImplementedError" else None


def _text(raised: ast.Raise) -> str:
    error = raised.exc
    if isinstance(error, ast.Call) and len(error.args) == 1:
        value = error.args[0]
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return value.value
    return ""
