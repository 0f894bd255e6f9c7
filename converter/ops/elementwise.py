"""Operators and ``tf.math`` on each element, casts, comparisons and choices."""

# The functions of the table have the names and the meaning of TensorFlow's.
# ruff: noqa: D103

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from converter.model.description import TensorRef
from converter.ops.nodes import (
    FLOATS,
    Nodes,
    NoForm,
    Result,
    Size,
    Table,
    Value,
    axes,
    function,
    span,
)

TABLE: Table = {}

ONE = {
    "Absolute": "math.abs",
    "Arccos": "math.acos",
    "Arccosh": "math.acosh",
    "Arcsin": "math.asin",
    "Arcsinh": "math.asinh",
    "Arctan": "math.atan",
    "Arctanh": "math.atanh",
    "BitwiseInvert": "bitwise.invert",
    "Ceil": "math.ceil",
    "Copy": "identity guarantee_const",
    "Cos": "math.cos",
    "Cosh": "math.cosh",
    "Erf": "math.erf",
    "Erfc": "math.erfc",
    "Erfinv": "math.erfinv",
    "Exp": "math.exp",
    "Expm1": "math.expm1",
    "I0": "math.bessel_i0 math.special.bessel_i0",
    "Floor": "math.floor",
    "Log": "math.log",
    "Log1p": "math.log1p",
    "LogSigmoid": "math.log_sigmoid",
    "LogicalNot": "math.logical_not",
    "Negative": "math.negative",
    "Reciprocal": "math.reciprocal",
    "Round": "math.round math.rint",
    "Rsqrt": "math.rsqrt",
    "Sigmoid": "math.sigmoid",
    "Sign": "math.sign",
    "Sin": "math.sin",
    "Sinh": "math.sinh",
    "Softplus": "math.softplus",
    "Sqrt": "math.sqrt",
    "Square": "math.square",
    "StopGradient": "stop_gradient",
    "Tan": "math.tan",
    "Tanh": "math.tanh",
}
"""Functions of one tensor that one op computes."""

TESTS = {
    "Isfinite": "math.is_finite",
    "Isinf": "math.is_inf",
    "Isnan": "math.is_nan",
}
"""The same, giving booleans."""

TWO = {
    "Add": "math.add __operators__.add",
    "DivideNoNan": "math.divide_no_nan",
    "LogicalAnd": "math.logical_and",
    "LogicalOr": "math.logical_or",
    "LogicalXor": "math.logical_xor",
    "Maximum": "math.maximum",
    "Minimum": "math.minimum",
    "Multiply": "math.multiply",
    "Power": "math.pow",
    "Subtract": "math.subtract",
}
"""Functions of two tensors that one op computes."""

OF_BITS = {
    "BitwiseAnd": "bitwise.bitwise_and",
    "BitwiseLeftShift": "bitwise.left_shift",
    "BitwiseOr": "bitwise.bitwise_or",
    "BitwiseRightShift": "bitwise.right_shift",
    "BitwiseXor": "bitwise.bitwise_xor",
}
"""The same, of arrays alone: these take no plain numbers."""

COMPARISONS = {
    "Equal": "math.equal",
    "Greater": "math.greater",
    "GreaterEqual": "math.greater_equal",
    "Less": "math.less",
    "LessEqual": "math.less_equal",
    "NotEqual": "math.not_equal",
}
"""The same, giving booleans."""

NUMBERS: dict[str, Callable[[Any, Any], Any]] = {
    "Add": operator.add,
    "Equal": operator.eq,
    "Greater": operator.gt,
    "GreaterEqual": operator.ge,
    "Less": operator.lt,
    "LessEqual": operator.le,
    "NotEqual": operator.ne,
    "FloorDivide": operator.floordiv,
    "Maximum": max,
    "Minimum": min,
    "Mod": operator.mod,
    "Multiply": operator.mul,
    "Subtract": operator.sub,
    "TrueDivide": operator.truediv,
}
"""What is done to numbers that are known without a node."""


def _one(class_name: str, dtype: str | None = None) -> Any:
    def write(g: Nodes, x: Any) -> Result:
        return g.op(class_name, tensor(g, x), gives=dtype, sized=g.shape(x))

    return write


def _two(class_name: str, dtype: str | None = None) -> Any:
    def write(g: Nodes, x: Any, y: Any) -> Result:
        folded = _of_sizes(class_name, x, y)
        return folded if folded is not None else pair(g, class_name, x, y, dtype)

    return write


def _of_bits(class_name: str) -> Any:
    def write(g: Nodes, x: Any, y: Any) -> Result:
        of = g.dtype(x, y)
        x, y = g.tensor(x, of), g.tensor(y, of)
        return g.op(class_name, x, y, gives=of, sized=g.broadcast(x, y))

    return write


