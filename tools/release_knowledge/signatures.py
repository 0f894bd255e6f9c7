"""What a constructor takes: its own arguments, and those it takes out of its keywords or hands on.

``Conv1D(rank=1)`` is an error although a base of Conv1D takes ``rank``: what a constructor gives
to its base by itself is not an argument of the class.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from .modules import UNKNOWN, Definition, Module

REQUIRED = object()
ANYTHING = "**"
"""Stands among the arguments of a constructor that takes unknown keywords and ignores them."""
Arguments = dict[str, Any]


def constructor(cls: Definition) -> Arguments:
    """The arguments of a class and their defaults; REQUIRED where there is none."""
    return _taken(cls.mro, "__init__")


def parameters(function: Definition) -> Arguments:
    """The named parameters of a function or method and their defaults."""
    own = function.node.args
    positional = own.posonlyargs + own.args
    missing = [None] * (len(positional) - len(own.defaults))
    pairs = [*zip(positional, [*missing, *own.defaults], strict=True)]
    pairs += zip(own.kwonlyargs, own.kw_defaults, strict=True)
    return {
        parameter.arg: REQUIRED if node is None else plain(node, function.module)
        for parameter, node in pairs
        if parameter.arg not in ("self", "cls")
    }


def method(cls: Definition, name: str) -> Definition | None:
    """A method of a class, its own or inherited."""
    return next((found for each in cls.mro if (found := each.own(name))), None)


def plain(node: ast.expr, module: Module) -> Any:
    """A default as JSON; what can't be told without running it stays an expression."""
    value = module.value(node)
    if isinstance(value, Definition):
        return value.name
    if isinstance(value, str | int | float | bool | list | tuple | dict) or value is None:
        return _lists(value)
    return {"expression": ast.unparse(node)}


def _lists(value: Any) -> Any:
    return [_lists(each) for each in value] if isinstance(value, list | tuple) else value


def _taken(mro: tuple[Definition, ...], name: str) -> Arguments:
    """What a method takes, and what it hands on to the same method of the bases."""
    for index, cls in enumerate(mro):
        function = cls.own(name)
        if function is not None:
            rest = function.node.args.kwarg
            found = parameters(function)
            if rest is None:
                return found
            body = _Body(function, rest.arg, mro[0])
            for arguments in (body.popped(), _handed_on(body, mro[index:], name)):
                found = {**found, **{key: v for key, v in arguments.items() if key not in found}}
            return found | ({ANYTHING: None} if body.ignores_keywords() else {})
    return {}


def _handed_on(body: _Body, mro: tuple[Definition, ...], name: str) -> Arguments:
    found: Arguments = {}
    for call, base in _base_calls(body, mro, name):
        if not any(keyword.arg is None for keyword in call.keywords):
            continue
        taken = _taken(base, name)
        positional = [arg for arg in call.args if not isinstance(arg, ast.Starred)]
        skipped = int(not _is_super(call))
        given = {keyword.arg for keyword in call.keywords}
        given |= set(list(taken)[: len(positional) - skipped])
        found |= {key: value for key, value in taken.items() if key not in given}
    return found


def _base_calls(
    body: _Body, mro: tuple[Definition, ...], name: str
) -> Iterator[tuple[ast.Call, tuple[Definition, ...]]]:
    """Calls of the same method of a base, with the classes that are looked through for it."""
    for node in body.calls():
        if not (isinstance(node.func, ast.Attribute) and node.func.attr == name):
            continue
        owner = node.func.value
        if isinstance(owner, ast.Call) and isinstance(owner.func, ast.Name):
            if owner.func.id == "super":
                yield node, _after_super(owner, mro, body.module)
        else:
            base = body.module.value(owner)
            if isinstance(base, Definition) and base.is_class:
                yield node, base.mro


def _after_super(
    call: ast.Call, mro: tuple[Definition, ...], module: Module
) -> tuple[Definition, ...]:
    """``super(Dense, self)`` looks behind Dense, which need not be where the code stands."""
    named = module.value(call.args[0]) if call.args else None
    index = mro.index(named) if named in mro else 0
    return mro[index + 1 :]


def _is_super(call: ast.Call) -> bool:
    assert isinstance(call.func, ast.Attribute)
    return isinstance(call.func.value, ast.Call)


