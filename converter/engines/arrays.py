"""Test arrays: random inputs with a seed, and ``.npz`` files that keep their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from converter.engines.ragged import Ragged, joined, row_splits, separated
from converter.engines.results import InputSpec, TensorInfo

Array = np.ndarray[Any, Any]

_WORDS = ("the", "cat", "sat", "on", "a", "mat", "Zürich", "don't", "", "42")
_PHRASE = 3
_ROWS = 16
"""How many rows it takes to see something of a vocabulary."""


def random_inputs(specs: Sequence[InputSpec], size: int, batch: int, seed: int) -> list[Any]:
    """One array for each spec, always the same; ``size`` fills the axes left open."""
    if any(spec.choices for spec in specs):
        batch = max(batch, _ROWS)
    generator = np.random.default_rng(seed)
    return [_input(spec, size, batch, generator) for spec in specs]


def _input(spec: InputSpec, size: int, batch: int, generator: np.random.Generator) -> Any:
    shape = _filled(spec.shape, size, batch)
    if spec.form != "ragged":
        array = _random(spec, shape, generator)
        return _thinned(array, generator) if spec.form == "sparse" else array
    splits = row_splits(spec.shape, size, batch)
    inner = shape[len(splits) + 1 :]
    return Ragged(_random(spec, (int(splits[-1][-1]), *inner), generator), splits)


def _chosen(spec: InputSpec, shape: tuple[int, ...], generator: np.random.Generator) -> Array:
    found = generator.choice(len(spec.choices), size=(int(np.prod(shape)), _PHRASE))
    if spec.dtype != "string":
        return np.array([spec.choices[each] for each in found[:, 0]], spec.dtype).reshape(shape)
    lengths = generator.integers(1, _PHRASE + 1 if spec.phrases else 2, size=len(found))
    texts = [
        " ".join(str(spec.choices[each]) for each in row[:length])
        for row, length in zip(found, lengths, strict=True)
    ]
    return np.array(texts, dtype=np.str_).reshape(shape)


def _thinned(array: Array, generator: np.random.Generator) -> Array:
    """The array with half of its values gone: what a sparse tensor has to leave out."""
    return np.where(generator.random(array.shape) < 0.5, array, np.zeros_like(array))


def _filled(shape: Sequence[int | None], size: int, batch: int) -> tuple[int, ...]:
    return tuple(
        (batch if axis == 0 else size) if extent is None else extent
        for axis, extent in enumerate(shape)
    )


def _random(spec: InputSpec, shape: tuple[int, ...], generator: np.random.Generator) -> Array:
    if spec.choices:
        return _chosen(spec, shape, generator)
    if spec.dtype == "string":
        words = generator.choice(_WORDS, size=(int(np.prod(shape)), _PHRASE))
        return np.array([" ".join(phrase) for phrase in words], dtype=np.str_).reshape(shape)
    if spec.dtype == "bool":
        return generator.integers(0, 2, size=shape).astype(np.bool_)
    dtype = np.dtype("float32" if spec.dtype == "bfloat16" else spec.dtype)
    if spec.integral or dtype.kind in "iu":
        first = 0 if spec.low is None else int(spec.low)
        end = first + 2 if spec.high is None else max(int(spec.high), first + 1)
        return generator.integers(first, end, size=shape).astype(dtype)
    if spec.low is None and spec.high is None:
        return generator.standard_normal(shape).astype(dtype)
    low = 0.0 if spec.low is None else spec.low
    return generator.uniform(low, low + 1.0 if spec.high is None else spec.high, shape).astype(
        dtype
    )


def save(path: str | Path, arrays: Mapping[str, Any]) -> None:
    """Writes arrays as an ``.npz`` in their order, strings included, without pickle."""
    stored: Any = {name: _storable(array) for name, array in separated(arrays).items()}
    np.savez(path, **stored)


def _storable(array: Array) -> Array:
    if array.dtype.kind == "O":
        return np.array([_text(item) for item in array.flat], dtype=np.str_).reshape(array.shape)
    if array.dtype.kind == "V" or array.dtype.name == "bfloat16":
        return array.astype(np.float32)
    return array


def _text(item: Any) -> str:
    return item.decode("utf-8", "surrogateescape") if isinstance(item, bytes) else str(item)


def load(path: str | Path) -> dict[str, Any]:
    """Reads an ``.npz`` in its order; refuses pickled arrays."""
    with np.load(path, allow_pickle=False) as archive:
        return joined({name: archive[name] for name in archive.files})


def describe(arrays: Mapping[str, Any]) -> tuple[TensorInfo, ...]:
    """Name, shape and dtype of each array."""
    return tuple(
        TensorInfo(name, array.shape, "string" if array.dtype.kind in "SUO" else array.dtype.name)
        for name, array in arrays.items()
    )


def distinct(names: Sequence[str]) -> list[str]:
    """The names with ``_1``, ``_2``… behind repeated ones."""
    taken: set[str] = set(names)
    seen: set[str] = set()
    result = []
    for name in names:
        fresh, number = name, 0
        while fresh in seen or (number and fresh in taken):
            number += 1
            fresh = f"{name}_{number}"
        seen.add(fresh)
        result.append(fresh)
    return result