for _class, _names in ONE.items():
    TABLE.update({name: _one(_class) for name in _names.split()})
for _class, _names in TESTS.items():
    TABLE.update({name: _one(_class, "bool") for name in _names.split()})
for _class, _names in TWO.items():
    TABLE.update({name: _two(_class) for name in _names.split()})
for _class, _names in OF_BITS.items():
    TABLE.update({name: _of_bits(_class) for name in _names.split()})
for _class, _names in COMPARISONS.items():
    TABLE.update({name: _two(_class, "bool") for name in _names.split()})


def tensor(g: Nodes, x: Any) -> TensorRef:
    """The argument, which has to be a tensor of the graph."""
    if isinstance(x, TensorRef):
        return x
    if isinstance(x, list):
        made = g.tensor(x, g.dtype(x) or "float32")
        if isinstance(made, TensorRef):
            return made
    raise NoForm("its argument is a constant")


def pair(g: Nodes, class_name: str, x: Any, y: Any, dtype: str | None = None) -> TensorRef:
    """An op on two tensors, or on a tensor and a constant on either side."""
    of = g.dtype(x, y)
    x, y = g.operand(x, of), g.operand(y, of)
    return g.op(class_name, x, y, gives=dtype or of, sized=g.broadcast(x, y))


def _of_sizes(class_name: str, x: Any, y: Any) -> Value | None:
    """Arithmetic with lengths of axes, which needs no node; None where a tensor is involved."""
    if isinstance(x, list) or isinstance(y, list):
        return _of_shapes(class_name, x, y)
    if not all(isinstance(each, int | float | Size) for each in (x, y)):
        return None
    if not any(isinstance(each, Size) for each in (x, y)):
        return _number(NUMBERS[class_name](x, y)) if class_name in NUMBERS else None
    if class_name == "Subtract" and x == y and x != Size(()):
        return Value(0)
    if class_name != "Multiply":
        return Value(Size(()))
    product = Size(())
    for each in (x, y):
        if isinstance(each, Size):
            product = Size(product.axes + each.axes, product.factor * each.factor)
        elif isinstance(each, int):
            product = Size(product.axes, product.factor * each)
    return Value(product)


def _number(value: Any) -> Value:
    return Value(value, {bool: "bool", float: "float32"}.get(type(value), "int32"))


def _of_shapes(class_name: str, x: Any, y: Any) -> Value | None:
    """Arithmetic with each length of a shape; None where there is something else."""
    count = len(x if isinstance(x, list) else y)
    ones, others = (each if isinstance(each, list) else [each] * count for each in (x, y))
    if len(ones) != len(others):
        return None
    numbers = int | float | Size
    if not all(isinstance(each, numbers) for each in (*ones, *others)):
        return None
    found = [_of_sizes(class_name, *each) for each in zip(ones, others, strict=True)]
    values = [each for each in found if each is not None]
    if len(values) < count:
        return None
    return Value([each.value for each in values], values[0].dtype if values else "int32")


@function(TABLE, "math.truediv", "math.divide", "realdiv")
def truediv(g: Nodes, x: Any, y: Any) -> Result:
    """Integers are divided in the precision that TensorFlow takes for them."""
    folded = _of_sizes("TrueDivide", x, y)
    if folded is not None:
        return folded
    of = g.dtype(x, y)
    if of is not None and of not in FLOATS:
        wide = "float32" if of in ("int8", "uint8", "int16", "uint16") else "float64"
        x, y = (g.cast(each, wide) if isinstance(each, TensorRef) else each for each in (x, y))
        x, y = (float(each) if isinstance(each, int) else each for each in (x, y))
    return pair(g, "TrueDivide", x, y)


@function(TABLE, "compat.v1.div")
def div(g: Nodes, x: Any, y: Any) -> Result:
    """As Python 2 divides: integers give integers."""
    of = g.dtype(x, y)
    return truediv(g, x, y) if of in FLOATS else floordiv(g, x, y)


@function(TABLE, "math.floordiv", "compat.v1.floor_div")
def floordiv(g: Nodes, x: Any, y: Any) -> Result:
    folded = _of_sizes("FloorDivide", x, y)
    return folded if folded is not None else pair(g, "FloorDivide", x, y)


@function(TABLE, "math.floormod")
def floormod(g: Nodes, x: Any, y: Any) -> Result:
    folded = _of_sizes("Mod", x, y)
    return folded if folded is not None else pair(g, "Mod", x, y)


@function(TABLE, "ensure_shape")
def ensure_shape(g: Nodes, x: Any, shape: Any) -> Result:
    return g.op("Copy", tensor(g, x), sized=g.shape(x))


@function(TABLE, "debugging.check_numerics")
def check_numerics(g: Nodes, x: Any, message: Any) -> Result:
    """What is finite is handed on; for what is not, TensorFlow stops."""
    return g.op("Copy", tensor(g, x), sized=g.shape(x))


