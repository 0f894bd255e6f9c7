"""Evaluates what a Lambda's function computes on the symbols of a graph. Nothing is ever run.

The function's expressions are walked, and each call is looked up by name in tables of ours: those
of TensorFlow's functions (converter/ops), of ``keras.backend``, and of plain numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from converter.lambdas import calls, expressions, plain, tensors
from converter.lambdas.expressions import Expression, Function, Scope
from converter.lambdas.names import named, within
from converter.lambdas.values import (
    At,
    Inner,
    Method,
    Thing,
    constant,
    holds_size,
    is_tensor,
)
from converter.model.description import TensorRef
from converter.ops.nodes import FLOATS, NoForm, Size, Value

MOST_STEPS = 20_000
"""How many expressions may be evaluated for one call: functions can call each other."""
DEEPEST = 20
"""How many calls may stand inside each other."""

OPERATORS = {
    "+": "math.add",
    "-": "math.subtract",
    "*": "math.multiply",
    "/": "math.truediv",
    "//": "math.floordiv",
    "%": "math.floormod",
    "**": "math.pow",
    "@": "linalg.matmul",
    "<": "math.less",
    "<=": "math.less_equal",
    ">": "math.greater",
    ">=": "math.greater_equal",
    "==": "math.equal",
    "!=": "math.not_equal",
}
AT_INFERENCE = {
    Thing("keras.backend.in_train_phase"): 1,
    Thing("keras.backend.in_test_phase"): 0,
}
"""Choices between training and inference, and which argument they take at inference."""

OF_BOOLEANS = {"&": "math.logical_and", "|": "math.logical_or", "^": "math.logical_xor"}
OF_INTEGERS = {
    "&": "bitwise.bitwise_and",
    "|": "bitwise.bitwise_or",
    "^": "bitwise.bitwise_xor",
    "<<": "bitwise.left_shift",
    ">>": "bitwise.right_shift",
}


def evaluated(
    function: Function,
    arguments: Sequence[Any],
    keywords: Mapping[str, Any],
    variables: Mapping[str, Any],
    at: At,
) -> Any:
    """What a call of a function gives.

    Args:
        function: the function.
        arguments: what it gets by position: tensors, lists of them, numbers.
        keywords: what it gets by name, and the values of parameters that have defaults.
        variables: those of enclosing functions, by name.
        at: where it is evaluated.

    Raises:
        NoForm: why there is no exact form for it.
    """
    try:
        return _Evaluation(at).called(function, list(arguments), dict(keywords), variables)
    except RecursionError as error:
        raise NoForm("its expressions stand too deep in each other") from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise NoForm(f"it does not fit together ({error})") from error


class _Evaluation:
    def __init__(self, at: At) -> None:
        self.at = at
        self.steps = 0
        self.depth = 0
        at.call = self.apply

    def called(
        self,
        function: Function,
        arguments: list[Any],
        keywords: dict[str, Any],
        outside: Mapping[str, Any],
    ) -> Any:
        variables = {**outside, **bound(function, arguments, keywords)}
        self.depth += 1
        if self.depth > DEEPEST:
            raise NoForm("its function never comes to an end")
        for line in function.body:
            self._assign(line.names, self.value(line.value, variables), variables)
        found = self.value(function.result, variables)
        self.depth -= 1
        return found

    def _assign(self, names: tuple[str, ...], value: Any, variables: dict[str, Any]) -> None:
        if len(names) < 2:
            variables.update(dict.fromkeys(names, value))
            return
        items = self.items(value)
        if len(items) != len(names):
            raise NoForm(f"{len(names)} variables are given {len(items)} values")
        variables.update(zip(names, items, strict=True))

    def items(self, value: Any) -> list[Any]:
        """The items of what is a sequence."""
        if isinstance(value, Value) and isinstance(value.value, list):
            return [Value(each, value.dtype) for each in value.value]
        if not isinstance(value, list | tuple):
            raise NoForm("a tensor is taken apart, whose length may be open")
        return list(value)

    def value(self, expression: Expression, variables: Mapping[str, Any]) -> Any:
        """What an expression gives."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise NoForm("its function never comes to an end")
        form = FORMS.get(type(expression))
        if form is None:
            raise NoForm(f"it holds a {type(expression).__name__}")
        return form(self, expression, variables)

    # -- forms --------------------------------------------------------------------------------

    def constant(self, it: expressions.Constant, variables: Mapping[str, Any]) -> Any:
        return it.value

    def name(self, it: expressions.Name, variables: Mapping[str, Any]) -> Any:
        if it.scope is not Scope.GLOBAL:
            if it.name not in variables:
                raise NoForm(f"the file does not hold the value of '{it.name}'")
            return variables[it.name]
        return named(it.name)

    def attribute(self, it: expressions.Attribute, variables: Mapping[str, Any]) -> Any:
        owner = self.value(it.value, variables)
        if isinstance(owner, Thing):
            return within(owner, it.name)
        return tensors.attribute(self.at, owner, it.name)

    def call(self, it: expressions.Call, variables: Mapping[str, Any]) -> Any:
        function = self.value(it.function, variables)
        if isinstance(function, Thing) and function in AT_INFERENCE:
            self.at.notes.add("as it is at inference")
            if not it.keywords and len(it.arguments) == 2:
                return self._chosen(it.arguments[AT_INFERENCE[function]], variables)
        arguments = self._each(it.arguments, variables)
        keywords = {name: self.value(each, variables) for name, each in it.keywords}
        return self.apply(function, *arguments, **keywords)

    def apply(self, function: Any, *arguments: Any, **keywords: Any) -> Any:
        """What a call of a value gives."""
        if isinstance(function, Inner):
            inner = function.function
            defaults = dict(self._defaults(inner, function.variables))
            given = {**defaults, **keywords}
            return self.called(inner, list(arguments), given, function.variables)
        if isinstance(function, Method):
            return tensors.method(self.at, function, list(arguments), keywords)
        if not isinstance(function, Thing):
            raise NoForm("it calls what is no function")
        return calls.called(self.at, function.name, list(arguments), keywords)

    def _defaults(self, inner: Function, variables: Mapping[str, Any]) -> Any:
        last = inner.parameters[len(inner.parameters) - len(inner.defaults) :]
        for name, each in zip(last, inner.defaults, strict=True):
            yield name, self.value(each, variables)

    def _chosen(self, it: Expression, variables: Mapping[str, Any]) -> Any:
        found = self.value(it, variables)
        return self.apply(found) if isinstance(found, Inner) else found

    def _each(self, them: Sequence[Expression], variables: Mapping[str, Any]) -> list[Any]:
        """The values of expressions in a row, starred ones by their items."""
        found: list[Any] = []
        for each in them:
            if isinstance(each, expressions.Starred):
                found += self.items(self.value(each.value, variables))
            else:
                found.append(self.value(each, variables))
        return found

    def subscript(self, it: expressions.Subscript, variables: Mapping[str, Any]) -> Any:
        owner = self.value(it.value, variables)
        key = self.value(it.index, variables)
        if isinstance(owner, list | tuple | str):
            return _item(owner, key)
        if isinstance(owner, dict):
            return plain.computed(lambda items, name: items[name], owner, key)
        if isinstance(owner, np.ndarray):
            return plain.computed(lambda items, name: items[name], owner, key)
        return tensors.part(self.at, owner, key)

    def slice(self, it: expressions.Slice, variables: Mapping[str, Any]) -> Any:
        ends = (it.lower, it.upper, it.step)
        return slice(*(None if each is None else self.value(each, variables) for each in ends))

    def unary(self, it: expressions.Unary, variables: Mapping[str, Any]) -> Any:
        value = self.value(it.value, variables)
        if it.operator == "not" or not isinstance(value, TensorRef | Value | Size):
            return plain.computed(plain.UNARY[it.operator], value)
        if isinstance(value, Value | Size) and not holds_size(value):
            return constant(plain.computed(plain.UNARY[it.operator], _array(value)))
        if it.operator == "-":
            if isinstance(value, TensorRef):
                return self.at.tf("math.negative", value)
            return self.operate("*", value, -1)
        if it.operator == "+":
            return value
        is_bool = self.at.dtype(value) == "bool"
        return self.at.tf("math.logical_not" if is_bool else "bitwise.invert", value)

    def binary(self, it: expressions.Binary | expressions.Compare, variables: Any) -> Any:
        left = self.value(it.left, variables)
        return self.operate(it.operator, left, self.value(it.right, variables))

    def logical(self, it: expressions.Logical, variables: Mapping[str, Any]) -> Any:
        left = self.value(it.left, variables)
        takes_right = self._is_true(left) == (it.operator == "and")
        return self.value(it.right, variables) if takes_right else left

    def _is_true(self, value: Any) -> bool:
        if isinstance(value, list | tuple | dict):
            return bool(value)
        if is_tensor(value) or holds_size(value):
            raise NoForm("what it computes depends on what is in its tensors")
        return bool(plain.computed(bool, _array(value)))

    def operate(self, operator: str, left: Any, right: Any) -> Any:
        """A binary operator on whatever stands beside it."""
        if operator in ("is", "is not", "in", "not in"):
            return _identity(operator, left, right)
        if is_tensor(left) or is_tensor(right):
            if not isinstance(left, TensorRef) and not isinstance(right, TensorRef):
                return _joined(operator, left, right)
            return self.at.tf(self._function(operator, left, right), left, right)
        if operator == "/" and self._divides_integers(left, right):
            operator = "//"
        if isinstance(left, list | tuple) and isinstance(right, list | tuple):
            # Lists of lengths that are joined, or compared.
            return _joined(operator, left, right)
        is_value = isinstance(left, Value) or isinstance(right, Value)
        if holds_size(left) or holds_size(right):
            found = self.at.tf(self._function(operator, left, right), left, right)
            return found if is_value or not isinstance(found, Value) else found.value
        if is_value:
            return _of_constants(operator, left, right)
        return plain.operated(operator, left, right)

    def _divides_integers(self, left: Any, right: Any) -> bool:
        """Whether a ``/`` is Python 2's, which gives whole numbers for whole numbers."""
        values = [each.value if isinstance(each, Value) else each for each in (left, right)]
        whole = all(isinstance(each, int | Size) for each in values)
        return whole and self.at.python[0] == 2

    def _function(self, operator: str, left: Any, right: Any) -> str:
        tensor = left if isinstance(left, TensorRef | Value) else right
        if operator in OF_INTEGERS:
            is_bool = operator in OF_BOOLEANS and self.at.dtype(tensor) == "bool"
            return (OF_BOOLEANS if is_bool else OF_INTEGERS)[operator]
        if operator not in OPERATORS:
            raise NoForm(f"it has the operator {operator}")
        if operator in ("==", "!=") and self.at.of_tensorflow_2 is not True:
            raise NoForm(f"before TensorFlow 2, {operator} compared no elements")
        is_whole = isinstance(tensor, TensorRef) and self.at.dtype(tensor) not in FLOATS
        if operator == "/" and is_whole and self.at.python[0] == 2:
            return "math.floordiv"
        if is_whole and self.at.is_theano:
            raise NoForm("Theano makes other numbers of integers than TensorFlow")
        return OPERATORS[operator]

    def sequence(self, it: expressions.Sequence, variables: Mapping[str, Any]) -> Any:
        items = self._each(it.items, variables)
        if it.kind not in ("tuple", "list"):
            raise NoForm(f"it holds a {it.kind}")
        return tuple(items) if it.kind == "tuple" else items

    def mapping(self, it: expressions.Mapping, variables: Mapping[str, Any]) -> Any:
        keys = [self.value(each, variables) for each in it.keys]
        if not all(isinstance(each, str | int) for each in keys):
            raise NoForm("it holds a dictionary of tensors")
        return dict(zip(keys, (self.value(each, variables) for each in it.values), strict=True))

    def conditional(self, it: expressions.Conditional, variables: Mapping[str, Any]) -> Any:
        test = self._is_true(self.value(it.test, variables))
        return self.value(it.then if test else it.otherwise, variables)

    def comprehension(self, it: expressions.Comprehension, variables: Mapping[str, Any]) -> Any:
        if it.kind == "set":
            raise NoForm("it holds a set")
        found: list[Any] = []
        keys: list[Any] = []
        for inside in self._rounds(it.clauses, dict(variables)):
            if it.key is not None:
                keys.append(self.value(it.key, inside))
            found.append(self.value(it.element, inside))
        return found if it.key is None else dict(zip(keys, found, strict=True))

    def _rounds(
        self, clauses: Sequence[expressions.Clause], variables: dict[str, Any]
    ) -> Iterator[dict[str, Any]]:
        """The variables in each round of the clauses of a comprehension."""
        if not clauses:
            yield variables
            return
        first, *others = clauses
        for item in self.items(self.value(first.iterable, variables)):
            self._assign(first.targets, item, variables)
            if all(self._is_true(self.value(each, variables)) for each in first.conditions):
                yield from self._rounds(others, variables)

    def imported(self, it: expressions.Import, variables: Mapping[str, Any]) -> Any:
        return named(it.module)

    def function(self, it: Function, variables: Mapping[str, Any]) -> Any:
        return Inner(it, variables)


