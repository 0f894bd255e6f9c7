"""Names in source files that are never imported: what a name, a base or a default stands for."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

DTYPES = {"float16", "float32", "float64", "int32", "int64", "string", "bool", "uint8"}
UNKNOWN = object()


@dataclass(frozen=True, eq=False)
class Definition:
    """A class or a function, with the module that its own names are looked up in."""

    node: ast.ClassDef | ast.FunctionDef
    module: Module

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def is_class(self) -> bool:
        return isinstance(self.node, ast.ClassDef)

    @cached_property
    def mro(self) -> tuple[Definition, ...]:
        """The classes that attributes are looked up in; bases of other packages are left out."""
        if self in self.module.sources.ordering:
            return (self,)
        self.module.sources.ordering.append(self)
        bases = [self.module.value(base) for base in _bases(self.node)]
        known = [base for base in bases if isinstance(base, Definition) and base.is_class]
        found = _merged([list(base.mro) for base in known] + [known])
        self.module.sources.ordering.remove(self)
        return (self, *found)

    def own(self, name: str) -> Definition | None:
        """The method that the class itself defines."""
        for node in self.node.body:
            if isinstance(node, ast.FunctionDef) and node.name == name:
                return Definition(node, self.module)
        return None


def _bases(node: ast.AST) -> Iterator[ast.expr]:
    """The bases; ``with_metaclass(Meta, Base)`` has Base."""
    for base in getattr(node, "bases", ()):
        if isinstance(base, ast.Call):
            yield from base.args[1:]
        else:
            yield base


def _merged(sequences: list[list[Definition]]) -> list[Definition]:
    """Python's order of base classes."""
    result: list[Definition] = []
    while sequences := [each for each in sequences if each]:
        heads = [each[0] for each in sequences]
        free = [head for head in heads if not any(head in each[1:] for each in sequences)]
        chosen = (free or heads)[0]
        result.append(chosen)
        sequences = [[item for item in each if item is not chosen] for each in sequences]
    return result