@function(TABLE, "math.atan2")
def atan2(g: Nodes, y: Any, x: Any) -> Result:
    return pair(g, "Arctan2", y, x)


@function(TABLE, "truncatediv")
def truncatediv(g: Nodes, x: Any, y: Any) -> Result:
    """The quotient of the absolute values, with the sign of the quotient."""
    return _truncated(g, x, y)


def _truncated(g: Nodes, x: Any, y: Any) -> TensorRef:
    if not g.is_integer(x, y):
        raise NoForm("it is not one of integers")
    whole = [_absolute(g, each) for each in (x, y)]
    sign = pair(g, "Multiply", _sign(g, x), _sign(g, y))
    return g.op("Multiply", pair(g, "FloorDivide", *whole), sign)


def _absolute(g: Nodes, x: Any) -> Any:
    return g.op("Absolute", x) if isinstance(x, TensorRef) else abs(x)


def _sign(g: Nodes, x: Any) -> Any:
    return g.op("Sign", x) if isinstance(x, TensorRef) else (x > 0) - (x < 0)


@function(TABLE, "truncatemod")
def truncatemod(g: Nodes, x: Any, y: Any) -> Result:
    return pair(g, "Subtract", x, pair(g, "Multiply", _truncated(g, x, y), y))


@function(TABLE, "math.squared_difference")
def squared_difference(g: Nodes, x: Any, y: Any) -> Result:
    return g.op("Square", pair(g, "Subtract", x, y))


@function(TABLE, "math.reciprocal_no_nan")
def reciprocal_no_nan(g: Nodes, x: Any) -> Result:
    return g.op("DivideNoNan", g.op("OnesLike", tensor(g, x)), x)


@function(TABLE, "math.multiply_no_nan")
def multiply_no_nan(g: Nodes, x: Any, y: Any) -> Result:
    """Zero wherever y is, even where x is not finite."""
    product = pair(g, "Multiply", x, y)
    return g.op("Where", pair(g, "Equal", y, 0.0, "bool"), 0.0, product, gives=g.dtype(x, y))


@function(TABLE, "math.xlogy")
def xlogy(g: Nodes, x: Any, y: Any) -> Result:
    """Zero wherever x is, even where the logarithm is not finite."""
    log = g.op("Log", tensor(g, y))
    return _unless_zero(g, x, pair(g, "Multiply", x, log))


@function(TABLE, "math.xlog1py")
def xlog1py(g: Nodes, x: Any, y: Any) -> Result:
    log = g.op("Log1p", tensor(g, y))
    return _unless_zero(g, x, pair(g, "Multiply", x, log))


@function(TABLE, "math.xdivy")
def xdivy(g: Nodes, x: Any, y: Any) -> Result:
    return _unless_zero(g, x, pair(g, "TrueDivide", x, y))


def _unless_zero(g: Nodes, x: Any, otherwise: TensorRef) -> TensorRef:
    of = g.dtype(otherwise)
    return g.op("Where", g.op("Equal", x, 0.0, gives="bool"), 0.0, otherwise, gives=of)


@function(TABLE, "math.add_n", "math.accumulate_n")
def add_n(g: Nodes, inputs: Any, shape: Any = None, tensor_dtype: Any = None) -> Result:
    items = inputs if isinstance(inputs, list) else [inputs]
    total = items[0] if len(items) > 1 else g.op("Copy", items[0])
    for each in items[1:]:
        total = pair(g, "Add", total, each)
    return total


@function(TABLE, "math.scalar_mul", "compat.v1.math.scalar_mul")
def scalar_mul(g: Nodes, scalar: Any, x: Any) -> Result:
    return pair(g, "Multiply", scalar, x)


@function(TABLE, "clip_by_value")
def clip_by_value(g: Nodes, t: Any, clip_value_min: Any, clip_value_max: Any) -> Result:
    return pair(g, "Maximum", pair(g, "Minimum", t, clip_value_max), clip_value_min)


@function(TABLE, "where")
def where(g: Nodes, condition: Any, x: Any = None, y: Any = None) -> Result:
    """A choice between two; where no choice is given, its result has no fixed shape."""
    if x is None or y is None:
        raise NoForm("the positions of what is true have no fixed shape")
    if isinstance(condition, list) and isinstance(x, list) and isinstance(y, list):
        return Value([a if c else b for c, a, b in zip(condition, x, y, strict=True)])
    # Beside constants alone the dtype is TensorFlow's default for them.
    of = g.dtype(x, y) or ("float32" if _has_floats([x, y]) else "int32")
    x, y = (_full(g, each, of) for each in (x, y))
    shape = g.broadcast(condition, x, y)
    return g.op("Where", tensor(g, condition), x, y, gives=of, sized=shape)


