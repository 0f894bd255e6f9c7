"""Products and parts of matrices."""

# The functions of the table have the names and the meaning of TensorFlow's.
# ruff: noqa: D103

from __future__ import annotations

from typing import Any

import numpy as np

from converter.model.description import TensorRef
from converter.ops.elementwise import tensor
from converter.ops.nodes import Nodes, NoForm, Result, Table, function, plain, room
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


def _plain(class_name: str, keeps_shape: bool) -> Any:
    def write(g: Nodes, input: Any) -> Result:
        known = g.shape(input)
        sized = known if keeps_shape or known is None else known[:-2]
        return g.op(class_name, tensor(g, input), sized=sized)

    return write


TABLE["linalg.det"] = _plain("Det", False)
TABLE["linalg.cholesky"] = _plain("Cholesky", True)


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


def _square(g: Nodes, x: Any) -> int:
    known = g.shape(x)
    if known is None or known[-1] is None or known[-1] != known[-2]:
        raise NoForm("the size of its matrices is not known, or they are not square")
    return known[-1]


@function(TABLE, "linalg.solve")
def solve(g: Nodes, matrix: Any, rhs: Any, adjoint: Any = False) -> Result:
    of = g.dtype(matrix, rhs)
    left, right = g.tensor(matrix, of), g.tensor(rhs, of)
    if g.rank(left) != g.rank(right):
        raise NoForm("its matrices have different numbers of axes")
    return g.op("Solve", _turned(g, left, adjoint), right, gives=of, sized=g.shape(right))


@function(TABLE, "linalg.triangular_solve")
def triangular_solve(
    g: Nodes, matrix: Any, rhs: Any, lower: Any = True, adjoint: Any = False
) -> Result:
    """Keras looks at one triangle too; turned around, at the other."""
    of = g.dtype(matrix, rhs)
    left, right = g.tensor(matrix, of), g.tensor(rhs, of)
    if g.rank(left) != g.rank(right):
        raise NoForm("its matrices have different numbers of axes")
    if adjoint:
        # What lies in the other triangle must not be seen after turning.
        kept = g.op("Tril" if lower else "Triu", left, sized=g.shape(left), k=0)
        left, lower = _turned(g, kept, True), not lower
    sized = g.shape(right)
    return g.op("SolveTriangular", left, right, gives=of, sized=sized, lower=bool(lower))


@function(TABLE, "linalg.cholesky_solve")
def cholesky_solve(g: Nodes, chol: Any, rhs: Any) -> Result:
    return triangular_solve(g, chol, triangular_solve(g, chol, rhs), adjoint=True)


@function(TABLE, "linalg.pinv")
def pinv(g: Nodes, a: Any, rcond: Any = None, validate_args: Any = False) -> Result:
    if rcond is not None:
        raise NoForm("it has a limit of its own for small singular values")
    known = g.shape(a)
    sized = None if known is None else (*known[:-2], known[-1], known[-2])
    return g.op("Pinv", tensor(g, a), sized=sized, rcond=None)


@function(TABLE, "linalg.svd")
def svd(g: Nodes, tensor: Any, full_matrices: Any = False, compute_uv: Any = True) -> Result:
    """Singular values; the vectors' signs are what the machine makes of them."""
    if compute_uv:
        raise NoForm("its vectors may point the other way on another machine")
    known = g.shape(tensor)
    sized = None
    if known is not None:
        sides = (known[-2], known[-1])
        least = None if sides[0] is None or sides[1] is None else min(sides[0], sides[1])
        sized = (*known[:-2], least)
    return g.op("SVD", tensor, sized=sized, full_matrices=bool(full_matrices), compute_uv=False)


@function(TABLE, "linalg.eigvalsh")
def eigvalsh(g: Nodes, tensor: Any) -> Result:
    known = g.shape(tensor)
    node = g.op("Eigh", tensor, sized=None if known is None else known[:-1])
    values, _ = g.outputs(node, 2)
    return values


@function(TABLE, "linalg.logdet")
def logdet(g: Nodes, matrix: Any) -> Result:
    factor = g.op("Cholesky", tensor(g, matrix), sized=g.shape(matrix))
    logs = g.op("Log", g.op("Diagonal", factor, offset=0, axis1=-2, axis2=-1))
    return g.op("Multiply", g.op("Sum", logs, axis=-1, keepdims=False), 2.0)


@function(TABLE, "linalg.diag")
def diag(
    g: Nodes,
    diagonal: Any,
    k: Any = 0,
    num_rows: Any = -1,
    num_cols: Any = -1,
    padding_value: Any = 0,
    align: Any = "RIGHT_LEFT",
) -> Result:
    known = g.shape(diagonal)
    if plain(k) != 0 or (plain(num_rows), plain(num_cols)) != (-1, -1):
        raise NoForm("it sets other diagonals than the main one")
    if known is None or known[-1] is None:
        raise NoForm("the length of its last axis is not known")
    room(known[-1], known[-1])
    at = np.eye(known[-1], dtype=bool)
    spread = g.op("ExpandDims", tensor(g, diagonal), axis=-1)
    of = g.dtype(diagonal)
    padding = g.operand(padding_value, of)
    return g.op("Where", at, spread, padding, gives=of, sized=(*known, known[-1]))


@function(TABLE, "linalg.set_diag")
def set_diag(g: Nodes, input: Any, diagonal: Any, k: Any = 0, align: Any = "RIGHT_LEFT") -> Result:
    if plain(k) != 0:
        raise NoForm("it sets other diagonals than the main one")
    side, of = _square(g, input), g.dtype(input)
    room(side, side)
    at = np.eye(side, dtype=bool)
    values = g.tensor(diagonal, of)
    spread = (
        g.op("ExpandDims", values, axis=-1) if isinstance(values, TensorRef) else values[..., None]
    )
    return g.op("Where", at, spread, tensor(g, input), gives=of, sized=g.shape(input))


@function(TABLE, "linalg.tensor_diag")
def tensor_diag(g: Nodes, diagonal: Any) -> Result:
    if g.rank(diagonal) != 1:
        raise NoForm("its diagonal is not of one axis")
    return diag(g, diagonal)


@function(TABLE, "linalg.tensor_diag_part")
def tensor_diag_part(g: Nodes, input: Any) -> Result:
    if g.rank(input) != 2:
        raise NoForm("it is of more than two axes")
    return diag_part(g, input)
