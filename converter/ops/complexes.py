"""Complex numbers, as pairs of tensors: what makes them and what takes them."""

# The functions of the table have the names and the meaning of TensorFlow's.
# ruff: noqa: D103

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from converter.model.description import TensorRef
from converter.ops.elementwise import tensor
from converter.ops.nodes import Complex, Nodes, NoForm, Result, Table, Value, function

TABLE: Table = {}
OF_COMPLEX: Table = {}
"""What these functions do when an argument is complex."""

REAL_OF = {"complex64": "float32", "complex128": "float64"}


def value_of(real: TensorRef, imaginary: TensorRef) -> Value:
    """What stands for a complex tensor."""
    return Value(Complex(real, imaginary), "complex64")


def parts(g: Nodes, x: Any) -> Complex:
    """The parts of a complex tensor or of a real one."""
    if isinstance(x, Complex):
        return x
    real = tensor(g, x)
    return Complex(real, g.op("ZerosLike", real, sized=g.shape(real)))


@function(TABLE, "dtypes.complex")
def complex_(g: Nodes, real: Any, imag: Any) -> Result:
    return value_of(tensor(g, real), tensor(g, imag))


@function(TABLE, "math.real")
def real_of_real(g: Nodes, input: Any) -> Result:
    return g.op("Copy", tensor(g, input), sized=g.shape(input))


@function(TABLE, "math.conj")
def conj_of_real(g: Nodes, x: Any) -> Result:
    return g.op("Copy", tensor(g, x), sized=g.shape(x))


@function(TABLE, "math.imag")
def imaginary_of_real(g: Nodes, input: Any) -> Result:
    return g.op("ZerosLike", tensor(g, input), sized=g.shape(input))


@function(TABLE, "math.angle")
def angle_of_real(g: Nodes, input: Any) -> Result:
    given = tensor(g, input)
    zeros = g.op("ZerosLike", given, sized=g.shape(input))
    return g.op("Arctan2", zeros, given, sized=g.shape(input))


@function(OF_COMPLEX, "math.real")
def real(g: Nodes, input: Any) -> Result:
    return g.op("Copy", input.real, sized=g.shape(input.real))


@function(OF_COMPLEX, "math.imag")
def imag(g: Nodes, input: Any) -> Result:
    return g.op("Copy", input.imaginary, sized=g.shape(input.real))


@function(OF_COMPLEX, "math.abs")
def absolute(g: Nodes, x: Any) -> Result:
    squares = [g.op("Square", each, sized=g.shape(each)) for each in (x.real, x.imaginary)]
    return g.op("Sqrt", g.op("Add", *squares, sized=g.shape(x.real)), sized=g.shape(x.real))


TABLE["kernel.ComplexAbs"] = OF_COMPLEX["kernel.ComplexAbs"] = absolute


@function(OF_COMPLEX, "math.angle")
def angle(g: Nodes, input: Any) -> Result:
    return g.op("Arctan2", input.imaginary, input.real, sized=g.shape(input.real))


@function(OF_COMPLEX, "math.conj")
def conj(g: Nodes, x: Any) -> Result:
    return value_of(x.real, g.op("Negative", x.imaginary, sized=g.shape(x.real)))


def _sum(class_name: str) -> Callable[..., Result]:
    def write(g: Nodes, x: Any, y: Any) -> Result:
        x, y = parts(g, x), parts(g, y)
        sized = g.broadcast(x.real, y.real)
        pairs = ((x.real, y.real), (x.imaginary, y.imaginary))
        return value_of(*[g.op(class_name, *pair, sized=sized) for pair in pairs])

    return write


OF_COMPLEX["math.add"] = OF_COMPLEX["__operators__.add"] = _sum("Add")
OF_COMPLEX["math.subtract"] = _sum("Subtract")


@function(OF_COMPLEX, "math.multiply")
def multiply(g: Nodes, x: Any, y: Any) -> Result:
    x, y = parts(g, x), parts(g, y)
    sized = g.broadcast(x.real, y.real)

    def product(one: TensorRef, other: TensorRef) -> TensorRef:
        return g.op("Multiply", one, other, sized=sized)

    plain = g.op(
        "Subtract", product(x.real, y.real), product(x.imaginary, y.imaginary), sized=sized
    )
    crossed = g.op("Add", product(x.real, y.imaginary), product(x.imaginary, y.real), sized=sized)
    return value_of(plain, crossed)


@function(OF_COMPLEX, "cast")
def cast(g: Nodes, x: Any, dtype: Any) -> Result:
    """To other complex numbers, or the real part."""
    if dtype in REAL_OF:
        of = REAL_OF[dtype]
        return value_of(g.cast(x.real, of), g.cast(x.imaginary, of))
    return g.op("Cast", x.real, gives=dtype, sized=g.shape(x.real), dtype=dtype)


def from_real(g: Nodes, x: Any, dtype: str) -> Value:
    """A real tensor as complex numbers."""
    real_part = g.cast(tensor(g, x), REAL_OF[dtype])
    made = parts(g, real_part)
    return value_of(made.real, made.imaginary)


BOTH = (
    "__operators__.getitem compat.v1.squeeze compat.v1.transpose concat expand_dims identity"
    " math.negative math.reduce_mean math.reduce_sum pad reshape reverse roll squeeze stack tile"
    " transpose compat.v1.pad signal.fftshift signal.ifftshift"
)
"""Functions that do the same to both parts."""


def both(function_: Callable[..., Result]) -> Callable[..., Result]:
    """A function of real tensors for complex ones."""

    def write(g: Nodes, first: Any, **given: Any) -> Result:
        found = [function_(g, _part(first, each), **given) for each in ("real", "imaginary")]
        if not all(isinstance(each, TensorRef) for each in found):
            raise NoForm("it is of complex numbers")
        return value_of(*[each for each in found if isinstance(each, TensorRef)])

    return write


def _part(value: Any, name: str) -> Any:
    if isinstance(value, list):
        return [_part(each, name) for each in value]
    return getattr(value, name) if isinstance(value, Complex) else value
