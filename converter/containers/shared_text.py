"""How much text a variable-length attribute unpacks to, found without unpacking it.

Such an attribute is a list of references into heaps, and libhdf5 copies the text of each: 4,000
references to one text of 100 MB fit into a file of 100 MB. libhdf5 tells the sum only after it has
done so, but the references hold the lengths, and in the object header that every HDF5 file but the
newest kind has, they are easy to find.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any, BinaryIO

from h5py import h5f, h5i, h5o

_PREFIX = struct.Struct("<BxHxxxxI4x")
_MESSAGE = struct.Struct("<HHBxxx")
_ATTRIBUTE = struct.Struct("<BBHHH")
_CONTINUATION, _ATTRIBUTE_TYPE, _SHARED = 0x10, 0x0C, 0x02
_MAX_BLOCKS = 1000
_MAX_BLOCK = 1 << 20


def unpacked_bytes(node: Any, name: str, count: int) -> int:
    """An upper limit of the bytes that the ``count`` texts of attribute ``name`` take together."""
    file = h5i.get_file_id(node)
    whole = int(count * file.get_filesize())
    if file.get_create_plist().get_sizes() != (8, 8):
        return whole
    try:
        with Path(os.fsdecode(h5f.get_name(file))).open("rb") as raw:
            base = file.get_create_plist().get_userblock()
            found = _references(raw, base, base + h5o.get_info(node).addr, name.encode())
    except (OSError, struct.error):
        # In an archive, or damaged: each text can be as large as the file.
        return whole
    if found is None:
        return whole
    return sum(length for length, _, _ in struct.iter_unpack("<IQI", found[: 16 * count]))


def _references(raw: BinaryIO, base: int, address: int, name: bytes) -> bytes | None:
    """The attribute's stored references; None if the object has another kind of header."""
    raw.seek(address)
    version, _, size = _PREFIX.unpack(raw.read(_PREFIX.size))
    if version != 1:
        return None
    blocks = [(address + _PREFIX.size, size)]
    for start, length in blocks:
        if len(blocks) > _MAX_BLOCKS or length > _MAX_BLOCK:
            return None
        raw.seek(start)
        block = raw.read(length)
        position = 0
        while position + _MESSAGE.size <= len(block):
            kind, size, flags = _MESSAGE.unpack_from(block, position)
            message = block[position + _MESSAGE.size :][:size]
            position += _MESSAGE.size + size
            if kind == _CONTINUATION:
                offset, length = struct.unpack_from("<QQ", message)
                blocks.append((base + offset, length))
            elif kind == _ATTRIBUTE_TYPE and not flags & _SHARED:
                found = _data(message, name)
                if found is not None:
                    return found
    return None


def _data(message: bytes, name: bytes) -> bytes | None:
    """The data of an attribute message, if it is the one called ``name``."""
    version, _, *sizes = _ATTRIBUTE.unpack_from(message)
    start = _ATTRIBUTE.size + (version == 3)
    if message[start : start + sizes[0]].rstrip(b"\0") != name:
        return None
    # The first version rounds its parts up to eight bytes.
    return message[start + sum(-(-size // 8) * 8 if version == 1 else size for size in sizes) :]
