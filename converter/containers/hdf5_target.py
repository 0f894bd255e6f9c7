"""Writing an HDF5 file in two steps: libhdf5 lays out all but the numbers, then they are poured in.

Between the steps the file has its final size and every array its final place, so the numbers go
there block by block with ordinary file writes, in file order and from wherever they come. No array
is ever whole in memory because of the writing, nothing is written twice, and the checksum that a
zip needs is computed on the way.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from h5py import h5d, h5g, h5p, h5s, h5t

from converter.containers import attributes
from converter.containers.closing import Closing
from converter.containers.hdf5_source import Hdf5Source
from converter.containers.model_file import ModelFile, computed
from converter.containers.window import Window, read_all, write_all
from converter.errors import NotAModelError, OutputError
from converter.model.description import Array, Dataset, Weight, numpy_dtype

# Small enough to stay in the processor's cache between reading, checksum and writing.
BLOCK = 1 << 20


@dataclass
class Buffers:
    """Two buffers by turns, so that a block is still there while its checksum is computed.

    A block stays valid until the next but one is taken.
    """

    _buffers: list[memoryview] = field(default_factory=list)
    _turn: int = 0

    def take(self, size: int) -> memoryview:
        """``size`` bytes, at most ``BLOCK``."""
        if not self._buffers:
            self._buffers = [memoryview(bytearray(BLOCK)) for _ in range(2)]
        self._turn = 1 - self._turn
        return self._buffers[self._turn][:size]


LateTexts = Callable[[], Mapping[str, str]]
"""Texts that may take as long to find out as the arrays take to write."""

Blocks = Callable[[Buffers], Iterator[memoryview]]


@dataclass(frozen=True)
class Region:
    """``size`` bytes at ``offset`` of the HDF5 file, and where they come from."""

    offset: int
    size: int
    blocks: Blocks


@dataclass
class Layout(Closing):
    """An HDF5 file of which all but the arrays' bytes is written; ``regions`` collects those."""

    hdf5: h5py.File
    regions: list[Region] = field(default_factory=list)
    _groups: dict[str, Any] = field(default_factory=dict)

    def close(self) -> None:
        """Finish the file; its arrays have their places, and nothing in them."""
        self._groups.clear()
        self.hdf5.close()

    def group(self, path: str, plist: Any = None) -> Any:
        """The group at ``path``, created with its parents (and properties ``plist``) if missing.

        Raises:
            OutputError: an array is there.
        """
        path = path.strip("/")
        if not path:
            return self.hdf5.id
        found = self._groups.get(path)
        if found is None:
            parent, _, name = path.rpartition("/")
            try:
                found = h5g.create(self.group(parent), _encoded(name), gcpl=plist)
            except ValueError as error:
                raise OutputError(f"/{path} would be written twice") from error
            self._groups[path] = found
        return found

    def array(self, path: str, shape: tuple[int, ...], dtype: str, blocks: Blocks) -> None:
        """An array at ``path`` whose bytes ``blocks`` yields later.

        Raises:
            OutputError: the path is taken.
        """
        parent, _, name = path.strip("/").rpartition("/")
        numpy = numpy_dtype(dtype)
        size = int(np.prod(shape, dtype=np.int64)) * numpy.itemsize
        plist = in_one_piece() if size else None
        space = simple_space(shape)
        try:
            written = h5d.create(
                self.group(parent), _encoded(name), _file_type(numpy), space, dcpl=plist
            )
        except ValueError as error:
            raise OutputError(f"/{path} would be written twice") from error
        if dtype == "bfloat16":
            attributes.write_text(written, "dtype", "bfloat16")
        if size:
            self.regions.append(Region(written.get_offset(), size, blocks))


def simple_space(shape: tuple[int, ...]) -> Any:
    """The HDF5 dataspace of an array of fixed shape."""
    return h5s.create_simple(shape) if shape else h5s.create(h5s.SCALAR)


_FILE_TYPES: dict[Any, Any] = {}


def _file_type(dtype: np.dtype[Any]) -> Any:
    if dtype not in _FILE_TYPES:
        _FILE_TYPES[dtype] = h5t.py_create(dtype, logical=True)
    return _FILE_TYPES[dtype]


