"""Opening any readable model file, whatever its kind, and reading its weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from converter.containers import architecture, keras_zip, legacy_h5, weights_h5
from converter.containers.closing import Closing
from converter.containers.contents import Contents
from converter.containers.hdf5_source import BLOCK, Hdf5Source, damage_reported
from converter.containers.sniff import Kind, sniff
from converter.errors import NotAModelError
from converter.model.description import Array, Dataset, Weight, numpy_dtype


@dataclass
class ModelFile(Closing):
    """An open model file: its ``contents`` as plain data, and its arrays on request.

    Close it, or use it as a context manager. The file is never opened for writing.
    """

    contents: Contents
    source: Hdf5Source | None

    def close(self) -> None:
        """Close the file; arrays that were read stay valid."""
        if self.source is not None:
            self.source.close()

    def read(self, dataset: Dataset) -> Array:
        """The array, whole and in native byte order (``bfloat16`` as two raw bytes an element).

        Raises:
            NotAModelError: its bytes are damaged.
        """
        return self._weights().read(dataset)

    def unreadable(self, datasets: Iterable[Dataset]) -> str:
        """Why one of the arrays can't be read, empty where all can.

        Those that lie in one piece are inside the file, as it was checked on opening; the others
        are read, because each chunk may be damaged by itself.
        """
        weights = self._weights()
        try:
            for dataset in datasets:
                if weights.location(dataset) is None:
                    for _ in weights.blocks(dataset):
                        pass
        except NotAModelError as error:
            return str(error)
        return ""

    def blocks(self, dataset: Dataset, nbytes: int = BLOCK) -> Iterator[tuple[slice, Array]]:
        """The array in slices of axis 0 of about ``nbytes`` bytes.

        A scalar and an empty array come as one block, with ``slice(None)``.
        """
        return self._weights().blocks(dataset, nbytes)

    def sample(self, dataset: Dataset, most: int) -> Array:
        """About ``most`` values from places all over an array, flat; all if it has no more.

        Raises:
            NotAModelError: its bytes are damaged.
        """
        return self._weights().sample(dataset, most)

    def value(self, weight: Weight) -> Array:
        """The variable's value: its sources read, its ``compute`` applied.

        Raises:
            NotAModelError: a source is damaged.
            ValueError: ``compute`` returns another shape than the weight declares.
        """
        return computed(weight, [self.read(source) for source in weight.sources], weight.shape)

    def asset(self, name: str) -> str:
        """The text of one of an archive's ``assets``.

        Raises:
            NotAModelError: it is damaged, or no text.
            UnsafeContentError: it is too large.
        """
        return keras_zip.read_asset(self.contents.path, name)

    def _weights(self) -> Hdf5Source:
        if self.source is None:
            raise NotAModelError(f"{self.contents.path} holds no weights")
        return self.source


def computed(weight: Weight, arrays: list[Array], shape: tuple[int, ...]) -> Array:
    """``weight.compute`` on ``arrays``, contiguous, in the weight's dtype.

    Raises:
        ValueError: the result has another shape than ``shape``.
    """
    value = np.asarray(weight.compute(arrays)) if weight.compute else arrays[0]
    if value.shape != shape:
        raise ValueError(
            f"weight {weight.name} should be {shape}, but was computed as {value.shape}"
        )
    return np.ascontiguousarray(value, dtype=numpy_dtype(weight.dtype)).reshape(shape)


def open_model(path: Path) -> ModelFile:
    """Open a model file: recognised by content, checked as a whole, its arrays not yet read.

    Raises:
        UsageError: no such file.
        NotAModelError: not a model that kfix reads, with what it is and what to do.
        UnsafeContentError: it holds what no model needs and what can do harm.
    """
    found = sniff(path)
    if not found.kind.readable:
        raise NotAModelError(f"{path} {found.explanation}", found.advice)
    if found.kind == Kind.ARCHITECTURE:
        return ModelFile(architecture.read(path), None)
    if found.kind == Kind.KERAS_ARCHIVE:
        return ModelFile(*keras_zip.read(path))
    source = Hdf5Source.open(path)
    try:
        with damage_reported(path):
            if found.kind == Kind.KERAS3_WEIGHTS:
                return ModelFile(weights_h5.read(path, source), source)
            return ModelFile(legacy_h5.read(path, found.kind, source), source)
    except BaseException:
        source.close()
        raise
