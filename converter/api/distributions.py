"""How the values of weights are distributed, from samples where there are many."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from converter.containers import ModelFile
from converter.errors import NotAModelError
from converter.model.description import Array, Dataset

BINS = 40
MOST_VALUES = 1 << 25
"""Values that are looked at in all weights together."""
MOST_OF_ONE = 1 << 22
"""Values of one weight; they are in memory together."""
MOST_SECONDS = 10.0
"""After which the weights that are left are not looked at."""
MOST_WEIGHTS = 5_000


@dataclass(frozen=True)
class Distribution:
    """The values of one weight.

    Attributes:
        values: how many it has.
        seen: how many of them were looked at; those are from places all over the array.
        bins: how many of these, without NaN and infinity, lie in each of `BINS` equal steps from
            ``low`` to ``high``; empty where there are none.
        low: the smallest.
        high: the largest.
        mean: of those.
        deviation: their standard deviation.
        zeros: how many are zero.
        odd: how many are NaN or infinite.
        problem: why nothing was looked at, empty where something was.
    """

    values: int
    seen: int = 0
    bins: tuple[int, ...] = ()
    low: float = 0.0
    high: float = 0.0
    mean: float = 0.0
    deviation: float = 0.0
    zeros: int = 0
    odd: int = 0
    problem: str = ""


Clock = Callable[[], float]


def distributions(
    source: ModelFile,
    weights: Sequence[Sequence[Dataset]],
    most: int = MOST_VALUES,
    clock: Clock = time.monotonic,
) -> list[Distribution]:
    """Looks at weights within bounded time and memory.

    Args:
        source: their file.
        weights: the arrays of each.
        most: values that may be looked at in all of them.
        clock: seconds, by which it stops.
    """
    share = _share([_size(each) for each in weights[:MOST_WEIGHTS]], most)
    share = min(share, MOST_OF_ONE)
    end = clock() + MOST_SECONDS
    found = []
    for number, arrays in enumerate(weights):
        late = number >= MOST_WEIGHTS or clock() > end
        problem = "not looked at, the model has too many weights" if late else ""
        found.append(
            Distribution(_size(arrays), problem=problem) if late else _of(source, arrays, share)
        )
    return found


def _size(arrays: Iterable[Dataset]) -> int:
    return sum(prod(each.shape) for each in arrays)


def _share(sizes: Sequence[int], most: int) -> int:
    """How many values each may have so that small ones are whole and the sum is in bounds."""
    left = most
    ordered = sorted(sizes)
    for position, size in enumerate(ordered):
        share = left // (len(ordered) - position)
        if size > share:
            return max(share, BINS)
        left -= size
    return most


def _of(source: ModelFile, arrays: Sequence[Dataset], share: int) -> Distribution:
    size = _size(arrays)
    if any(not _is_number(each.dtype) for each in arrays):
        return Distribution(size, problem="not numbers")
    try:
        parts = [_numbers(source.sample(each, share), each.dtype) for each in arrays]
    except NotAModelError as error:
        return Distribution(size, problem=str(error))
    values = np.concatenate(parts) if parts else np.empty(0, np.float32)
    if not values.size:
        return Distribution(size, problem="stored in one piece that is too large" if size else "")
    return _described(size, values)


def _is_number(dtype: str) -> bool:
    return dtype == "bfloat16" or np.dtype(dtype).kind in "fiub"


def _numbers(values: Array, dtype: str) -> Array:
    """As float32, or float64 where that is needed."""
    if dtype == "bfloat16":
        return (values.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
    return values if values.dtype == np.float32 else values.astype(np.float64)


def _described(size: int, values: Array) -> Distribution:
    finite = values[np.isfinite(values)]
    odd = values.size - finite.size
    if not finite.size:
        return Distribution(size, values.size, odd=odd)
    low, high = float(finite.min()), float(finite.max())
    # In parts of the largest, so that neither sums nor squares of huge numbers overflow.
    scale = max(-low, high) or 1.0
    parts = finite / scale
    return Distribution(
        size,
        values.size,
        bins=_bins(parts, low / scale, high / scale),
        low=low,
        high=high,
        mean=float(parts.mean(dtype=np.float64)) * scale,
        deviation=float(parts.std(dtype=np.float64)) * scale,
        zeros=int(finite.size - np.count_nonzero(finite)),
        odd=odd,
    )


def _bins(values: Array, low: float, high: float) -> tuple[int, ...]:
    if low == high:
        return (values.size,)
    counts, _ = np.histogram(values, BINS, (low, high))
    return tuple(int(each) for each in counts)
