"""A module of the user's as text: what it imports, and where it uses what it imported."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

_HOME = re.compile(
    r"(?:tensorflow(?:_core)?)(?:\.(?:python|contrib|compat\.v[12]|_api\.v[12]|api))*\.keras\b"
    r"|tf_keras\b|keras\.(?:src|api|_tf_keras\.keras)\b"
)
_TENSORFLOW = re.compile(r"tensorflow\.compat\.v[12]\b|tensorflow_core\b")
_GUARDS = ("hasattr", "version", "__version__", "VERSION")


@dataclass(frozen=True)
class Use:
    """A place where imported names are used.

    Attributes:
        node: the expression.
        path: the full name, ``keras.backend.dot``, whatever Keras it was imported from.
        guarded: the code asks first, as in ``keras.ops.dot if hasattr(keras, "ops") else K.dot``.
    """

    node: ast.expr
    path: str
    guarded: bool = False

    @property
    def line(self) -> int:
        """Its line in the file."""
        return self.node.lineno


@dataclass(frozen=True)
class Import:
    """One name that an import statement binds.

    Attributes:
        node: the statement.
        path: what is imported, ``keras.engine.topology.Layer``.
        name: the name that it gets.
        module: the path as written, ``tensorflow.python.keras.layers``.
        guarded: in a ``try`` or an ``if``, so that another statement may take its place.
        level: dots of a relative import.
    """

    node: ast.Import | ast.ImportFrom
    path: str
    name: str
    module: str
    guarded: bool
    level: int = 0

    @property
    def line(self) -> int:
        """Its line in the file."""
        return self.node.lineno


@dataclass(frozen=True)
class CallOf:
    """A call of something imported: its full name and the names of its keyword arguments."""

    node: ast.Call
    path: str
    keywords: frozenset[str]


def canonical(path: str) -> str:
    """The name under ``keras`` of anything in any Keras, and under ``tensorflow`` of the rest."""
    if _HOME.match(path):
        return _HOME.sub("keras", path, count=1)
    return _TENSORFLOW.sub("tensorflow", path, count=1)


@dataclass(frozen=True)
class Source:
    """The parsed text of a module.

    Attributes:
        name: the file's name for messages.
        text: its text.
        tree: its syntax tree.
    """

    name: str
    text: str
    tree: ast.Module = field(repr=False, compare=False)

    @classmethod
    def read(cls, path: Path) -> Source | None:
        """The module in a file; None where it can't be read or parsed, which importing will say."""
        try:
            content = path.read_bytes()
            text = content.decode("utf-8-sig")
            return cls(path.name, text, ast.parse(text))
        except (OSError, SyntaxError, ValueError):
            return None

    @cached_property
    def guarded(self) -> frozenset[int]:
        """Ids of the nodes that only run after the code has looked where it is."""
        found: set[int] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Try) and node.handlers:
                parts: list[ast.AST] = [*node.body, *node.handlers, *node.orelse]
            elif isinstance(node, (ast.If, ast.IfExp)) and _asks(node.test):
                inside = [node.body, node.orelse]
                parts = [x for each in inside for x in (each if isinstance(each, list) else [each])]
            else:
                continue
            found.update(id(each) for part in parts for each in ast.walk(part))
        return frozenset(found)

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """Every name that is imported, anywhere in the module."""
        return tuple(each for node in ast.walk(self.tree) for each in self._imported(node))

    def _imported(self, node: ast.AST) -> Iterator[Import]:
        guarded = id(node) in self.guarded
        if isinstance(node, ast.Import):
            for each in node.names:
                whole = each.asname is not None
                path = each.name if whole else each.name.split(".")[0]
                name = each.asname or path
                yield Import(node, canonical(path), name, each.name, guarded)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            for each in node.names:
                path = canonical(f"{module}.{each.name}") if not node.level else each.name
                yield Import(node, path, each.asname or each.name, module, guarded, node.level)

    @cached_property
    def bound(self) -> dict[str, str]:
        """Full names by the names that imports bind."""
        return {each.name: each.path for each in self.imports if not each.level}

    def path_of(self, node: ast.AST) -> str:
        """The full name of what an expression refers to; empty for what was not imported."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id not in self.bound:
            return ""
        return canonical(".".join([self.bound[node.id], *reversed(parts)]))

    @cached_property
    def _uses(self) -> tuple[Use, ...]:
        inner = {id(n.value) for n in ast.walk(self.tree) if isinstance(n, ast.Attribute)}
        return tuple(
            Use(node, path, id(node) in self.guarded)
            for node in ast.walk(self.tree)
            if isinstance(node, (ast.Attribute, ast.Name)) and id(node) not in inner
            if (path := self.path_of(node))
        )

    def uses(self, package: str) -> Iterator[Use]:
        """Where names under a package are used."""
        return (use for use in self._uses if (use.path + ".").startswith(package + "."))

    @cached_property
    def calls(self) -> tuple[CallOf, ...]:
        """Calls of imported functions."""
        return tuple(
            CallOf(node, path, frozenset(each.arg for each in node.keywords if each.arg))
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Call) and (path := self.path_of(node.func))
        )

    @cached_property
    def classes(self) -> tuple[ast.ClassDef, ...]:
        """Every class."""
        return tuple(node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef))


def _asks(test: ast.expr) -> bool:
    words = {n.id for n in ast.walk(test) if isinstance(n, ast.Name)}
    words |= {n.attr for n in ast.walk(test) if isinstance(n, ast.Attribute)}
    return any(word in words for word in _GUARDS)