@function(TABLE, "compat.v1.where")
def where_of_version_1(g: Nodes, condition: Any, x: Any = None, y: Any = None) -> Result:
    """Of arrays of one shape; it chooses whole rows where its condition is a vector."""
    if x is None or y is None or g.rank(condition) != g.rank(x):
        raise NoForm("it chooses whole rows where its condition is a vector")
    return where(g, condition, x, y)


@function(TABLE, "math.nextafter")
def nextafter(g: Nodes, x1: Any, x2: Any) -> Result:
    of = g.dtype(x1, x2)
    return g.op(
        "Nextafter", g.tensor(x1, of), g.tensor(x2, of), gives=of, sized=g.broadcast(x1, x2)
    )


@function(TABLE, "math.polyval")
def polyval(g: Nodes, coeffs: Any, x: Any) -> Result:
    total = coeffs[0]
    for each in coeffs[1:]:
        total = pair(g, "Add", each, pair(g, "Multiply", total, x))
    return total if isinstance(total, TensorRef) else Value(total, "float32")


def _full(g: Nodes, value: Any, dtype: str) -> Any:
    """A constant beside a tensor as it is, else as an array, which has a dtype."""
    return value if isinstance(value, TensorRef) else g.tensor(value, dtype)


def _has_floats(value: Any) -> bool:
    if isinstance(value, list):
        return any(_has_floats(each) for each in value)
    return isinstance(value, float)


@function(TABLE, "cast")
def cast(g: Nodes, x: Any, dtype: Any) -> Result:
    if isinstance(x, int | float | Size):
        return Value(x, str(dtype))
    if dtype in ("complex64", "complex128"):
        from converter.ops.complexes import from_real

        return from_real(g, x, dtype)
    if not isinstance(dtype, str) or dtype.startswith(("q", "string")):
        raise NoForm(f"it casts to {dtype}")
    return g.op("Cast", tensor(g, x), gives=dtype, sized=g.shape(x), dtype=dtype)


@function(TABLE, "dtypes.saturate_cast")
def saturate_cast(g: Nodes, value: Any, dtype: Any) -> Result:
    return g.op("SaturateCast", tensor(g, value), gives=dtype, sized=g.shape(value), dtype=dtype)


for _name, _dtype in {
    "to_float": "float32",
    "to_bfloat16": "bfloat16",
    "to_double": "float64",
    "to_int32": "int32",
    "to_int64": "int64",
}.items():
    TABLE[f"compat.v1.{_name}"] = lambda g, x, dtype=_dtype: cast(g, x, dtype)


@function(TABLE, "ones_like", "compat.v1.ones_like")
def ones_like(g: Nodes, input: Any, dtype: Any = None, optimize: Any = True) -> Result:
    if isinstance(input, list):
        return Value(np.ones(np.shape(plain_shape(input)), dtype="int32").tolist())
    return g.cast(g.op("OnesLike", tensor(g, input), sized=g.shape(input)), dtype)


def plain_shape(lengths: list[Any]) -> list[Any]:
    """Lengths of which none is open: only how many they are matters."""
    return [0 if isinstance(each, Size) else each for each in lengths]


@function(TABLE, "zeros_like", "compat.v1.zeros_like")
def zeros_like(g: Nodes, input: Any, dtype: Any = None, optimize: Any = True) -> Result:
    return g.cast(g.op("ZerosLike", tensor(g, input), sized=g.shape(input)), dtype)


@function(TABLE, "math.cumsum")
def cumsum(g: Nodes, x: Any, axis: Any = 0, exclusive: Any = False, reverse: Any = False) -> Result:
    return _cumulated(g, "Cumsum", "ZerosLike", x, axes(axis), exclusive, reverse)


@function(TABLE, "math.cumprod")
def cumprod(
    g: Nodes, x: Any, axis: Any = 0, exclusive: Any = False, reverse: Any = False
) -> Result:
    return _cumulated(g, "Cumprod", "OnesLike", x, axes(axis), exclusive, reverse)


def _cumulated(
    g: Nodes, class_name: str, first: str, x: Any, axis: int, exclusive: bool, reverse: bool
) -> TensorRef:
    """Exclusive ones leave out the place itself: they begin with what changes nothing."""
    items = g.op("Flip", x, axis=axis) if reverse else x
    if exclusive:
        begin = g.op(first, g.op("GetItem", items, g.along(items, axis, span(0, 1))))
        rest = g.op("GetItem", items, g.along(items, axis, span(None, -1)))
        items = g.op("Concatenate", [begin, rest], axis=axis)
    total = g.op(class_name, items, axis=axis, sized=g.shape(x))
    return g.op("Flip", total, axis=axis, sized=g.shape(x)) if reverse else total
