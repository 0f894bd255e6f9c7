"""Sums, means, extremes and norms along axes."""

# The functions of the table have the names and the meaning of TensorFlow's.
# ruff: noqa: D103

from __future__ import annotations

from typing import Any

from converter.model.description import TensorRef
from converter.ops.elementwise import pair, tensor
from converter.ops.nodes import Nodes, NoForm, Result, Table, Value, axes, function, plain

TABLE: Table = {}

PLAIN = {
    "Max": "reduce_max",
    "Min": "reduce_min",
    "Prod": "reduce_prod",
    "Sum": "reduce_sum",
}
"""Reductions that keep the dtype."""

OF_BOOLEANS = {"All": "reduce_all", "Any": "reduce_any"}

OF_FLOATS = {
    "Logsumexp": "reduce_logsumexp",
    "Std": "reduce_std",
    "Var": "reduce_variance",
}
"""Reductions that are of floats alone."""

WIDENED = frozenset({"bool", "int8", "int16", "uint8", "uint16"})
"""Integers that Keras adds up in wider ones."""


def _names(name: str) -> list[str]:
    return [f"math.{name}", f"compat.v1.math.{name}"]


def _reduction(class_name: str) -> Any:
    def write(g: Nodes, input_tensor: Any, axis: Any = None, keepdims: Any = False) -> Result:
        if isinstance(input_tensor, list) and class_name == "Prod":
            return _product(g, input_tensor)
        return reduced(g, class_name, input_tensor, axis, keepdims)

    return write


def reduced(g: Nodes, class_name: str, x: Any, axis: Any, keepdims: Any = False) -> TensorRef:
    """One of Keras's reductions, in the dtype that TensorFlow keeps."""
    x, axis = tensor(g, x), axes(axis)
    if axis == []:
        raise NoForm("it reduces no axis")
    of = g.dtype(x)
    if class_name in ("Sum", "Prod") and (of is None or of in WIDENED):
        raise NoForm(f"it adds up or multiplies {of or 'what is not known'}")
    sized = _sized(g.shape(x), axis, keepdims)
    return g.op(class_name, x, sized=sized, axis=axis, keepdims=bool(keepdims))


def _sized(shape: Any, axis: Any, keepdims: Any) -> tuple[int | None, ...] | None:
    if shape is None:
        return None
    every = range(len(shape))
    gone = {each % len(shape) for each in _listed(axis)} if axis is not None else set(every)
    kept = [1 if n in gone else shape[n] for n in every if keepdims or n not in gone]
    return tuple(kept)


def _listed(axis: Any) -> list[int]:
    return axis if isinstance(axis, list) else [axis]


def _product(g: Nodes, sizes: list[Any]) -> Result:
    """Of a shape that is known in part."""
    total: Any = 1
    from converter.ops.elementwise import TABLE as elementwise

    for each in sizes:
        result = elementwise["math.multiply"](g, total, each)
        total = result.value if isinstance(result, Value) else result
    return Value(total)


for _table in (PLAIN, OF_BOOLEANS):
    for _class, _name in _table.items():
        TABLE.update({name: _reduction(_class) for name in _names(_name)})


def _of_floats(class_name: str) -> Any:
    def write(g: Nodes, input_tensor: Any, axis: Any = None, keepdims: Any = False) -> Result:
        if g.is_integer(input_tensor):
            raise NoForm("it is of integers")
        return reduced(g, class_name, input_tensor, axis, keepdims)

    return write


for _class, _name in OF_FLOATS.items():
    TABLE[f"math.{_name}"] = _of_floats(_class)
TABLE["compat.v1.math.reduce_logsumexp"] = _of_floats("Logsumexp")


@function(TABLE, *_names("reduce_mean"))
def reduce_mean(g: Nodes, input_tensor: Any, axis: Any = None, keepdims: Any = False) -> Result:
    if g.is_integer(input_tensor):
        raise NoForm("the mean of integers is one, cut off")
    return reduced(g, "Mean", input_tensor, axis, keepdims)


