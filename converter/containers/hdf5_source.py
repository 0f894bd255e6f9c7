"""An HDF5 file open for reading, by itself or inside an archive: checked as a whole, then read."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from math import prod
from pathlib import Path
from typing import Any, Self

import h5py
import numpy as np
from h5py import h5f, h5p

from converter.containers import guard
from converter.containers.closing import Closing
from converter.containers.files import for_hdf5
from converter.containers.window import Window, read_all
from converter.errors import NotAModelError
from converter.model.description import Array, Dataset, numpy_dtype

BLOCK = 16 << 20
# A member this small is read at once, which is quicker than answering libhdf5's many small reads
# one by one.
_IMAGE_LIMIT = 16 << 20
_IMAGES = count()
_PIECES = 16
"""Places of which a sample of an array is taken."""
_LARGEST_CHUNK = 1 << 24
"""Values of a chunk that is unpacked for a sample."""


@dataclass
class Hdf5Source(Closing):
    """A checked HDF5 file.

    Attributes:
        hdf5: the file, open for reading; its own reads never leave the file, because ``guard`` has
            refused all that could.
        tree: its objects.
        raw: the file on disk.
        base: where in ``raw`` the HDF5 begins; ``Stored.offset`` counts from there.
    """

    hdf5: h5py.File
    raw: io.FileIO
    base: int
    tree: guard.Tree

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open an HDF5 file.

        Raises:
            NotAModelError: damaged.
            UnsafeContentError: see ``guard``.
        """
        raw = path.open("rb", buffering=0)
        name = for_hdf5(path, raw)
        size = path.stat().st_size
        return cls._open(raw, str(path), lambda: h5py.File(name, "r"), 0, size)

    @classmethod
    def inside(cls, raw: io.FileIO, start: int, size: int, name: str) -> Self:
        """Open the HDF5 of ``size`` bytes at ``start`` of ``raw``, which this then owns."""
        # What is not on this machine is only read where it has to be.
        small = size <= _IMAGE_LIMIT and isinstance(raw, io.FileIO)
        opener = _from_image if small else _from_window
        return cls._open(raw, name, lambda: opener(raw, start, size), start, size)

    @classmethod
    def _open(cls, raw: io.FileIO, name: str, opener: Any, base: int, size: int) -> Self:
        hdf5 = None
        try:
            with damage_reported(name):
                hdf5 = opener()
                return cls(hdf5, raw, base, guard.scan(hdf5, size))
        except BaseException:
            if hdf5:
                hdf5.close()
            raw.close()
            raise

    def close(self) -> None:
        """Close both the HDF5 and the file."""
        self.hdf5.close()
        self.raw.close()

    def location(self, dataset: Dataset) -> int | None:
        """Where in ``raw`` the array lies as NumPy has it in memory; None if it doesn't."""
        stored = self.tree.stored[dataset.path]
        return self.base + stored.offset if stored.native and stored.offset is not None else None

    def read(self, dataset: Dataset) -> Array:
        """The whole array, in native byte order.

        Raises:
            NotAModelError: its bytes are damaged.
        """
        return self._rows(dataset, slice(None), dataset.shape)

    def rows(self, dataset: Dataset, rows: slice) -> Array:
        """The rows ``rows`` (start and stop) of axis 0."""
        count = len(range(*rows.indices(dataset.shape[0])))
        return self._rows(dataset, rows, (count, *dataset.shape[1:]))

    def blocks(self, dataset: Dataset, nbytes: int = BLOCK) -> Iterator[tuple[slice, Array]]:
        """The array in slices of axis 0 of about ``nbytes`` bytes (at least one row).

        A scalar and an empty array come as one block, with ``slice(None)``.
        """
        if not dataset.nbytes or not dataset.shape:
            yield slice(None), self.read(dataset)
            return
        step = self._rows_in_block(dataset, nbytes)
        for start in range(0, dataset.shape[0], step):
            stop = min(start + step, dataset.shape[0])
            yield slice(start, stop), self.rows(dataset, slice(start, stop))

    def sample(self, dataset: Dataset, most: int) -> Array:
        """About ``most`` values of an array, flat, from places all over it; all if it has no more.

        Nothing is read where the pieces that the file has it in are too large for that.
        """
        size = prod(dataset.shape)
        if size <= most:
            return self.read(dataset).reshape(-1)
        if self.location(dataset) is not None:
            row = Dataset(dataset.path, (size,), dataset.dtype)
            length = most // _PIECES
            starts = np.linspace(0, size - length, _PIECES, dtype=np.int64)
            parts = [self._rows(row, slice(int(at), int(at) + length), (length,)) for at in starts]
            return np.concatenate(parts)
        return self._sampled_boxes(dataset, most)

    def _sampled_boxes(self, dataset: Dataset, most: int) -> Array:
        """A sample of whole chunks, or of boxes where there are none."""
        found = self.hdf5[dataset.path]
        box = found.chunks or _box(dataset.shape, most // _PIECES)
        values = prod(box)
        if values > max(most, _LARGEST_CHUNK):
            return np.empty(0, numpy_dtype(dataset.dtype))
        grid = [-(-length // step) for length, step in zip(dataset.shape, box, strict=True)]
        boxes = prod(grid)
        wanted = min(boxes, max(1, most // values))
        parts = []
        with damage_reported(f"/{dataset.path}"):
            for number in np.linspace(0, boxes - 1, wanted, dtype=np.int64):
                at = np.unravel_index(int(number), grid)
                steps = zip(at, box, strict=True)
                area = tuple(slice(int(n) * step, (int(n) + 1) * step) for n, step in steps)
                parts.append(np.asarray(found[area], numpy_dtype(dataset.dtype)).reshape(-1))
        return np.concatenate(parts)

    def _rows_in_block(self, dataset: Dataset, nbytes: int) -> int:
        row = dataset.nbytes // dataset.shape[0]
        step = max(1, nbytes // row)
        if self.location(dataset) is None:
            # Whole chunks, so that none is unpacked twice.
            chunks = self.hdf5[dataset.path].chunks
            step = max(step // chunks[0], 1) * chunks[0] if chunks else step
        return int(step)

    def _rows(self, dataset: Dataset, rows: slice, shape: tuple[int, ...]) -> Array:
        values = np.empty(shape, numpy_dtype(dataset.dtype))
        if not values.size:
            return values
        with damage_reported(f"/{dataset.path}"):
            start = self.location(dataset)
            if start is None:
                found = self.hdf5[dataset.path]
                return np.asarray(found[rows] if dataset.shape else found[()], dtype=values.dtype)
            self.raw.seek(start + (rows.start or 0) * (values.nbytes // shape[0] if shape else 0))
            read_all(self.raw, values.reshape(-1).view(np.uint8).data)
            return values


def _box(shape: tuple[int, ...], most: int) -> tuple[int, ...]:
    """A part of an array that lies close together and has no more values than ``most``."""
    found: list[int] = []
    for length in reversed(shape):
        found.insert(0, max(1, min(length, most)))
        most //= found[0]
    return tuple(found)


@contextlib.contextmanager
def damage_reported(where: object) -> Iterator[None]:
    """Turns the errors that libhdf5 raises on damaged content into one that says where.

    Raises:
        NotAModelError: instead of them. The system's own errors (which have a number) pass.
    """
    try:
        yield
    except (OSError, EOFError, RuntimeError) as error:
        if getattr(error, "errno", None):
            raise
        raise NotAModelError(f"{where} is damaged: {error}") from error


def _from_image(raw: io.FileIO, start: int, size: int) -> h5py.File:
    image = bytearray(size)
    raw.seek(start)
    read_all(raw, memoryview(image))
    access = h5p.create(h5p.FILE_ACCESS)
    access.set_fapl_core(backing_store=False)
    access.set_file_image(bytes(image))
    # libhdf5 takes two files in memory with the same name for the same file.
    return h5py.File(h5f.open(b"kfix in memory %d" % next(_IMAGES), h5f.ACC_RDONLY, access))


def _from_window(raw: io.FileIO, start: int, size: int) -> h5py.File:
    return h5py.File(Window(raw, start, size), "r")
