"""Are two arrays the same numbers? Pure NumPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from converter.engines.results import Comparison, Tolerance

Array = np.ndarray[Any, Any]


def compare_outputs(
    outputs: Mapping[str, Array], expected: Sequence[Array], tolerance: Tolerance
) -> tuple[Comparison, ...]:
    """Compares the outputs of a model by position; a missing or surplus output is a difference."""
    pairs = zip(outputs.items(), expected, strict=False)
    results = [compare(name, array, wanted, tolerance) for (name, array), wanted in pairs]
    for name in list(outputs)[len(expected) :]:
        reason = "the reference has no such output"
        results.append(Comparison(name, False, outputs[name].shape, reason=reason))
    for position in range(len(outputs), len(expected)):
        reason = "the model lacks this output"
        results.append(
            Comparison(f"output {position}", False, expected[position].shape, reason=reason)
        )
    return tuple(results)


def compare(name: str, got: Array, expected: Array, tolerance: Tolerance) -> Comparison:
    """Compares one array with its reference."""
    if got.shape != expected.shape:
        reason = f"its shape is {got.shape}, not {expected.shape}"
        return Comparison(name, False, got.shape, reason=reason)
    if got.dtype.kind in "SUO" or expected.dtype.kind in "SUO":
        return _compare_exactly(name, _as_text(got), _as_text(expected))
    if got.dtype.kind == "c" or expected.dtype.kind == "c":
        parts = (_real_parts(got), _real_parts(expected))
        return compare(name, *parts, tolerance)
    return _compare_numbers(name, got.astype(np.float64), expected.astype(np.float64), tolerance)


def _compare_exactly(name: str, got: Array, expected: Array) -> Comparison:
    differs = got != expected
    if not differs.any():
        return Comparison(name, True, got.shape)
    worst = _index(int(np.argmax(differs)), got.shape)
    reason = f"{int(differs.sum())} of {differs.size} strings differ"
    return Comparison(name, False, got.shape, worst=worst, reason=reason)


def _compare_numbers(name: str, got: Array, expected: Array, tolerance: Tolerance) -> Comparison:
    reason = _special_values(got, expected)
    finite = np.isfinite(got) & np.isfinite(expected)
    # The rest is judged by `_special_values`; zeros keep it out of the maxima below.
    got, expected = np.where(finite, got, 0.0), np.where(finite, expected, 0.0)
    if not got.size:
        return Comparison(name, not reason, got.shape, reason=reason)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        difference = np.abs(got - expected)
        relative = np.where(difference > 0, difference / np.abs(expected), 0.0)
    excess = difference - tolerance.rtol * np.abs(expected)
    at = int(np.argmax(excess))
    ok = bool(excess.flat[at] <= tolerance.atol)
    if not ok:
        reason = reason or f"it differs by up to {difference.max():.3g}"
    return Comparison(
        name,
        not reason,
        got.shape,
        max_abs=float(difference.max()),
        max_rel=float(relative.max()),
        worst=_index(at, got.shape),
        got=float(got.flat[at]),
        expected=float(expected.flat[at]),
        scale=float(np.abs(expected).max()),
        reason=reason,
    )


def _special_values(got: Array, expected: Array) -> str:
    if not np.array_equal(np.isnan(got), np.isnan(expected)):
        return "NaN at other places than in the reference"
    infinite = np.isinf(got) | np.isinf(expected)
    if not np.array_equal(got[infinite], expected[infinite]):
        return "infinities at other places than in the reference"
    return ""


def _real_parts(array: Array) -> Array:
    return np.stack([array.real, array.imag], axis=-1)


def _as_text(array: Array) -> Array:
    """Strings as one kind of array: TensorFlow gives bytes, an ``.npz`` may hold either."""
    flat = [
        item.decode("utf-8", "replace") if isinstance(item, bytes) else str(item)
        for item in array.flat
    ]
    return np.array(flat, dtype=object).reshape(array.shape)


def _index(flat: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(position) for position in np.unravel_index(flat, shape))


def all_finite(arrays: Mapping[str, Array]) -> bool:
    """No NaN and no infinity in any array of numbers."""
    return all(
        bool(np.isfinite(array).all()) for array in arrays.values() if array.dtype.kind in "fc"
    )
