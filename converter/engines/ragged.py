"""Rows of different lengths as NumPy holds them: flat values, and where each row ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

_MARK = ".row_splits_"


@dataclass(frozen=True, eq=False)
class Ragged:
    """A ragged array.

    Attributes:
        values: all values in a row, further axes of fixed size behind.
        row_splits: for each ragged axis, outermost first, the ends of its rows, 0 in front.
    """

    values: Array
    row_splits: tuple[Array, ...]

    @property
    def dtype(self) -> Any:
        """Dtype of the values."""
        return self.values.dtype

    @property
    def shape(self) -> tuple[int | None, ...]:
        """The shape, None along the ragged axes."""
        rows = len(self.row_splits[0]) - 1
        return (rows, *[None] * len(self.row_splits), *self.values.shape[1:])


def ragged_rank(shape: Sequence[int | None]) -> int:
    """How many axes of an input of such a shape are ragged: up to the last one that is open.

    This is how tf.keras reads ``Input(shape, ragged=True)``.
    """
    return max((axis for axis, extent in enumerate(shape) if extent is None), default=1) or 1


def row_splits(shape: Sequence[int | None], size: int, batch: int) -> tuple[Array, ...]:
    """Splits for test arrays: rows of ``size`` steps and shorter, each of another length."""
    rows, splits = shape[0] or batch, []
    for extent in shape[1 : ragged_rank(shape) + 1]:
        lengths = [size - row % size if extent is None else extent for row in range(rows)]
        splits.append(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))
        rows = int(sum(lengths))
    return tuple(splits)


def separated(arrays: Mapping[str, Any]) -> dict[str, Array]:
    """Arrays under names of their own, as an ``.npz`` holds them."""
    plain: dict[str, Array] = {}
    for name, array in arrays.items():
        if isinstance(array, Ragged):
            plain[name] = array.values
            splits = enumerate(array.row_splits)
            plain.update({f"{name}{_MARK}{axis}": ends for axis, ends in splits})
        else:
            plain[name] = array
    return plain


def joined(plain: Mapping[str, Array]) -> dict[str, Any]:
    """The inverse of `separated`."""
    splits: dict[str, list[Array]] = {}
    for key, array in plain.items():
        name, mark, _ = key.rpartition(_MARK)
        if mark:
            splits.setdefault(name, []).append(array)
    return {
        key: Ragged(array, tuple(splits[key])) if key in splits else array
        for key, array in plain.items()
        if _MARK not in key
    }
