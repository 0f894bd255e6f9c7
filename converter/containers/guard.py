"""The whole of an HDF5 file checked before any of it is read, and listed in the same pass.

What Keras writes is plain: groups, arrays of numbers, attributes. HDF5 can do more, and each of
these has been used against those who load models, so a file that has one is refused:

- links that are not hard links. An external link reads another file. A soft link inside the file
  would be harmless, but no Keras writes one and Keras 3 refuses it, so kfix does not carry it
  along either;
- arrays whose bytes lie elsewhere: external storage, virtual datasets;
- filters that HDF5 would look for in a plug-in library;
- arrays that declare far more than the file stores, each by itself or all together, and chunks
  that do;
- groups that contain themselves, more objects or levels than any model, attributes of absurd size;
- arrays of anything but numbers (strings, references and variable-length data point elsewhere).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import h5py
from h5py import h5a, h5d, h5g, h5l, h5o, h5t

from converter.containers import attributes
from converter.errors import NotAModelError, UnsafeContentError
from converter.model.description import Dataset

# An identifier of h5py's low level, which has no types.
Native = Any

MAX_OBJECTS = 250_000
MAX_DEPTH = 64
MAX_ATTRIBUTES = 1_000
MAX_ATTRIBUTE_BYTES = 64 << 20
# Deflate reaches 1032:1 on zeros, which fresh optimizer moments are; no model is 16 GiB of those.
EXPANSION_FLOOR = 256 << 20
MAX_EXPANSION = {EXPANSION_FLOOR: 1_100, 16 << 30: 100}
# deflate, shuffle, fletcher32, n-bit, scale-offset and LZF: built into HDF5 or h5py, never loaded
# from a plug-in.
FILTERS = frozenset({1, 2, 3, 5, 6, 32000})
OF_OPTIMIZERS = ("optimizer_weights/", "optimizer/")
"""Where the layouts keep the state of an optimizer."""
_HINT = "The file was not read. If you trust it, load it where it was made and save it again."


@dataclass(frozen=True, slots=True)
class Stored:
    """A dataset and where its bytes are.

    Attributes:
        dataset: path, shape and dtype.
        offset: where in the HDF5 file they lie in one piece; None if they don't.
        native: whether they are, byte by byte, what NumPy has in memory.
    """

    dataset: Dataset
    offset: int | None
    native: bool


@dataclass
class Tree:
    """The objects of a checked HDF5 file by path without a leading slash, ordered by name.

    Attributes:
        groups: paths of the groups.
        stored: the datasets.
        damaged: what can't be opened of an optimizer, which a model can do without.
    """

    groups: list[str] = field(default_factory=list)
    stored: dict[str, Stored] = field(default_factory=dict)
    damaged: dict[str, str] = field(default_factory=dict)

    def below(self, prefix: str) -> Iterator[tuple[str, Dataset]]:
        """The datasets inside the group ``prefix``, with their paths relative to it."""
        start = f"{prefix}/" if prefix else ""
        for path, stored in self.stored.items():
            if path.startswith(start):
                yield path[len(start) :], stored.dataset


def refuse(where: str, what: str) -> UnsafeContentError:
    """The error for an object at ``where``."""
    return UnsafeContentError(f"/{where.lstrip('/')}: {what}", _HINT)


def scan(hdf5: h5py.File, size: int) -> Tree:
    """Check all of an open HDF5 file of ``size`` bytes and list its objects.

    Raises:
        UnsafeContentError: naming the first object that is refused.
        NotAModelError: an object is damaged.
    """
    return _Scan(hdf5, size).run()


class _Scan:
    """One pass over a file; keeps groups open, so that each object is opened once, by its name."""

    def __init__(self, hdf5: h5py.File, size: int) -> None:
        self._root = hdf5.id
        self._size = size
        self._nowhere = hdf5.userblock_size - 1
        self._tree = Tree()
        self._open: dict[bytes, Native] = {b"": hdf5.id}
        self._addresses = {h5o.get_info(hdf5.id).addr}
        self._contiguous = 0
        self._expanding = Expansion()

    def run(self) -> Tree:
        check_attributes(self._root, "")
        for name, address in self._links():
            parent, _, leaf = name.rpartition(b"/")
            path = _text(name)
            try:
                found = h5o.open(self._open[parent], leaf)
                self._object(name, path, found, address)
            except (OSError, RuntimeError, KeyError, ValueError) as error:
                if not path.startswith(OF_OPTIMIZERS):
                    raise NotAModelError(f"/{path} is damaged: {error}") from error
                self._tree.damaged[path] = str(error)
        self._expanding.check("")
        return self._tree

    def _links(self) -> list[tuple[bytes, int]]:
        """All links of the file, parents before children, found without following any of them."""
        found: list[tuple[bytes, int]] = []
        problem: UnsafeContentError | None = None

        def visit(name: bytes, info: Native) -> bool | None:
            nonlocal problem
            problem = _link_problem(name, info, len(found))
            found.append((name, info.u))
            # An exception may not cross the C code between here and the caller; True ends the walk
            # before HDF5 descends.
            return True if problem else None

        try:
            self._root.links.visit(visit, info=True)
        except (OSError, RuntimeError, ValueError) as error:
            raise NotAModelError(f"the file's groups are damaged: {error}") from error
        if problem:
            raise self._with_target(problem, found[-1][0])
        return found

    def _with_target(self, problem: UnsafeContentError, name: bytes) -> UnsafeContentError:
        info = self._root.links.get_info(name)
        if info.type not in (h5l.TYPE_SOFT, h5l.TYPE_EXTERNAL):
            return problem
        target = self._root.links.get_val(name)
        parts = target if isinstance(target, tuple) else (target,)
        return UnsafeContentError(
            f"{problem} to {':'.join(_text(part) for part in parts)!r}", _HINT
        )

    def _object(self, name: bytes, path: str, found: Native, address: int) -> None:
        check_attributes(found, path)
        if isinstance(found, h5g.GroupID):
            if address in self._addresses:
                raise refuse(path, "a group that is reached twice (a cycle of hard links)")
            self._addresses.add(address)
            self._open[name] = found
            self._tree.groups.append(path)
        elif isinstance(found, h5d.DatasetID):
            self._tree.stored[path] = self._dataset(path, found)
        else:
            raise refuse(path, "a named datatype, which Keras never writes")

    def _dataset(self, path: str, found: Native) -> Stored:
        name, native = _dtype(path, found)
        dataset = Dataset(path, found.shape or (), name)
        offset = found.get_offset()
        # Behind a user block libhdf5 adds its size even to the address -1 that means "nowhere".
        if offset is None or offset == self._nowhere:
            self._unusual(path, found, dataset.nbytes)
            return Stored(dataset, None, native)
        self._contiguous += dataset.nbytes
        if self._contiguous > self._size or offset + dataset.nbytes > self._size:
            raise refuse(path, "arrays declare more bytes than the file has")
        return Stored(dataset, offset if dataset.nbytes else None, native)

    def _unusual(self, path: str, found: Native, declared: int) -> None:
        """All but ordinary arrays in one piece: external, virtual, chunked, compact, unwritten."""
        plist = found.get_create_plist()
        layout = plist.get_layout()
        if layout == h5d.VIRTUAL:
            raise refuse(path, f"a virtual dataset that reads {_virtual_source(plist)!r}")
        if plist.get_external_count():
            raise refuse(path, f"external storage in {_text(plist.get_external(0)[0])!r}")
        if layout == h5d.CHUNKED:
            _check_chunks(path, found, plist, declared)
        self._expanding.add(path, declared, found.get_storage_size())


@dataclass
class Expansion:
    """Declared against stored bytes, for one object and cumulated over all."""

    declared: int = 0
    stored: int = 0

    def add(self, path: str, declared: int, stored: int) -> None:
        """Count an object.

        Raises:
            UnsafeContentError: it alone, or all up to it, declare absurdly more than is stored.
        """
        _check_ratio(path, declared, stored)
        self.declared += declared
        self.stored += stored

    def check(self, path: str) -> None:
        """Check the sums."""
        _check_ratio(path, self.declared, self.stored)


def _check_ratio(path: str, declared: int, stored: int) -> None:
    for floor, ratio in MAX_EXPANSION.items():
        if declared > floor and declared > ratio * max(stored, 1):
            raise refuse(path, f"declares {declared:,} bytes of numbers but stores {stored:,}")


def _link_problem(name: bytes, info: Native, count: int) -> UnsafeContentError | None:
    path = _text(name)
    if info.type != h5l.TYPE_HARD:
        kinds = {h5l.TYPE_SOFT: "a soft link", h5l.TYPE_EXTERNAL: "an external link"}
        return refuse(path, kinds.get(info.type, "a link of unknown type"))
    if name.count(b"/") >= MAX_DEPTH:
        return refuse(path[:100], f"groups nest more than {MAX_DEPTH} levels deep")
    if count >= MAX_OBJECTS:
        return refuse("", f"more than {MAX_OBJECTS:,} objects")
    return None


def _virtual_source(plist: Native) -> str:
    return str(plist.get_virtual_filename(0)) if plist.get_virtual_count() else ""


def _check_chunks(path: str, found: Native, plist: Native, declared: int) -> None:
    filters = {plist.get_filter(index)[0] for index in range(plist.get_nfilters())}
    if filters - FILTERS:
        raise refuse(
            path, f"compressed with filter {min(filters - FILTERS)}, which needs a plug-in"
        )
    chunk = found.get_type().get_size()
    for extent in plist.get_chunk():
        chunk *= extent
    # A chunk is unpacked as a whole, even where the array only takes its corner.
    if chunk > max(EXPANSION_FLOOR, declared):
        raise refuse(path, f"a chunk of {chunk:,} bytes for {declared:,} bytes of numbers")


def _dtype(path: str, found: Native) -> tuple[str, bool]:
    """The dtype name, and whether the stored bytes are what NumPy has in memory."""
    kind = found.get_type()
    for native, name in _COMMON:
        if kind.equal(native):
            return name, True
    if kind.get_class() == h5t.OPAQUE and kind.get_size() == 2 and _is_bfloat16(found):
        return "bfloat16", True
    if kind.get_class() in (h5t.INTEGER, h5t.FLOAT, h5t.ENUM, h5t.COMPOUND):
        try:
            dtype = kind.dtype
        except (TypeError, ValueError):
            raise refuse(path, "numbers in a format that NumPy does not know") from None
        if dtype.kind in "iufbc" and dtype.shape == ():
            # HDF5 stores bool as an enumeration that it converts, so those bytes are not taken raw.
            return dtype.name, dtype.isnative and dtype.kind in "iuf" and kind.equal(
                h5t.py_create(dtype)
            )
    raise refuse(path, f"an array of {_class_name(kind)}, not of numbers")


_COMMON: tuple[tuple[Native, str], ...] = (
    (h5t.NATIVE_FLOAT, "float32"),
    (h5t.NATIVE_INT64, "int64"),
)


def _class_name(kind: Native) -> str:
    names: Mapping[int, str] = {
        h5t.STRING: "text",
        h5t.REFERENCE: "references",
        h5t.VLEN: "variable-length data",
        h5t.OPAQUE: "opaque bytes",
        h5t.COMPOUND: "records",
        h5t.ARRAY: "arrays",
        h5t.ENUM: "enumerations",
    }
    return names.get(kind.get_class(), "an unknown type")


def _is_bfloat16(found: Native) -> bool:
    """Keras 3 stores bfloat16 as two opaque bytes and says so in an attribute."""
    return attributes.text(found, "dtype", "dtype") == "bfloat16"


def check_attributes(node: Native, path: str) -> None:
    """Check number and declared size of an object's attributes, without reading them.

    Raises:
        UnsafeContentError: too many, or one too large.
    """
    count = h5a.get_num_attrs(node)
    if not count:
        return
    if count > MAX_ATTRIBUTES:
        raise refuse(path, f"has {count:,} attributes")
    names: list[bytes] = []
    h5a.iterate(node, names.append)
    for name in names:
        attribute = h5a.open(node, name)
        size = attribute.get_space().get_simple_extent_npoints() * attribute.get_type().get_size()
        if size > MAX_ATTRIBUTE_BYTES:
            raise refuse(path, f"attribute {_text(name)!r} declares {size:,} bytes")


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