FORMS: dict[type, Callable[[_Evaluation, Any, Any], Any]] = {
    expressions.Constant: _Evaluation.constant,
    expressions.Name: _Evaluation.name,
    expressions.Attribute: _Evaluation.attribute,
    expressions.Call: _Evaluation.call,
    expressions.Subscript: _Evaluation.subscript,
    expressions.Slice: _Evaluation.slice,
    expressions.Unary: _Evaluation.unary,
    expressions.Binary: _Evaluation.binary,
    expressions.Compare: _Evaluation.binary,
    expressions.Sequence: _Evaluation.sequence,
    expressions.Mapping: _Evaluation.mapping,
    expressions.Conditional: _Evaluation.conditional,
    expressions.Logical: _Evaluation.logical,
    expressions.Comprehension: _Evaluation.comprehension,
    expressions.Import: _Evaluation.imported,
    Function: _Evaluation.function,
}


def bound(function: Function, arguments: list[Any], keywords: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a function with their values.

    Raises:
        NoForm: when one has none, or there is one too many.
    """
    names = function.parameters
    given = {**keywords, **dict(zip(names, arguments, strict=False))}
    rest = arguments[len(names) :]
    if rest and not function.variadic:
        raise NoForm(f"it is called with {len(arguments)} arguments and takes {len(names)}")
    for name in (*names, *function.keyword_only):
        if name not in given:
            raise NoForm(f"the file does not hold the value of its argument '{name}'")
    known = {*names, *function.keyword_only}
    other = {name: value for name, value in given.items() if name not in known}
    if other and not function.keywords:
        raise NoForm(f"it is given '{next(iter(other))}', which it does not take")
    found = {name: given[name] for name in known}
    if function.variadic:
        found[function.variadic] = tuple(rest)
    if function.keywords:
        found[function.keywords] = other
    return found


def accepts(function: Function, name: str) -> bool:
    """Whether a function has a parameter of that name, as Keras asks it."""
    return name in function.parameters or name in function.keyword_only


def _item(owner: Any, key: Any) -> Any:
    """An item or a part of a list."""
    if isinstance(key, Value):
        key = key.value
    if not isinstance(key, int | slice):
        raise NoForm("it takes an item by what is known only when the model runs")
    try:
        return owner[key]
    except (IndexError, TypeError, ValueError) as error:
        raise NoForm(f"it takes an item that is not there ({error})") from error


def _identity(operator: str, left: Any, right: Any) -> bool:
    """``is`` and ``in``, which look at no tensor."""
    if operator in ("is", "is not"):
        if isinstance(left, Size) or isinstance(right, Size):
            raise NoForm("it asks whether a length is known")
        same = left is right if left is None or right is None else left == right
        return bool(same) == (operator == "is")
    found = plain.operated(operator, left, right)
    return bool(found)


def _joined(operator: str, left: Any, right: Any) -> Any:
    """Lists with tensors or open lengths in them can be put behind each other."""
    together = isinstance(left, list | tuple) and type(left) is type(right)
    if operator == "+" and together:
        return left + right
    if operator == "*" and isinstance(right, int) and isinstance(left, list | tuple):
        return plain.operated("*", left, right)
    if operator in ("==", "!=") and not holds_size((left, right)) and not is_tensor((left, right)):
        return plain.operated(operator, left, right)
    raise NoForm(f"it takes {operator} of lists")


def _array(value: Any) -> Any:
    """A constant tensor as an array, so that it computes element by element."""
    if not isinstance(value, Value):
        return value
    array = np.asarray(value.value, value.dtype if value.dtype != "bfloat16" else "float32")
    return array if array.ndim else array[()]


def _of_constants(operator: str, left: Any, right: Any) -> Value:
    dtype = left.dtype if isinstance(left, Value) else right.dtype
    found = plain.operated(operator, _array(left), _array(right))
    is_comparison = operator in ("<", "<=", ">", ">=", "==", "!=")
    divides = operator == "/" and dtype not in FLOATS
    return constant(found, "bool" if is_comparison else "float64" if divides else dtype)
