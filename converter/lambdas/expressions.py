"""What a function computes, as plain data; read from bytecode, and evaluated on symbols.

The names are those of Python's own ``ast``. A function is a line of assignments and one result,
since only such functions have a graph; everything else is `Unreadable`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from types import EllipsisType
from typing import Any

Value = None | bool | int | float | complex | str | bytes | EllipsisType | tuple[Any, ...]
"""What bytecode keeps as a constant."""


class Scope(Enum):
    """Where a name is looked up."""

    LOCAL = "local"
    GLOBAL = "global"
    CLOSURE = "closure"


@dataclass(frozen=True)
class Constant:
    """A value that stands in the code; equal to another only where its type is equal too."""

    value: Value

    def __eq__(self, other: object) -> bool:
        # Not the values themselves: 1 == True == 1.0 and 0.0 == -0.0.
        return isinstance(other, Constant) and repr(self.value) == repr(other.value)

    def __hash__(self) -> int:
        return hash(repr(self.value))


@dataclass(frozen=True)
class Name:
    """A parameter or a variable, a global, or a variable of an enclosing function."""

    name: str
    scope: Scope


@dataclass(frozen=True)
class Attribute:
    """``value.name``."""

    value: Expression
    name: str


@dataclass(frozen=True)
class Call:
    """``function(*arguments, **keywords)``; methods are calls of an `Attribute`.

    ``*value`` is an argument that is `Starred`, ``**value`` a keyword without a name.
    """

    function: Expression
    arguments: tuple[Expression, ...] = ()
    keywords: tuple[tuple[str, Expression], ...] = ()


@dataclass(frozen=True)
class Subscript:
    """``value[index]``."""

    value: Expression
    index: Expression


@dataclass(frozen=True)
class Slice:
    """``lower:upper:step`` in a subscript; None is left out."""

    lower: Expression | None = None
    upper: Expression | None = None
    step: Expression | None = None


@dataclass(frozen=True)
class Unary:
    """``-value``, ``+value``, ``~value``, ``not value``."""

    operator: str
    value: Expression


@dataclass(frozen=True)
class Binary:
    """``left + right`` and the like, with the operator as Python writes it."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Compare:
    """``left < right`` and the like, ``in`` and ``is`` among them."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Logical:
    """``left and right``, ``left or right``: the right one counts only where the left does not."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Starred:
    """``*value`` among the arguments of a call or the items of a sequence."""

    value: Expression


@dataclass(frozen=True)
class Sequence:
    """A tuple, a list or a set, by ``kind``."""

    kind: str
    items: tuple[Expression, ...]


@dataclass(frozen=True)
class Mapping:
    """A dictionary; the value of a key that is `Starred` is a mapping, taken in as a whole."""

    keys: tuple[Expression, ...]
    values: tuple[Expression, ...]


@dataclass(frozen=True)
class Conditional:
    """``then if test else otherwise``."""

    test: Expression
    then: Expression
    otherwise: Expression


@dataclass(frozen=True)
class Clause:
    """``for targets in iterable if condition``; several targets take the items of a sequence."""

    targets: tuple[str, ...]
    iterable: Expression
    conditions: tuple[Expression, ...] = ()


@dataclass(frozen=True)
class Comprehension:
    """``[element for …]`` of a ``kind``: ``list``, ``set``, ``dict`` or ``generator``.

    The first clause is the outermost; targets are local `Name` in what follows them. The element of
    a dictionary is its value, beside ``key``.
    """

    kind: str
    element: Expression
    clauses: tuple[Clause, ...]
    key: Expression | None = None


@dataclass(frozen=True)
class Import:
    """The module of that full name, as an ``import`` inside the function binds it."""

    module: str


@dataclass(frozen=True)
class FormattedValue:
    """``{value!conversion:format}`` in a text; the conversion is ``s``, ``r``, ``a`` or empty."""

    value: Expression
    conversion: str = ""
    format: Expression | None = None


@dataclass(frozen=True)
class JoinedStr:
    """A text with values in it, ``f"…"``: constants and `FormattedValue` in a row."""

    values: tuple[Expression, ...]


@dataclass(frozen=True)
class Assignment:
    """``name = value``; several names take the items of a sequence.

    Without a name the value is computed and dropped: a call for its effect alone. Where one object
    stands in several places (what a branch assigned and used twice), it is one value.
    """

    names: tuple[str, ...]
    value: Expression
    line: int


@dataclass(frozen=True)
class Function:
    """A function, also one inside another.

    Attributes:
        name: ``<lambda>`` for those without one.
        parameters: the positional ones, in order.
        variadic: the name of ``*args``, empty where there is none.
        keywords: the name of ``**kwargs``, empty where there is none.
        keyword_only: the parameters that are given by name only.
        body: what is assigned before the result, in order.
        result: what is returned.
        globals: the global names that are used, each once, in order of use.
        closure: the variables of enclosing functions, in the order of the stored cells.
        python: the release that compiled it, ``(3, 7)``; several releases may share a form. It is
            ``(3, 0)`` for Python 2 with ``from __future__ import division``, which divides like
            that, and empty for a function inside another.
        line: the first line in the source.
        file: the source file's name, as the bytecode keeps it.
        defaults: of parameters, for a function inside another.
    """

    name: str
    parameters: tuple[str, ...]
    variadic: str
    keywords: str
    keyword_only: tuple[str, ...]
    body: tuple[Assignment, ...]
    result: Expression
    globals: tuple[str, ...]
    closure: tuple[str, ...]
    python: tuple[int, ...]
    line: int
    file: str = ""
    defaults: tuple[Expression, ...] = ()


Expression = (
    Constant
    | Name
    | Attribute
    | Call
    | Subscript
    | Slice
    | Unary
    | Binary
    | Compare
    | Logical
    | Starred
    | Sequence
    | Mapping
    | Conditional
    | Comprehension
    | Import
    | FormattedValue
    | JoinedStr
    | Function
)
