"""A function that was read, as the text of one: what its author may have written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

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
    Import,
    JoinedStr,
    Logical,
    Mapping,
    Name,
    Sequence,
    Slice,
    Starred,
    Subscript,
    Unary,
)

LAMBDA = "<lambda>"

_ANY, _CONDITIONAL, _OR, _AND, _NOT, _COMPARE, _BITS = range(7)
_UNARY, _POWER, _PRIMARY = 11, 12, 13
_BINARY = {
    "|": _BITS,
    "^": 7,
    "&": 8,
    **dict.fromkeys(("<<", ">>"), 9),
    **dict.fromkeys(("+", "-"), 9.5),
    **dict.fromkeys(("*", "@", "/", "//", "%"), 10),
    "**": _POWER,
}
"""How tightly operators bind; a number with more binds tighter."""

_BRACKETS = {
    "tuple": ("(", ")"),
    "list": ("[", "]"),
    "set": ("{", "}"),
    "dict": ("{", "}"),
    "generator": ("(", ")"),
}

Written = tuple[str, float]
"""A text, and how tightly its outermost operator binds."""


def text_of(function: Function, defaults: tuple[object, ...] = ()) -> str:
    """The function as Python: ``lambda x: x / 255`` on one line, ``def`` on as many as it takes.

    Args:
        function: what was read.
        defaults: the values of its last parameters.
    """
    return "\n".join(_lines(function, [repr(value) for value in defaults]))


def line_of(function: Function, defaults: tuple[object, ...] = ()) -> str:
    """The function on one line, its statements parted by semicolons."""
    head, *rest = _lines(function, [repr(value) for value in defaults])
    return " ".join([head, *("; ".join(line.strip() for line in rest),)]) if rest else head


def expression_text(node: Expression) -> str:
    """One expression as Python."""
    return _at(node, _ANY)


def _lines(function: Function, defaults: list[str]) -> list[str]:
    if _is_plain_lambda(function):
        return [_lambda(function, defaults)]
    name = function.name if function.name.isidentifier() else "function"
    head = f"def {name}({_parameters(function, defaults)}):"
    result = f"return {_value(function.result)}"
    if not function.body:
        return [f"{head} {result}"]
    statements = [line for each in function.body for line in _statement(each)]
    return [head, *(f"    {line}" for line in (*statements, result))]


def _is_plain_lambda(function: Function) -> bool:
    return function.name == LAMBDA and not function.body


def _lambda(function: Function, defaults: list[str]) -> str:
    parameters = _parameters(function, defaults)
    return f"lambda{' ' if parameters else ''}{parameters}: {_at(function.result, _ANY)}"


def _parameters(function: Function, defaults: list[str]) -> str:
    plain = len(function.parameters) - len(defaults)
    parts = [
        name if place < plain else f"{name}={defaults[place - plain]}"
        for place, name in enumerate(function.parameters)
    ]
    if function.variadic or function.keyword_only:
        parts.append(f"*{function.variadic}")
    parts += function.keyword_only
    return ", ".join([*parts, f"**{function.keywords}"] if function.keywords else parts)


def _statement(assignment: Assignment) -> Iterator[str]:
    value, names = assignment.value, assignment.names
    if not names:
        yield _at(value, _ANY)
    elif len(names) == 1 and (imported := _import(names[0], value)):
        yield imported
    elif isinstance(value, Function) and names == (value.name,):
        yield from _lines(value, [_at(each, _ANY) for each in value.defaults])
    else:
        yield f"{', '.join(names)} = {_value(value)}"


def _import(name: str, value: Expression) -> str:
    """An ``import`` statement, empty for what is none."""
    if isinstance(value, Import):
        return f"import {value.module}" + ("" if value.module == name else f" as {name}")
    if isinstance(value, Attribute) and isinstance(value.value, (Import, Attribute)):
        module = _module(value.value)
        as_name = "" if value.name == name else f" as {name}"
        return f"from {module} import {value.name}{as_name}" if module else ""
    return ""


def _module(node: Expression) -> str:
    if isinstance(node, Import):
        return node.module
    if isinstance(node, Attribute):
        module = _module(node.value)
        return f"{module}.{node.name}" if module else ""
    return ""


def _value(node: Expression) -> str:
    """A value that stands by itself, where a tuple needs no brackets."""
    if isinstance(node, Sequence) and node.kind == "tuple" and len(node.items) > 1:
        return ", ".join(_at(item, _ANY) for item in node.items)
    return _at(node, _ANY)


def _at(node: Expression, wanted: float) -> str:
    """The text where something that binds that tightly is expected."""
    text, level = _written(node)
    return text if level >= wanted else f"({text})"


def _written(node: Expression) -> Written:
    return _WRITERS[type(node)](node)


def _constant(node: Constant) -> Written:
    text = _constant_text(node.value)
    if isinstance(node.value, (int, float, complex)) and not isinstance(node.value, bool):
        # ``1.real`` is no Python, and a sign binds less than a power or an attribute.
        return text, _UNARY if text.startswith("-") else _POWER + 0.5
    return text, _PRIMARY


def _constant_text(value: Any) -> str:
    if value is ...:
        return "..."
    if isinstance(value, tuple):
        items = ", ".join(_constant_text(item) for item in value)
        return f"({items}{',' if len(value) == 1 else ''})"
    return (
        repr(value).replace("inf", "1e999") if isinstance(value, (float, complex)) else repr(value)
    )


def _call(node: Call) -> Written:
    parts = [_at(each, _ANY) for each in node.arguments]
    for name, value in node.keywords:
        parts.append(f"{name}={_at(value, _ANY)}" if name else f"**{_at(value, _ANY)}")
    given = f"({', '.join(parts)})"
    if len(parts) == 1 and _is_generator(node.arguments[:1]):
        given = parts[0]
    return _at(node.function, _PRIMARY) + given, _PRIMARY


def _is_generator(arguments: tuple[Expression, ...]) -> bool:
    """Whether an argument has brackets of its own, ``f(x for x in y)``."""
    return any(isinstance(each, Comprehension) and each.kind == "generator" for each in arguments)


def _subscript(node: Subscript) -> Written:
    index = node.index
    items: tuple[Expression, ...] = (index,)
    if isinstance(index, Constant) and isinstance(index.value, tuple) and index.value:
        items = tuple(Constant(item) for item in index.value)
    elif isinstance(index, Sequence) and index.kind == "tuple" and index.items:
        items = index.items
    text = ", ".join(_index(item) for item in items)
    if items != (index,) and len(items) == 1:
        text += ","
    return f"{_at(node.value, _PRIMARY)}[{text}]", _PRIMARY


def _index(node: Expression) -> str:
    if not isinstance(node, Slice):
        return _at(node, _CONDITIONAL)
    text = ":".join(
        "" if end is None else _at(end, _CONDITIONAL) for end in (node.lower, node.upper)
    )
    return text if node.step is None else f"{text}:{_at(node.step, _CONDITIONAL)}"


def _slice(node: Slice) -> Written:
    """A slice outside of a subscript."""
    ends = (node.lower, node.upper, node.step)
    return (
        f"slice({', '.join('None' if end is None else _at(end, _ANY) for end in ends)})",
        _PRIMARY,
    )


def _unary(node: Unary) -> Written:
    if node.operator == "not":
        return f"not {_at(node.value, _NOT)}", _NOT
    return f"{node.operator}{_at(node.value, _UNARY)}", _UNARY


def _binary(node: Binary) -> Written:
    level = _BINARY[node.operator]
    if node.operator == "**":
        return f"{_at(node.left, _POWER + 0.5)} ** {_at(node.right, _UNARY)}", level
    left, right = _at(node.left, level), _at(node.right, level + 0.1)
    return f"{left} {node.operator} {right}", level


def _compare(node: Compare) -> Written:
    left, right = _at(node.left, _BITS), _at(node.right, _BITS)
    return f"{left} {node.operator} {right}", _COMPARE


def _logical(node: Logical) -> Written:
    chained = _chain(node)
    if chained:
        links = (f" {each.operator} {_at(each.right, _BITS)}" for each in chained)
        return _at(chained[0].left, _BITS) + "".join(links), _COMPARE
    level = _AND if node.operator == "and" else _OR
    return f"{_at(node.left, level)} {node.operator} {_at(node.right, level)}", level


def _chain(node: Expression) -> tuple[Compare, ...]:
    """``a < b < c``, where what stands twice is computed once; empty for all else."""
    if isinstance(node, Compare):
        return (node,)
    if not isinstance(node, Logical) or node.operator != "and":
        return ()
    left, right = _chain(node.left), _chain(node.right)
    linked = bool(left and right) and left[-1].right is right[0].left
    return left + right if linked else ()


def _sequence(node: Sequence) -> Written:
    items = ", ".join(_at(item, _ANY) for item in node.items)
    if node.kind == "set" and not node.items:
        return "set()", _PRIMARY
    comma = "," if node.kind == "tuple" and len(node.items) == 1 else ""
    opening, closing = _BRACKETS[node.kind]
    return f"{opening}{items}{comma}{closing}", _PRIMARY


def _mapping(node: Mapping) -> Written:
    pairs = (
        f"**{_at(value, _BITS)}"
        if isinstance(key, Starred)
        else f"{_at(key, _ANY)}: {_at(value, _ANY)}"
        for key, value in zip(node.keys, node.values, strict=True)
    )
    return f"{{{', '.join(pairs)}}}", _PRIMARY


def _conditional(node: Conditional) -> Written:
    then, test = _at(node.then, _OR), _at(node.test, _OR)
    return f"{then} if {test} else {_at(node.otherwise, _ANY)}", _CONDITIONAL


def _comprehension(node: Comprehension) -> Written:
    text = _at(node.element, _ANY)
    if node.key is not None:
        text = f"{_at(node.key, _ANY)}: {text}"
    for clause in node.clauses:
        text += f" for {', '.join(clause.targets)} in {_at(clause.iterable, _OR)}"
        text += "".join(f" if {_at(each, _OR)}" for each in clause.conditions)
    opening, closing = _BRACKETS[node.kind]
    return f"{opening}{text}{closing}", _PRIMARY


def _function(node: Function) -> Written:
    if not _is_plain_lambda(node):
        return line_of(node), _ANY
    return _lambda(node, [_at(each, _ANY) for each in node.defaults]), _ANY


def _joined(node: JoinedStr) -> Written:
    parts = (
        _placed(each) if isinstance(each, FormattedValue) else _literal(each)
        for each in node.values
    )
    return f'f"{"".join(parts)}"', _PRIMARY


def _literal(node: Expression) -> str:
    value = node.value if isinstance(node, Constant) else ""
    text = repr(str(value) + '"')[1:-2].replace('"', '\\"')
    return text.replace("{", "{{").replace("}", "}}")


def _placed(node: FormattedValue) -> str:
    text = _at(node.value, _CONDITIONAL)
    conversion = f"!{node.conversion}" if node.conversion else ""
    if node.format is None:
        return f"{{{text}{conversion}}}"
    inner = node.format.values if isinstance(node.format, JoinedStr) else (node.format,)
    parts = (
        _placed(each) if isinstance(each, FormattedValue) else _literal(each) for each in inner
    )
    return f"{{{text}{conversion}:{''.join(parts)}}}"


_WRITERS: dict[type, Callable[[Any], Written]] = {
    Constant: _constant,
    Name: lambda node: (node.name, _PRIMARY),
    Attribute: lambda node: (f"{_at(node.value, _PRIMARY)}.{node.name}", _PRIMARY),
    Call: _call,
    Subscript: _subscript,
    Slice: _slice,
    Unary: _unary,
    Binary: _binary,
    Compare: _compare,
    Logical: _logical,
    Starred: lambda node: (f"*{_at(node.value, _BITS)}", _CONDITIONAL),
    Sequence: _sequence,
    Mapping: _mapping,
    Conditional: _conditional,
    Comprehension: _comprehension,
    Import: lambda node: (node.module, _PRIMARY),
    FormattedValue: lambda node: (f'f"{_placed(node)}"', _PRIMARY),
    JoinedStr: _joined,
    Function: _function,
}
