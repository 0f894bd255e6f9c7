"""Functions of Python, ``math`` and NumPy on plain numbers and lists."""

from __future__ import annotations

import builtins
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from converter.lambdas.values import plain_python
from converter.ops.nodes import MOST_NUMBERS, NoForm

MOST_BITS = 4096
"""How large an integer may become."""

MATH = frozenset(
    {
        *("acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "ceil", "copysign", "cos"),
        *("cosh", "degrees", "erf", "erfc", "exp", "expm1", "fabs", "floor", "fmod", "gcd"),
        *("hypot", "isfinite", "isinf", "isnan", "log", "log10", "log1p", "log2", "pow", "radians"),
        *("sin", "sinh", "sqrt", "tan", "tanh", "trunc"),
    }
)
NUMBERS_OF_MATH = {"e": math.e, "inf": math.inf, "nan": math.nan, "pi": math.pi, "tau": math.tau}

NUMPY = frozenset(
    {
        *("abs", "absolute", "add", "any", "all", "arange", "arccos", "arcsin", "arctan", "argmax"),
        *("argmin", "array", "asarray", "atleast_1d", "ceil", "clip", "concatenate", "cos", "cosh"),
        *("cumsum", "diag", "divide", "dot", "exp", "expand_dims", "eye", "flip", "float32"),
        *("float64", "floor", "full", "identity", "int32", "int64", "linspace", "log", "log10"),
        *("log1p", "log2", "logspace", "matmul", "max", "maximum", "mean", "min", "minimum"),
        *("multiply", "negative", "ones", "ones_like", "outer", "power", "prod", "product"),
        *("repeat", "reshape", "round", "sign", "sin", "sinh", "sqrt", "square", "squeeze"),
        *("stack", "std", "subtract", "sum", "tan", "tanh", "tile", "transpose", "tril", "triu"),
        *("var", "vstack", "hstack", "where", "zeros", "zeros_like"),
    }
)
NUMBERS_OF_NUMPY = {**NUMBERS_OF_MATH, "newaxis": None}
SIZED_BY_ARGUMENT = frozenset(
    {"arange", "eye", "full", "identity", "linspace", "logspace", "ones", "repeat", "tile", "zeros"}
)
"""Functions whose result is as large as an argument says."""

BUILTINS: dict[str, Callable[..., Any]] = {
    name: getattr(builtins, name)
    for name in (
        *("abs", "all", "any", "bool", "dict", "divmod", "enumerate", "float", "int", "isinstance"),
        *("len", "list", "max", "min", "pow", "range", "reversed", "round", "slice", "sorted"),
        *("str", "sum", "tuple", "zip"),
    )
}
"""Those that do nothing but compute."""

TO_LISTS = frozenset({"enumerate", "range", "reversed", "zip"})
"""Functions that give their items one by one; here they are lists."""

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
    "@": operator.matmul,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "<<": operator.lshift,
    ">>": operator.rshift,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "is": operator.is_,
    "is not": operator.is_not,
    "in": lambda item, items: item in items,
    "not in": lambda item, items: item not in items,
}
UNARY: dict[str, Callable[[Any], Any]] = {
    "-": operator.neg,
    "+": operator.pos,
    "~": operator.invert,
    "not": operator.not_,
}


def computed(function: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
    """What a function of plain numbers gives.

    Raises:
        NoForm: when it gives none.
    """
    given = [plain_python(each) for each in arguments]
    named = {key: plain_python(each) for key, each in keywords.items()}
    try:
        with np.errstate(all="ignore"):
            return function(*given, **named)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise NoForm(f"a number in it can't be computed ({error})") from error


def operated(name: str, left: Any, right: Any) -> Any:
    """A binary operator on plain numbers, texts and lists.

    Raises:
        NoForm: when the result would be absurd, or there is none.
    """
    if name not in OPERATORS:
        raise NoForm(f"it has the operator {name}")
    _refuse_absurd(name, left, right)
    return computed(OPERATORS[name], left, right)


def _refuse_absurd(name: str, left: Any, right: Any) -> None:
    whole = isinstance(left, int) and isinstance(right, int)
    grows = name == "**" and whole and left.bit_length() * abs(right) > MOST_BITS
    shifts = name == "<<" and whole and right > MOST_BITS
    repeats = name == "*" and any(
        isinstance(one, list | tuple | str)
        and isinstance(count, int)
        and len(one) * count > MOST_NUMBERS
        for one, count in ((left, right), (right, left))
    )
    if grows or shifts or repeats:
        raise NoForm("it makes a number or a list that is absurdly large")


def builtin(name: str, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    """One of Python's own functions on plain values; lengths may stay open in lists."""
    if name in ("range", "pow"):
        _refuse_long(name, arguments)
    if name in ("list", "tuple", "zip", "enumerate", "reversed", "len"):
        return _of_lists(name, arguments)
    result = computed(BUILTINS[name], *arguments, **keywords)
    return list(result) if name in TO_LISTS else result


def _of_lists(name: str, arguments: list[Any]) -> Any:
    """Functions that look at no item."""
    if not all(isinstance(each, list | tuple | str | dict | range | int) for each in arguments):
        raise NoForm(f"it takes {name}() of a tensor")
    try:
        result = BUILTINS[name](*arguments)
    except TypeError as error:
        raise NoForm(str(error)) from error
    return list(result) if name in TO_LISTS else result


def _refuse_long(name: str, arguments: list[Any]) -> None:
    given = [plain_python(each) for each in arguments]
    if not all(isinstance(each, int | float) for each in given):
        raise NoForm(f"it takes {name}() of what is no number")
    if name == "pow":
        _refuse_absurd("**", *given[:2])
    elif name == "range" and len(computed(range, *given)) > MOST_NUMBERS:
        raise NoForm(f"it makes {len(range(*given)):,} numbers")


def of_math(name: str, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    """A function of ``math``."""
    if name not in MATH:
        raise NoForm(f"there is no form for math.{name}")
    return computed(getattr(math, name), *arguments, **keywords)


def of_numpy(name: str, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    """A function of NumPy on constants."""
    if name not in NUMPY:
        raise NoForm(f"there is no form for numpy.{name}")
    if name in SIZED_BY_ARGUMENT:
        numbers = np.asarray(
            [each for each in _flat([*arguments, *keywords.values()]) if _is_number(each)], float
        )
        if name in ("arange", "linspace", "logspace"):
            numbers = np.abs(numbers)
            absurd = numbers.sum() / max(np.min(numbers[numbers > 0], initial=1), 1e-9)
        else:
            absurd = np.prod(np.maximum(np.abs(numbers), 1))
        if not absurd <= MOST_NUMBERS:
            raise NoForm(f"numpy.{name} makes too many numbers")
    return computed(getattr(np, "prod" if name == "product" else name), *arguments, **keywords)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _flat(values: Any) -> list[Any]:
    return [
        item
        for each in values
        for item in (_flat(each) if isinstance(each, list | tuple) else [each])
    ]
