"""Walking and joining expressions."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from converter.lambdas.expressions import (
    Assignment,
    Attribute,
    Binary,
    Call,
    Compare,
    Comprehension,
    Conditional,
    Constant,
    Expression,
    FormattedValue,
    Function,
    JoinedStr,
    Logical,
    Mapping,
    Name,
    Scope,
    Sequence,
    Slice,
    Starred,
    Subscript,
    Unary,
)


def children(node: Expression) -> tuple[Expression, ...]:
    """The expressions that stand directly in another, in the order of evaluation."""
    return _CHILDREN[type(node)](node) if type(node) in _CHILDREN else ()


def walk(node: Expression) -> Iterator[Expression]:
    """An expression and all in it, in the order of evaluation."""
    yield node
    for child in children(node):
        yield from walk(child)


def mentions(node: Expression, names: frozenset[str]) -> bool:
    """Whether a local variable of one of the names is read."""
    return any(
        isinstance(each, Name) and each.scope is Scope.LOCAL and each.name in names
        for each in walk(node)
    )


def global_names(body: tuple[Assignment, ...], result: Expression) -> tuple[str, ...]:
    """The globals that a function reads, inner functions included, each once in order of use."""
    roots = (*(each.value for each in body), result)
    found = (
        each.name
        for root in roots
        for each in walk(root)
        if isinstance(each, Name) and each.scope is Scope.GLOBAL
    )
    return tuple(dict.fromkeys(found))


def conditional(test: Expression, then: Expression, otherwise: Expression) -> Expression:
    """``then if test else otherwise`` as its author may have written it.

    Compilers turn ``and``, ``or`` and ``not`` into jumps, so that one conditional comes back as
    several with equal ends.
    """
    if isinstance(test, Unary) and test.operator == "not" and then != test != otherwise:
        return conditional(test.value, otherwise, then)
    if then == otherwise and isinstance(then, (Constant, Name)):
        return then
    if isinstance(then, Conditional):
        if then.otherwise == otherwise:
            return conditional(_both(test, then.test), then.then, otherwise)
        if then.then == otherwise:
            return conditional(_either(_opposite(test), then.test), otherwise, then.otherwise)
    if isinstance(otherwise, Conditional):
        if otherwise.then == then:
            return conditional(_either(test, otherwise.test), then, otherwise.otherwise)
        if otherwise.otherwise == then:
            return conditional(_both(_opposite(test), otherwise.test), otherwise.then, then)
        if isinstance(then, Conditional) and _same_ends(then, otherwise):
            joined = conditional(test, then.test, otherwise.test)
            return conditional(joined, then.then, then.otherwise)
    if otherwise == test:
        return _both(test, then)
    if then == test:
        return _either(test, otherwise)
    if isinstance(then, Logical) and then.operator == "or" and then.right == otherwise:
        return _either(_both(test, then.left), otherwise)
    if isinstance(otherwise, Logical) and otherwise.operator == "and" and otherwise.right == then:
        return _both(_either(test, otherwise.left), then)
    return Conditional(test, then, otherwise)


def _same_ends(one: Conditional, other: Conditional) -> bool:
    return one.then == other.then and one.otherwise == other.otherwise


def _both(left: Expression, right: Expression) -> Expression:
    return Logical("and", left, right)


def _either(left: Expression, right: Expression) -> Expression:
    return Logical("or", left, right)


def _opposite(test: Expression) -> Expression:
    return Unary("not", test)


def _some(*nodes: Expression | None) -> tuple[Expression, ...]:
    return tuple(node for node in nodes if node is not None)


def _of_function(node: Function) -> tuple[Expression, ...]:
    return (*node.defaults, *(each.value for each in node.body), node.result)


def _of_comprehension(node: Comprehension) -> tuple[Expression, ...]:
    clauses = (part for each in node.clauses for part in (each.iterable, *each.conditions))
    return (*clauses, *_some(node.key), node.element)


_CHILDREN: dict[type, Callable[..., tuple[Expression, ...]]] = {
    Attribute: lambda node: (node.value,),
    Call: lambda node: (
        node.function,
        *node.arguments,
        *(value for _, value in node.keywords),
    ),
    Subscript: lambda node: (node.value, node.index),
    Slice: lambda node: _some(node.lower, node.upper, node.step),
    Unary: lambda node: (node.value,),
    Binary: lambda node: (node.left, node.right),
    Compare: lambda node: (node.left, node.right),
    Logical: lambda node: (node.left, node.right),
    Starred: lambda node: (node.value,),
    Sequence: lambda node: node.items,
    Mapping: lambda node: (*node.keys, *node.values),
    Conditional: lambda node: (node.test, node.then, node.otherwise),
    Comprehension: _of_comprehension,
    FormattedValue: lambda node: _some(node.value, node.format),
    JoinedStr: lambda node: node.values,
    Function: _of_function,
}