def _encoded(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def in_one_piece(plist: Any = None) -> Any:
    """Creation properties of an array that gets its place at once and is not filled with zeros."""
    plist = h5p.create(h5p.DATASET_CREATE) if plist is None else plist
    plist.set_layout(h5d.CONTIGUOUS)
    plist.set_alloc_time(h5d.ALLOC_TIME_EARLY)
    plist.set_fill_time(h5d.FILL_TIME_NEVER)
    plist.set_obj_track_times(False)
    return plist


def write_file(
    path: Path,
    lay_out: Callable[[Layout], None],
    *,
    late_attributes: LateTexts | None = None,
    latest: bool = False,
    track_order: bool = False,
) -> None:
    """Write an HDF5 file: ``lay_out`` describes it, then its arrays are poured in.

    Args:
        path: the file to write; overwritten.
        lay_out: writes everything but the arrays' bytes.
        late_attributes: gives root attributes that are asked for when everything else is written.
        latest: use the newer file format, which alone can hold attributes over 64 KB of
            fixed-length text.
        track_order: keep the order in which things are created.
    """
    with _reasons_told(), Layout(create(str(path), latest, track_order)) as layout:
        lay_out(layout)
    with io.FileIO(path, "r+") as raw:
        pour(raw, 0, layout.regions)
    if late_attributes is not None:
        with _reasons_told(), h5py.File(path, "r+") as written:
            for name, text in late_attributes().items():
                attributes.write_text(written.id, name, text)


def write_inside(raw: io.FileIO, start: int, lay_out: Callable[[Layout], None]) -> tuple[int, int]:
    """Write an HDF5 file from ``start`` to the end of ``raw``; returns its size and its CRC-32."""
    window = Window(raw, start)
    with _reasons_told(window), Layout(create(window)) as layout:
        lay_out(layout)
    with Checksum() as checksum:
        pour(raw, start, layout.regions, checksum)
        return window.length(), checksum.value()


@contextlib.contextmanager
def _reasons_told(window: Window | None = None) -> Iterator[None]:
    """Turns libhdf5's failures to write into the system's error that was behind them."""
    try:
        yield
    except Exception as error:
        number = re.search(r"errno = (\d+)", str(error))
        if window and window.failure:
            raise window.failure from error
        if isinstance(error, RuntimeError) and number:
            raise OSError(int(number[1]), os.strerror(int(number[1]))) from error
        raise


def create(target: str | Window, latest: bool = False, track_order: bool = False) -> h5py.File:
    """A new HDF5 file in the format that every libhdf5 since 1.6 reads, unless ``latest``."""
    libver = ("v108", "latest") if latest else ("earliest", "latest")
    return h5py.File(target, "w", libver=libver, track_order=track_order)


# Pouring


@dataclass
class Checksum(Closing):
    """A running CRC-32, computed in a second thread while the next block is read and written."""

    _value: int = 0
    _pool: ThreadPoolExecutor | None = None
    _pending: Future[int] | None = None

    def close(self) -> None:
        """End the thread."""
        if self._pool:
            self._pool.shutdown()

    def update(self, block: memoryview) -> None:
        """Add ``block``, which must stay as it is until the next call."""
        value = self.value()
        if len(block) < BLOCK // 4:
            self._value = zlib.crc32(block, value)
            return
        self._pool = self._pool or ThreadPoolExecutor(1)
        self._pending = self._pool.submit(zlib.crc32, block, value)

    def value(self) -> int:
        """The checksum of everything so far."""
        if self._pending:
            self._value = self._pending.result()
            self._pending = None
        return self._value


def pour(
    raw: io.FileIO, start: int, regions: Iterable[Region], checksum: Checksum | None = None
) -> None:
    """Write all regions of the HDF5 file that begins at ``start``, in file order.

    Raises:
        ValueError: a region's blocks are more or fewer bytes than it has.
    """
    position = 0
    buffers = Buffers()
    for region in sorted(regions, key=lambda region: region.offset):
        if checksum:
            _add(raw, start + position, region.offset - position, buffers, checksum)
        raw.seek(start + region.offset)
        written = 0
        for block in region.blocks(buffers):
            if checksum:
                checksum.update(block)
            written += len(block)
            write_all(raw, block)
        position = region.offset + region.size
        if written != region.size:
            raise ValueError(f"{written} bytes instead of {region.size} at offset {region.offset}")
    if checksum:
        _add(raw, start + position, raw.seek(0, 2) - start - position, buffers, checksum)


def _add(raw: io.FileIO, start: int, size: int, buffers: Buffers, checksum: Checksum) -> None:
    """Add what libhdf5 wrote between two arrays."""
    for block in stretch(raw, start, size, buffers):
        checksum.update(block)


def stretch(raw: io.FileIO, start: int, size: int, buffers: Buffers) -> Iterator[memoryview]:
    """``size`` bytes of a file from ``start`` on, in blocks.

    Raises:
        NotAModelError: the file ends first.
    """
    for position in range(0, size, BLOCK):
        block = buffers.take(size - position)
        raw.seek(start + position)
        try:
            read_all(raw, block)
        except EOFError as error:
            raise NotAModelError(f"{raw.name}: {error}") from error
        yield block


# Where the numbers come from


def weight_blocks(weight: Weight, source: ModelFile | None) -> Blocks:
    """A weight's value in blocks: copied as it is, computed row by row, or computed as a whole."""
    held = source.source if source else None
    if (
        weight.compute is None
        and held
        and held.location(weight.sources[0]) is not None
        and _same(weight)
    ):
        return lambda buffers: _copied(held, weight.sources[0], buffers)
    if weight.rowwise and held and weight.shape and _same_rows(weight):
        return lambda _: _by_rows(weight, held)
    if source is None or not weight.sources:
        return lambda _: _raw_bytes(computed(weight, [], weight.shape))
    return lambda _: _raw_bytes(source.value(weight))


def _same(weight: Weight) -> bool:
    dataset = weight.sources[0]
    return (dataset.shape, dataset.dtype) == (weight.shape, weight.dtype)


def _same_rows(weight: Weight) -> bool:
    return all(source.shape[:1] == weight.shape[:1] for source in weight.sources)


def _copied(source: Hdf5Source, dataset: Dataset, buffers: Buffers) -> Iterator[memoryview]:
    start = source.location(dataset)
    assert start is not None
    return stretch(source.raw, start, dataset.nbytes, buffers)


def _by_rows(weight: Weight, source: Hdf5Source) -> Iterator[memoryview]:
    first, *others = weight.sources
    for rows, block in source.blocks(first, BLOCK):
        arrays = [block, *(source.rows(other, rows) for other in others)]
        yield from _raw_bytes(computed(weight, arrays, (len(block), *weight.shape[1:])))


def _raw_bytes(array: Array) -> Iterator[memoryview]:
    yield array.reshape(-1).view(np.uint8).data
