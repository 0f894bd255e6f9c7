"""A part of a file that behaves like a whole one: how libhdf5 gets at weights inside an archive."""

import contextlib
import io
import os
from collections.abc import Iterator
from typing import Any


class Window(io.RawIOBase):
    """The bytes of ``raw`` from ``start`` on.

    With ``size`` it has that many and is read-only; without, it may be written and grow. Nothing
    outside the window can be reached, whatever the HDF5 inside claims.
    """

    def __init__(self, raw: io.FileIO, start: int, size: int | None = None) -> None:
        """See the class; ``start`` and ``size`` in bytes."""
        super().__init__()
        self._raw = raw
        self._start = start
        self._size = size
        self._position = 0
        # Why writing failed: libhdf5 only says that it did.
        self.failure: OSError | None = None

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def writable(self) -> bool:
        """Only a window without a fixed size."""
        return self._size is None

    def tell(self) -> int:
        """The position in bytes from the window's start."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to ``offset``; returns the new position."""
        origins = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.length()}
        self._position = origins[whence] + offset
        return self._position

    def length(self) -> int:
        """Size of the window in bytes."""
        if self._size is not None:
            return self._size
        return max(0, self._raw.seek(0, os.SEEK_END) - self._start)

    def readinto(self, buffer: Any) -> int:
        """Fill ``buffer``; returns the number of bytes, fewer at the end of the window."""
        view = memoryview(buffer).cast("B")
        if self._size is not None:
            view = view[: max(0, self._size - self._position)]
        self._raw.seek(self._start + self._position)
        count = self._raw.readinto(view) or 0
        self._position += count
        return count

    def write(self, data: Any) -> int:
        """Write all of ``data``; returns its size in bytes."""
        view = memoryview(data).cast("B")
        with self._remembered():
            self._raw.seek(self._start + self._position)
            write_all(self._raw, view)
        self._position += len(view)
        return len(view)

    def truncate(self, size: int | None = None) -> int:
        """Cut or extend the window, and with it the file, to ``size`` bytes."""
        size = self._position if size is None else size
        with self._remembered():
            self._raw.truncate(self._start + size)
        return size

    @contextlib.contextmanager
    def _remembered(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.failure = error
            raise


def write_all(raw: io.FileIO, view: memoryview) -> None:
    """Write all of ``view`` at the file's position; the system takes 2 GB at most at once."""
    while view:
        view = view[raw.write(view) :]


def read_all(raw: io.FileIO, view: memoryview) -> None:
    """Fill ``view`` from the file's position.

    Raises:
        EOFError: the file ends first.
    """
    while view:
        count = raw.readinto(view)
        if not count:
            raise EOFError("the file ends in the middle of an array")
        view = view[count:]