class _Body:
    """The code of one function, and what it does to its ``**kwargs``."""

    def __init__(self, function: Definition, keywords: str, cls: Definition) -> None:
        self.function = function
        self.module = function.module
        self.keywords = keywords
        self.cls = cls

    def calls(self) -> Iterator[ast.Call]:
        return (node for node in ast.walk(self.function.node) if isinstance(node, ast.Call))

    def popped(self) -> Arguments:
        """Arguments that are taken out of the keywords, with their defaults."""
        refused = self._refused()
        found: Arguments = {}
        for name, default in self._mentioned():
            if isinstance(name, str) and name not in refused:
                found.setdefault(name, default)
                if found[name] is None:
                    found[name] = default
        return found

    def ignores_keywords(self) -> bool:
        """Whether what is left in the keywords goes nowhere and nothing looks at it."""
        for node in ast.walk(self.function.node):
            if isinstance(node, ast.keyword) and node.arg is None:
                return False
            if isinstance(node, ast.Call) and any(map(self._is_keywords, node.args)):
                return False
            if isinstance(node, ast.If | ast.For):
                read = node.test if isinstance(node, ast.If) else node.iter
                if self._is_keywords(read) or _is_method_of(read, self.keywords):
                    return False
        return True

    def _mentioned(self) -> Iterator[tuple[Any, Any]]:
        for node in ast.walk(self.function.node):
            if isinstance(node, ast.Call):
                yield from self._from_call(node)
            elif isinstance(node, ast.Compare) and self._is_keywords(node.comparators[0]):
                yield self.module.value(node.left), None
            elif isinstance(node, ast.Subscript) and self._is_keywords(node.value):
                if isinstance(node.ctx, ast.Load):
                    yield self.module.value(node.slice), None
            elif isinstance(node, ast.Assign) and _is_allowed(node.targets[0]):
                yield from ((name, None) for name in _strings(self.module.value(node.value)))

    def _from_call(self, node: ast.Call) -> Iterator[tuple[Any, Any]]:
        function = node.func
        if isinstance(function, ast.Attribute) and self._is_keywords(function.value):
            if function.attr in ("pop", "get") and node.args:
                default = plain(node.args[1], self.module) if len(node.args) > 1 else None
                yield self.module.value(node.args[0]), default
        elif any(self._is_keywords(arg) for arg in node.args):
            yield from self._from_helper(node)
            for arg in node.args:
                yield from ((name, None) for name in _strings(self.module.value(arg)))

    def _from_helper(self, node: ast.Call) -> Iterator[tuple[Any, Any]]:
        """``self._process_kwargs(kwargs)`` takes them out for its caller."""
        function = node.func
        if not (isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name)):
            return
        helper = method(self.cls, function.attr) if function.value.id == "self" else None
        if helper is not None:
            index = next(i for i, arg in enumerate(node.args) if self._is_keywords(arg))
            names = list(parameters(helper))
            if index < len(names):
                yield from _Body(helper, names[index], self.cls).popped().items()

    def _refused(self) -> set[Any]:
        """Names whose presence is an error: ``if "x" in kwargs: raise …``."""
        return {
            self.module.value(node.test.left)
            for node in ast.walk(self.function.node)
            if isinstance(node, ast.If)
            and isinstance(node.body[0], ast.Raise)
            and isinstance(node.test, ast.Compare)
            and isinstance(node.test.ops[0], ast.In)
            and isinstance(node.test.left, ast.Constant)
            and self._is_keywords(node.test.comparators[0])
        }

    def _is_keywords(self, node: ast.AST) -> bool:
        return isinstance(node, ast.Name) and node.id == self.keywords


def _is_method_of(node: ast.AST, name: str) -> bool:
    """Whether an expression is ``name.items()`` or the like."""
    function = getattr(node, "func", None)
    owner = getattr(function, "value", None)
    return isinstance(owner, ast.Name) and owner.id == name


def _is_allowed(target: ast.expr) -> bool:
    return isinstance(target, ast.Name) and "allowed" in target.id


def _strings(value: Any) -> list[str]:
    if value is UNKNOWN or not isinstance(value, list | tuple | set):
        return []
    return sorted(each for each in value if isinstance(each, str))
