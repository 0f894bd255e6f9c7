"""Variables that are made of several stored ones, or of none."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from converter.model.description import Array, Weight


def of_several(
    name: str,
    parts: Sequence[Weight],
    function: Callable[..., Array],
    shape: tuple[int, ...],
) -> Weight:
    """A variable that ``function`` computes from the values of other variables.

    Args:
        name: of the variable.
        parts: the variables that it is made of, in the order of the function's arguments.
        function: of arrays.
        shape: of its result.
    """

    def compute(arrays: Sequence[Array]) -> Array:
        values, rest = [], list(arrays)
        for part in parts:
            given, rest = rest[: len(part.sources)], rest[len(part.sources) :]
            values.append(part.compute(given) if part.compute else given[0])
        return function(*values)

    sources = tuple(source for part in parts for source in part.sources)
    return Weight(name, sources, shape, parts[0].dtype, compute)


def constant(name: str, value: float, shape: tuple[int, ...], dtype: str) -> Weight:
    """A variable that holds one number everywhere."""
    return Weight(name, (), shape, dtype, lambda arrays: np.full(shape, value, dtype))
