"""Sparse and ragged tensors in signatures, which know plain tensors only: taken apart and joined.

A ragged input ``words`` is two inputs of a signature, ``words_values`` and ``words_row_splits``
(numbered where several axes are ragged); a sparse one is three, ``words_indices``,
``words_values`` and ``words_dense_shape``. Outputs likewise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from converter.engines import libraries
from converter.engines.ragged import Ragged, ragged_rank
from converter.engines.results import InputSpec

Array = np.ndarray[Any, Any]

SPARSE = ("indices", "values", "dense_shape")


def type_spec(spec: InputSpec) -> Any:
    """What TensorFlow calls such an input."""
    tensorflow = libraries.tensorflow()
    if spec.form == "sparse":
        return tensorflow.SparseTensorSpec(spec.shape, spec.dtype)
    if spec.form == "ragged":
        return tensorflow.RaggedTensorSpec(spec.shape, spec.dtype, ragged_rank(spec.shape))
    return tensorflow.TensorSpec(spec.shape, spec.dtype, name=None)


def component_names(name: str, spec: Any) -> list[str]:
    """What the plain tensors of an input or output are called, in the order of `components`."""
    tensorflow = libraries.tensorflow()
    if isinstance(spec, tensorflow.SparseTensorSpec):
        return [f"{name}_{part}" for part in SPARSE]
    if isinstance(spec, tensorflow.RaggedTensorSpec):
        return [f"{name}_values", *_splits_names(name, spec.ragged_rank)]
    return [name]


def _splits_names(name: str, count: int) -> list[str]:
    numbers = [""] if count == 1 else [f"_{axis}" for axis in range(count)]
    return [f"{name}_row_splits{number}" for number in numbers]


def component_specs(spec: Any) -> list[Any]:
    """The plain tensors that an input takes, in the order of their names."""
    tensorflow = libraries.tensorflow()
    if isinstance(spec, tensorflow.SparseTensorSpec):
        rank = spec.shape.rank
        return [
            tensorflow.TensorSpec((None, rank), "int64"),
            tensorflow.TensorSpec((None,), spec.dtype),
            tensorflow.TensorSpec((rank,), "int64"),
        ]
    if isinstance(spec, tensorflow.RaggedTensorSpec):
        inner = tuple(spec.shape[spec.ragged_rank + 1 :])
        splits = [tensorflow.TensorSpec((None,), spec.row_splits_dtype)] * spec.ragged_rank
        rows = spec.shape[0]
        if rows is not None:
            splits[0] = tensorflow.TensorSpec((rows + 1,), spec.row_splits_dtype)
        return [tensorflow.TensorSpec((None, *inner), spec.dtype), *splits]
    return [spec]


def assembled(spec: Any, parts: Sequence[Any]) -> Any:
    """The tensor that the plain ones make up."""
    tensorflow = libraries.tensorflow()
    if isinstance(spec, tensorflow.SparseTensorSpec):
        return tensorflow.SparseTensor(*parts)
    if isinstance(spec, tensorflow.RaggedTensorSpec):
        values, *splits = parts
        return tensorflow.RaggedTensor.from_nested_row_splits(values, splits)
    return parts[0]


def components(name: str, tensor: Any) -> dict[str, Any]:
    """The plain tensors that a tensor consists of, by name."""
    tensorflow = libraries.tensorflow()
    if isinstance(tensor, tensorflow.SparseTensor):
        return {f"{name}_{part}": getattr(tensor, part) for part in SPARSE}
    if isinstance(tensor, tensorflow.RaggedTensor):
        splits = tensor.nested_row_splits
        names = _splits_names(name, len(splits))
        return {f"{name}_values": tensor.flat_values, **dict(zip(names, splits, strict=True))}
    return {name: tensor}


def fed(name: str, array: Any, has: Callable[[str], bool]) -> dict[str, Array]:
    """An array as the plain ones that a signature takes for it.

    Args:
        name: the input.
        array: a ragged array, or a dense one that also stands for a sparse tensor.
        has: whether the signature takes an input of a name.
    """
    if isinstance(array, Ragged):
        names = _splits_names(name, len(array.row_splits))
        return {f"{name}_values": array.values, **dict(zip(names, array.row_splits, strict=True))}
    if has(f"{name}_indices"):
        at = np.argwhere(array)
        parts = (at.astype(np.int64), array[tuple(at.T)], np.array(array.shape, np.int64))
        return {f"{name}_{part}": value for part, value in zip(SPARSE, parts, strict=True)}
    return {name: array}


def gathered(name: str, outputs: Mapping[str, Array]) -> Array | None:
    """An output as one dense array, however the signature gives it; None where it does not."""
    if name in outputs:
        return outputs[name]
    if f"{name}_values" not in outputs:
        return None
    values = outputs[f"{name}_values"]
    if f"{name}_indices" in outputs:
        dense = np.full(outputs[f"{name}_dense_shape"], _nothing(values), values.dtype)
        dense[tuple(outputs[f"{name}_indices"].T)] = values
        return dense
    count = sum(key.startswith(f"{name}_row_splits") for key in outputs)
    for key in reversed(_splits_names(name, count)):
        values = _padded(values, outputs[key])
    return values


def _nothing(values: Array) -> Any:
    return b"" if values.dtype.kind == "O" else 0


def _padded(values: Array, splits: Array) -> Array:
    """Rows of the lengths that the splits say, filled up to the longest one."""
    lengths = np.diff(splits)
    longest = int(lengths.max(initial=0))
    dense = np.full((len(lengths), longest, *values.shape[1:]), _nothing(values), values.dtype)
    for row, length in enumerate(lengths):
        dense[row, :length] = values[splits[row] : splits[row] + length]
    return dense
