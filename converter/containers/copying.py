"""Copying a model file object by object, without what is dropped and with what is changed.

Dropping a group from an HDF5 file in place frees no space, and libhdf5's own copy carries hostile
links and external storage along. So the checked objects are written anew: groups, attributes with
their storage types, arrays with theirs, the bytes of the arrays as they are, compressed ones too.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

import h5py
from h5py import h5, h5a, h5d, h5g, h5p, h5s

from converter.containers import archive as archives
from converter.containers import attributes, keras_zip, weights_h5, writing
from converter.containers.guard import Stored
from converter.containers.hdf5_source import Hdf5Source, damage_reported
from converter.containers.hdf5_target import (
    LateTexts,
    Layout,
    Region,
    in_one_piece,
    simple_space,
    stretch,
    write_file,
)
from converter.errors import NotAModelError, UsageError
from converter.model.description import Json

_ORDERED = h5p.CRT_ORDER_TRACKED | h5p.CRT_ORDER_INDEXED


def copy_h5(
    source: Path,
    destination: Path,
    *,
    drop_attributes: Collection[str] = (),
    drop_groups: Collection[str] = (),
    set_attributes: Mapping[str, str] | None = None,
    late_attributes: LateTexts | None = None,
) -> None:
    """Copy an HDF5 model file.

    Attributes are named ``training_config`` (of the root) or ``model_weights@keras_version`` (of a
    group). A text that is set keeps the storage type of the one it replaces.

    Args:
        source: the file to read; never changed.
        destination: the file to write; overwritten.
        drop_attributes: attributes to leave out, whole or in chunks; those that don't exist are
            ignored.
        drop_groups: paths of groups or arrays to leave out; those that don't exist are ignored.
        set_attributes: attributes to replace or add.
        late_attributes: gives root attributes to replace or add, asked for when all arrays are
            copied.

    Raises:
        UsageError: an attribute is to be set on a group that does not exist, or both paths are the
            same file.
        UnsafeContentError: see ``guard``.
        NotAModelError: the source is damaged.
    """
    _refuse_same(source, destination)
    with damage_reported(source), Hdf5Source.open(source) as opened:
        copy = _Copy(opened, drop_attributes, drop_groups, set_attributes or {})
        write_file(
            destination,
            copy.lay_out,
            late_attributes=late_attributes,
            latest=copy.needs_latest(),
            track_order=copy.tracks_order(),
        )


def copy_keras(
    source: Path,
    destination: Path,
    *,
    config: Json | None = None,
    metadata: Callable[[], Mapping[str, Json]] | None = None,
    drop_optimizer: bool = False,
) -> None:
    """Copy a ``.keras`` archive.

    Args:
        source: the file to read; never changed.
        destination: the file to write; overwritten.
        config: replaces ``config.json`` where it is given.
        metadata: gives keys to add to ``metadata.json``, asked for when all arrays are copied.
        drop_optimizer: leave out the optimizer's variables.

    Raises:
        UsageError: both paths are the same file.
        UnsafeContentError: see ``archive`` and ``guard``.
        NotAModelError: the source is damaged.
    """
    _refuse_same(source, destination)
    try:
        with zipfile.ZipFile(source) as packed:
            archives.check(packed, source)
            with (
                destination.open("w+b", buffering=0) as raw,
                zipfile.ZipFile(cast(BinaryIO, raw), "w") as target,
            ):
                _copy_members(packed, source, target, raw, config, drop_optimizer)
                stamp = _metadata(packed, source) | dict(metadata() if metadata else {})
                if stamp:
                    writing.add_json(target, keras_zip.METADATA, stamp)
    except zipfile.BadZipFile as error:
        raise NotAModelError(f"{source}: damaged zip: {error}") from error


def _refuse_same(source: Path, destination: Path) -> None:
    if destination.exists() and destination.samefile(source):
        raise UsageError(f"{source} cannot be copied onto itself")


def _metadata(packed: zipfile.ZipFile, path: Path) -> dict[str, Json]:
    if keras_zip.METADATA not in packed.namelist():
        return {}
    return dict(archives.read_json(packed, keras_zip.METADATA, path))


def _copy_members(
    packed: zipfile.ZipFile,
    path: Path,
    target: zipfile.ZipFile,
    raw: io.FileIO,
    config: Json | None,
    drop_optimizer: bool,
) -> None:
    for member in packed.infolist():
        if member.is_dir() or member.filename == keras_zip.METADATA:
            continue
        if member.filename == keras_zip.CONFIG and config is not None:
            writing.add_json(target, member.filename, config)
        elif member.filename == keras_zip.WEIGHTS:
            _copy_weights(packed, path, target, raw, drop_optimizer)
        else:
            with (
                packed.open(member) as data,
                target.open(_renewed(member), "w", force_zip64=True) as written,
            ):
                while block := data.read(1 << 20):
                    written.write(block)


def _renewed(member: zipfile.ZipInfo) -> zipfile.ZipInfo:
    renewed = writing.new_member(member.filename)
    renewed.compress_type = member.compress_type
    return renewed


def _copy_weights(
    packed: zipfile.ZipFile,
    path: Path,
    target: zipfile.ZipFile,
    raw: io.FileIO,
    drop_optimizer: bool,
) -> None:
    opened = keras_zip.open_weights(packed, path)
    assert opened is not None
    with opened:
        drop = _optimizer_groups(opened) if drop_optimizer else ()
        size = sum(stored.dataset.nbytes for stored in opened.tree.stored.values())
        writing.add_hdf5(target, raw, _Copy(opened, (), drop, {}).lay_out, size)


def _optimizer_groups(opened: Hdf5Source) -> set[str]:
    top = {path.split("/")[0] for path in opened.tree.groups}
    return {name for name in top if weights_h5.today(name).split("/")[0] == weights_h5.OPTIMIZER}


class _Copy:
    """What goes from one HDF5 file into another."""

    def __init__(
        self,
        source: Hdf5Source,
        drop_attributes: Collection[str],
        drop_groups: Collection[str],
        set_attributes: Mapping[str, str],
    ) -> None:
        self._source = source
        # The file's identifier does not know the order of the root group.
        self._root = h5g.open(source.hdf5.id, b"/")
        self._dropped = {path.strip("/") for path in drop_groups}
        self._without = {_address(name) for name in drop_attributes}
        self._texts = {_address(name): text for name, text in set_attributes.items()}
        for path, name in self._texts:
            if path and path not in source.tree.groups:
                raise UsageError(f"attribute {name} is to be set on /{path}, which does not exist")

    def needs_latest(self) -> bool:
        """Whether the source has a format that can hold more than the oldest one."""
        return bool(self._source.hdf5.id.get_create_plist().get_version()[0] >= 2)

    def tracks_order(self) -> bool:
        """Whether the source keeps the order in which things were created at its root."""
        return _tracks(self._root)

    def lay_out(self, layout: Layout) -> None:
        """Write everything but the arrays' bytes."""
        self._group("", self._root, layout)

    def _group(self, path: str, node: Any, layout: Layout) -> None:
        written = layout.group(path, _group_plist(node) if path else None)
        self._attributes(path, node, written)
        for name in _children(node):
            child = f"{path}/{name}" if path else name
            if child in self._dropped:
                continue
            encoded = name.encode("utf-8", "surrogateescape")
            if child in self._source.tree.stored:
                self._array(child, h5d.open(node, encoded), written, encoded, layout)
            else:
                self._group(child, h5g.open(node, encoded), layout)

    def _attributes(self, path: str, node: Any, written: Any) -> None:
        for name in attributes.listing(node, _order(node)):
            if (path, name) in self._texts or self._is_dropped(path, name):
                continue
            attributes.copy(node, written, name, f"/{path}")
        for (where, name), text in self._texts.items():
            if where == path:
                old = h5a.open(node, name.encode()) if attributes.exists(node, name) else None
                attributes.write_like(written, name, text, old)

    def _is_dropped(self, path: str, name: str) -> bool:
        # layer_names0, layer_names1… go with layer_names.
        return (path, name) in self._without or (path, name.rstrip("0123456789")) in self._without

    def _array(self, path: str, found: Any, parent: Any, name: bytes, layout: Layout) -> None:
        stored = self._source.tree.stored[path]
        plist = found.get_create_plist()
        plist.set_obj_track_times(False)
        if stored.offset is not None:
            plist = in_one_piece(plist)
        written = h5d.create(parent, name, found.get_type(), _space(found, stored), dcpl=plist)
        for attribute in attributes.listing(found):
            attributes.copy(found, written, attribute, f"/{path}")
        if stored.offset is not None:
            # As they are, whatever their byte order.
            size, raw, place = (
                stored.dataset.nbytes,
                self._source.raw,
                self._source.base + stored.offset,
            )
            layout.regions.append(
                Region(
                    written.get_offset(), size, lambda buffers: stretch(raw, place, size, buffers)
                )
            )
        elif plist.get_layout() == h5d.CHUNKED:
            _copy_chunks(found, written, path)
        elif plist.get_layout() == h5d.COMPACT:
            values = self._source.hdf5[path][()]
            h5py.Dataset(written)[()] = values


