"""Functions as data from their source text, by Python's own parser; what the bytecode reader makes
of compiled ones has tests of its own."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from converter.lambdas import expressions as e
from converter.lambdas.expressions import Expression, Function, Scope

OPERATORS: dict[type, str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.MatMult: "@",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.USub: "-",
    ast.UAdd: "+",
    ast.Invert: "~",
    ast.Not: "not",
    ast.And: "and",
    ast.Or: "or",
}


def function(source: str, *, python: tuple[int, ...] = (3, 7), closure: Sequence[str] = ()) -> Any:
    """A lambda, or a ``def`` of assignments and a result."""
    (statement,) = ast.parse(source.strip()).body
    node = statement.value if isinstance(statement, ast.Expr) else statement
    assert isinstance(node, ast.Lambda | ast.FunctionDef)
    return _Reader(python, frozenset(closure)).function(node)


class _Reader:
    def __init__(self, python: tuple[int, ...], closure: frozenset[str]) -> None:
        self.python = python
        self.closure = closure
        self.local: set[str] = set()

    def function(self, node: ast.Lambda | ast.FunctionDef) -> Function:
        given = node.args
        names = tuple(each.arg for each in given.args)
        self.local |= {*names, *(each.arg for each in given.kwonlyargs)}
        self.local |= {each.arg for each in (given.vararg, given.kwarg) if each}
        body: list[e.Assignment] = []
        lines = node.body if isinstance(node, ast.FunctionDef) else [ast.Return(node.body)]
        for line in lines[:-1]:
            assert isinstance(line, ast.Assign)
            target = line.targets[0]
            names_of = [target] if isinstance(target, ast.Name) else target.elts  # type: ignore[attr-defined]
            value = self.read(line.value)
            self.local |= {each.id for each in names_of}
            body.append(e.Assignment(tuple(each.id for each in names_of), value, line.lineno))
        last = lines[-1]
        assert isinstance(last, ast.Return) and last.value is not None
        return Function(
            name=getattr(node, "name", "<lambda>"),
            parameters=names,
            variadic=given.vararg.arg if given.vararg else "",
            keywords=given.kwarg.arg if given.kwarg else "",
            keyword_only=tuple(each.arg for each in given.kwonlyargs),
            body=tuple(body),
            result=self.read(last.value),
            globals=(),
            closure=tuple(self.closure),
            python=self.python,
            line=1,
            defaults=tuple(map(self.read, given.defaults)),
        )

    def read(self, node: ast.AST) -> Expression:
        method = getattr(self, "_" + type(node).__name__)
        found: Expression = method(node)
        return found

    def _all(self, nodes: Sequence[ast.AST]) -> tuple[Expression, ...]:
        return tuple(map(self.read, nodes))

    def _Constant(self, node: ast.Constant) -> Expression:
        return e.Constant(node.value)

    def _Name(self, node: ast.Name) -> Expression:
        if node.id in self.closure:
            return e.Name(node.id, Scope.CLOSURE)
        return e.Name(node.id, Scope.LOCAL if node.id in self.local else Scope.GLOBAL)

    def _Attribute(self, node: ast.Attribute) -> Expression:
        return e.Attribute(self.read(node.value), node.attr)

    def _Call(self, node: ast.Call) -> Expression:
        keywords = tuple((str(each.arg), self.read(each.value)) for each in node.keywords)
        return e.Call(self.read(node.func), self._all(node.args), keywords)

    def _Starred(self, node: ast.Starred) -> Expression:
        return e.Starred(self.read(node.value))

    def _Subscript(self, node: ast.Subscript) -> Expression:
        return e.Subscript(self.read(node.value), self.read(node.slice))

    def _Slice(self, node: ast.Slice) -> Expression:
        ends = (node.lower, node.upper, node.step)
        return e.Slice(*(None if each is None else self.read(each) for each in ends))

    def _UnaryOp(self, node: ast.UnaryOp) -> Expression:
        return e.Unary(OPERATORS[type(node.op)], self.read(node.operand))

    def _BinOp(self, node: ast.BinOp) -> Expression:
        return e.Binary(OPERATORS[type(node.op)], self.read(node.left), self.read(node.right))

    def _Compare(self, node: ast.Compare) -> Expression:
        operator = OPERATORS[type(node.ops[0])]
        return e.Compare(operator, self.read(node.left), self.read(node.comparators[0]))

    def _BoolOp(self, node: ast.BoolOp) -> Expression:
        first, second = self._all(node.values)
        return e.Logical(OPERATORS[type(node.op)], first, second)

    def _Tuple(self, node: ast.Tuple) -> Expression:
        return e.Sequence("tuple", self._all(node.elts))

    def _List(self, node: ast.List) -> Expression:
        return e.Sequence("list", self._all(node.elts))

    def _Dict(self, node: ast.Dict) -> Expression:
        return e.Mapping(self._all([each for each in node.keys if each]), self._all(node.values))

    def _IfExp(self, node: ast.IfExp) -> Expression:
        return e.Conditional(*self._all([node.test, node.body, node.orelse]))

    def _Lambda(self, node: ast.Lambda) -> Expression:
        return self.function(node)

    def _ListComp(self, node: ast.ListComp) -> Expression:
        (clause,) = node.generators
        assert isinstance(clause.target, ast.Name)
        iterable = self.read(clause.iter)
        self.local.add(clause.target.id)
        conditions = self._all(clause.ifs)
        made = e.Clause((clause.target.id,), iterable, conditions)
        return e.Comprehension("list", self.read(node.elt), (made,))