class Sources:
    """The modules of one release, parsed when they are first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ordering: list[Definition] = []
        """Classes whose bases are being looked up: some seem to be bases of themselves."""
        self._modules: dict[str, Module | None] = {}

    def __iter__(self) -> Iterator[Module]:
        for path in sorted(self.folder.rglob("*.py")):
            parts = path.relative_to(self.folder).with_suffix("").parts
            module = self.module(".".join(part for part in parts if part != "__init__"))
            if module is not None:
                yield module

    def module(self, name: str) -> Module | None:
        """The module of this name, None if the release or the cache has none."""
        if name not in self._modules:
            path = self.folder.joinpath(*name.split("."))
            package = path / "__init__.py"
            file = package if package.exists() else path.with_suffix(".py")
            found = Module(self, name, file) if file.exists() else None
            self._modules[name] = found or (Module(self, name, None) if path.is_dir() else None)
        return self._modules[name]


class Module:
    """One module and the names that are bound in it."""

    def __init__(self, sources: Sources, name: str, path: Path | None) -> None:
        self.sources = sources
        self.name = name
        self.path = path
        is_package = path is None or path.name == "__init__.py"
        self.package = name if is_package else name.rpartition(".")[0]
        self._looking_for: set[str] = set()

    @cached_property
    def tree(self) -> ast.Module:
        if self.path is None:
            return ast.Module([], [])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(self.path.read_text())

    @cached_property
    def statements(self) -> list[ast.stmt]:
        """What is run when the module is imported, all branches of conditions included."""
        return list(_flat(self.tree.body))

    @cached_property
    def definitions(self) -> list[Definition]:
        kinds = (ast.ClassDef, ast.FunctionDef)
        return [Definition(node, self) for node in self.statements if isinstance(node, kinds)]

    @cached_property
    def _bound(self) -> dict[str, Any]:
        """Names and what they are bound to; of several branches the first counts."""
        found: dict[str, Any] = {each.name: each for each in self.definitions}
        for node in self.statements:
            for name, value in _bindings(node):
                found.setdefault(name, value)
        return found

    def names(self) -> list[str]:
        """All names bound in the module, those of ``from x import *`` included."""
        starred = [
            name
            for module in self._starred()
            for name in module.names()
            if not name.startswith("_")
        ]
        return [*self._bound, *starred]

    def _starred(self) -> Iterator[Module]:
        for node in self.statements:
            if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
                module = self.sources.module(self._absolute(node))
                if module is not None:
                    yield module

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = self.package.split(".")
        kept = parts[: len(parts) - node.level + 1]
        return ".".join([*kept, *([node.module] if node.module else [])])

    def lookup(self, name: str) -> Any:
        """What a name stands for: a Definition, a Module, a constant, or UNKNOWN."""
        if name in self._looking_for:
            return UNKNOWN
        self._looking_for.add(name)
        try:
            return self._looked_up(name)
        finally:
            self._looking_for.remove(name)

    def _looked_up(self, name: str) -> Any:
        bound = self._bound.get(name)
        if isinstance(bound, Definition):
            return bound
        if isinstance(bound, ast.Import):
            return self._imported(bound, name)
        if isinstance(bound, ast.ImportFrom):
            return self._imported_from(bound, name)
        if isinstance(bound, ast.expr):
            return self.value(bound)
        for module in self._starred():
            value = module.lookup(name)
            if value is not UNKNOWN:
                return value
        return self.sources.module(f"{self.name}.{name}") or UNKNOWN

    def _imported(self, node: ast.Import, name: str) -> Any:
        for alias in node.names:
            if alias.asname == name or (alias.asname is None and alias.name.split(".")[0] == name):
                return self.sources.module(alias.name if alias.asname else name) or UNKNOWN
        return UNKNOWN

    def _imported_from(self, node: ast.ImportFrom, name: str) -> Any:
        origin = self._absolute(node)
        original = next(each.name for each in node.names if (each.asname or each.name) == name)
        module = self.sources.module(origin)
        if module is not None and module is not self:
            value = module.lookup(original)
            if value is not UNKNOWN:
                return value
        return self.sources.module(f"{origin}.{original}") or UNKNOWN

    def value(self, node: ast.expr) -> Any:
        """What an expression stands for, as far as it can be told without running anything."""
        try:
            return ast.literal_eval(node)
        except (ValueError, TypeError, SyntaxError):
            pass
        if isinstance(node, ast.Name):
            return self.lookup(node.id)
        if isinstance(node, ast.Attribute):
            return self._attribute(node)
        if isinstance(node, ast.BinOp):
            return _computed(node.op, self.value(node.left), self.value(node.right))
        return UNKNOWN

    def _attribute(self, node: ast.Attribute) -> Any:
        owner = self.value(node.value)
        if isinstance(owner, Module):
            return owner.lookup(node.attr)
        if isinstance(owner, Definition) and owner.is_class:
            for cls in owner.mro:
                for statement in cls.node.body:
                    for name, value in _bindings(statement):
                        if name == node.attr and isinstance(value, ast.expr):
                            return cls.module.value(value)
        return node.attr if owner is UNKNOWN and node.attr in DTYPES else UNKNOWN


def _computed(operator: ast.operator, left: Any, right: Any) -> Any:
    if not (isinstance(left, int | float) and isinstance(right, int | float)):
        return UNKNOWN
    if isinstance(operator, ast.Div):
        return left / right
    if isinstance(operator, ast.Mult):
        return left * right
    return left**right if isinstance(operator, ast.Pow) else UNKNOWN


def _flat(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        if isinstance(node, ast.If):
            yield from _flat(node.body + node.orelse)
        elif isinstance(node, ast.Try):
            handlers = [each for handler in node.handlers for each in handler.body]
            yield from _flat(node.body + handlers + node.orelse)
        else:
            yield node


def _bindings(node: ast.stmt) -> Iterator[tuple[str, Any]]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield alias.asname or alias.name.split(".")[0], node
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            if alias.name != "*":
                yield alias.asname or alias.name, node
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Name):
                yield target.id, node.value
    elif isinstance(node, ast.AnnAssign) and node.value and isinstance(node.target, ast.Name):
        yield node.target.id, node.value