def _address(name: str) -> tuple[str, str]:
    """``group@attribute`` or ``attribute``."""
    path, _, attribute = name.rpartition("@")
    return path.strip("/"), attribute


def _children(node: Any) -> Iterator[str]:
    """Names in the order in which they were created where the file keeps it, else by name."""
    names: list[bytes] = []
    node.links.iterate(names.append, idx_type=_order(node))
    return (name.decode("utf-8", "surrogateescape") for name in names)


def _order(node: Any) -> int:
    return int(h5.INDEX_CRT_ORDER if _tracks(node) else h5.INDEX_NAME)


def _tracks(node: Any) -> bool:
    return bool(node.get_create_plist().get_link_creation_order() & h5p.CRT_ORDER_TRACKED)


def _group_plist(node: Any) -> Any:
    """New properties with nothing of the old ones but the order: sizes in them may be hostile."""
    if not _tracks(node):
        return None
    plist = h5p.create(h5p.GROUP_CREATE)
    plist.set_link_creation_order(_ORDERED)
    plist.set_attr_creation_order(_ORDERED)
    return plist


def _space(found: Any, stored: Stored) -> Any:
    if found.shape is None:
        return h5s.create(h5s.NULL)
    # An array in one piece cannot grow; a damaged one may say that it can.
    return found.get_space() if stored.offset is None else simple_space(stored.dataset.shape)


def _copy_chunks(found: Any, written: Any, path: str) -> None:
    chunks: list[Any] = []
    with damage_reported(f"/{path}"):
        found.chunk_iter(chunks.append)
        for chunk in chunks:
            mask, data = found.read_direct_chunk(chunk.chunk_offset)
            written.write_direct_chunk(chunk.chunk_offset, data, filter_mask=mask)
