"""Products and parts of matrices."""

# The functions of the table have the names and the meaning of TensorFlow's.
# ruff: noqa: D103

from __future__ import annotations

from typing import Any

from converter.model.description import TensorRef
from converter.ops.elementwise import tensor
from converter.ops.nodes import Nodes, NoForm, Result, Table, function, plain
from converter.ops.reductions import reduced

TABLE: Table = {}


@function(TABLE, "linalg.matmul")
def matmul(
    g: Nodes,
    a: Any,
    b: Any,
    transpose_a: Any = False,
    transpose_b: Any = False,
    adjoint_a: Any = False,
    adjoint_b: Any = False,
    a_is_sparse: Any = False,
    b_is_sparse: Any = False,
    output_type: Any = None,
    grad_a: Any = False,
    grad_b: Any = False,
) -> Result:
    of = g.dtype(a, b)
    left = _turned(g, g.tensor(a, of), transpose_a or adjoint_a)
    right = _turned(g, g.tensor(b, of), transpose_b or adjoint_b)
    return g.op("Matmul", left, right, gives=of, sized=_sized(g.shape(left), g.shape(right)))


def _turned(g: Nodes, x: Any, is_turned: Any) -> Any:
    if not is_turned:
        return x
    if not isinstance(x, TensorRef):
        return x.swapaxes(-1, -2)
    known = g.shape(x)
    sized = None if known is None else (*known[:-2], known[-1], known[-2])
    return g.op("Swapaxes", x, sized=sized, axis1=-1, axis2=-2)


def _sized(left: Any, right: Any) -> tuple[int | None, ...] | None:
    if left is None or right is None or len(right) > len(left):
        return None
    return (*left[:-1], right[-1])


@function(TABLE, "linalg.matvec")
def matvec(
    g: Nodes,
    a: Any,
    b: Any,
    transpose_a: Any = False,
    adjoint_a: Any = False,
    a_is_sparse: Any = False,
    b_is_sparse: Any = False,
) -> Result:
    column = g.op("ExpandDims", tensor(g, b), axis=-1)
    return g.op("Squeeze", matmul(g, a, column, transpose_a, False, adjoint_a), axis=-1)


@function(TABLE, "tensordot")
def tensordot(g: Nodes, a: Any, b: Any, axes: Any) -> Result:
    of, pairs = g.dtype(a, b), plain(axes)
    return g.op("Tensordot", g.tensor(a, of), g.tensor(b, of), gives=of, axes=pairs)


@function(TABLE, "linalg.diag_part")
def diag_part(
    g: Nodes, input: Any, k: Any = 0, padding_value: Any = 0, align: Any = "RIGHT_LEFT"
) -> Result:
    if not isinstance(plain(k), int):
        raise NoForm("it takes several diagonals")
    return g.op("Diagonal", tensor(g, input), offset=plain(k), axis1=-2, axis2=-1)


@function(TABLE, "linalg.trace")
def trace(g: Nodes, x: Any) -> Result:
    diagonal = diag_part(g, x)
    return reduced(g, "Sum", diagonal, -1)


@function(TABLE, "linalg.band_part")
def band_part(g: Nodes, input: Any, num_lower: Any, num_upper: Any) -> Result:
    """Triangles; a number below zero keeps all of that side."""
    kept = tensor(g, input)
    lower, upper = plain(num_lower), plain(num_upper)
    if upper >= 0:
        kept = g.op("Tril", kept, sized=g.shape(input), k=upper)
    if lower >= 0:
        kept = g.op("Triu", kept, sized=g.shape(input), k=-lower)
    return kept if kept != input else g.op("Copy", kept, sized=g.shape(input))


def _plain(class_name: str) -> Any:
    def write(g: Nodes, input: Any) -> Result:
        return g.op(class_name, tensor(g, input))

    return write


TABLE["linalg.det"] = _plain("Det")


@function(TABLE, "linalg.inv")
def inv(g: Nodes, input: Any, adjoint: Any = False) -> Result:
    inverse = g.op("Inv", tensor(g, input), sized=g.shape(input))
    return g.op("Swapaxes", inverse, axis1=-1, axis2=-2) if adjoint else inverse


@function(TABLE, "linalg.cross")
def cross(g: Nodes, a: Any, b: Any) -> Result:
    return g.op("Cross", a, b)


@function(TABLE, "kernel.einsum")
def einsum(g: Nodes, inputs: Any, equation: Any) -> Result:
    """The kernel of tf.einsum; a TFOpLambda of it holds the equation and none of the tensors."""
    of = g.dtype(inputs)
    return g.op("Einsum", *[g.tensor(each, of) for each in inputs], subscripts=equation)