@function(TABLE, "math.reduce_euclidean_norm")
def reduce_euclidean_norm(
    g: Nodes, input_tensor: Any, axis: Any = None, keepdims: Any = False
) -> Result:
    if g.is_integer(input_tensor):
        raise NoForm("it is of integers")
    return _length(g, input_tensor, axis, keepdims)


def _length(g: Nodes, x: Any, axis: Any, keepdims: Any) -> TensorRef:
    return g.op("Sqrt", reduced(g, "Sum", g.op("Square", x, sized=g.shape(x)), axis, keepdims))


@function(TABLE, "norm", "compat.v1.norm")
def norm(
    g: Nodes, tensor: Any, ord: Any = "euclidean", axis: Any = None, keepdims: Any = None
) -> Result:
    """The norm of vectors, or the Frobenius norm of matrices."""
    of_matrices = isinstance(axis, list) and len(axis) == 2
    if ord in ("euclidean", "fro") or (ord in (2, 2.0) and not of_matrices):
        return _length(g, tensor, axis, keepdims)
    if of_matrices:
        raise NoForm(f"it is the norm {ord} of matrices")
    absolute = g.op("Absolute", tensor, sized=g.shape(tensor))
    if ord in (1, 1.0):
        return reduced(g, "Sum", absolute, axis, keepdims)
    if ord == float("inf"):
        return reduced(g, "Max", absolute, axis, keepdims)
    if not isinstance(ord, int | float) or ord <= 0:
        raise NoForm(f"it is the norm {ord}")
    powers = reduced(g, "Sum", g.op("Power", absolute, float(ord)), axis, keepdims)
    return g.op("Power", powers, 1.0 / ord)


@function(TABLE, "linalg.normalize")
def normalize(g: Nodes, tensor: Any, ord: Any = "euclidean", axis: Any = None) -> Result:
    length = norm(g, tensor, ord, axis, True)
    assert isinstance(length, TensorRef)
    return [g.op("TrueDivide", tensor, length), length]


def _place(class_name: str) -> Any:
    def write(
        g: Nodes, input: Any, axis: Any = None, output_type: Any = "int64", dimension: Any = None
    ) -> Result:
        axis = plain(axis if axis is not None else dimension)
        found = g.op(class_name, tensor(g, input), gives="int32", axis=0 if axis is None else axis)
        return g.cast(found, output_type)

    return write


for _class, _name in {"Argmax": "argmax", "Argmin": "argmin"}.items():
    TABLE.update({name: _place(_class) for name in _names(_name)})


@function(TABLE, "math.count_nonzero", "compat.v1.math.count_nonzero")
def count_nonzero(
    g: Nodes,
    input: Any,
    axis: Any = None,
    keepdims: Any = False,
    dtype: Any = "int64",
) -> Result:
    of = g.dtype(input)
    if of is None:
        raise NoForm("the dtype of its input is not known")
    other = input if of == "bool" else g.op("NotEqual", input, 0, gives="bool")
    ones = g.op("Cast", other, gives="int64", dtype="int64")
    return g.cast(g.op("Sum", ones, axis=axes(axis), keepdims=bool(keepdims)), dtype)


@function(TABLE, "math.zero_fraction")
def zero_fraction(g: Nodes, value: Any) -> Result:
    zeros = pair(g, "Equal", value, 0, "bool")
    return g.op("Mean", g.op("Cast", zeros, gives="float32", dtype="float32"))


@function(TABLE, "nn.moments", "compat.v1.nn.moments")
def moments(g: Nodes, x: Any, axes: Any, shift: Any = None, keepdims: Any = False) -> Result:
    if g.is_integer(x) or g.dtype(x) == "float16":
        raise NoForm("it is not of float32")
    mean = reduced(g, "Mean", x, axes, True)
    variance = reduced(g, "Mean", g.op("Square", g.op("Subtract", x, mean)), axes, keepdims)
    return [mean if keepdims else reduced(g, "Mean", x, axes), variance]
