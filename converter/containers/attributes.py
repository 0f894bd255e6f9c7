"""Attributes of HDF5 objects, read however they are stored and written as Keras writes them.

Objects are h5py's low-level identifiers (``group.id``): a file of 100 layers has hundreds of
attributes, and the high level takes several times as long for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from h5py import h5, h5a, h5i, h5s, h5t

from converter.containers import json_text, shared_text
from converter.errors import NotAModelError, OutputError, UnsafeContentError
from converter.model.description import Array, Json

# What fits into an HDF5 object header together with the attribute's own description; Keras uses
# the same number.
HEADER_LIMIT = 64512
# Names in an attribute may share one piece of text on disk; all copies together are held to this.
_MAX_TEXT = 256 << 20


def exists(node: Any, name: str) -> bool:
    """Whether the object has the attribute."""
    return bool(h5a.exists(node, name.encode()))


def listing(node: Any, index: int = h5.INDEX_NAME) -> list[str]:
    """Names of the object's attributes in the order of ``index``."""
    found: list[bytes] = []
    h5a.iterate(node, found.append, index_type=index)
    return [name.decode("utf-8", "surrogateescape") for name in found]


def text(node: Any, name: str, where: str) -> str | None:
    """A single text, however it is stored; None if there is none or it is no text.

    Raises:
        NotAModelError: not UTF-8, or several values where one is meant.
    """
    if not exists(node, name):
        return None
    values = _strings(node, name, where)
    if values is None:
        return None
    if len(values) != 1:
        raise NotAModelError(
            f"attribute {name} of {where} holds {len(values)} texts instead of one"
        )
    return values[0]


def json(node: Any, name: str, where: str) -> Json | None:
    """A parsed JSON attribute; None if there is none.

    Raises:
        NotAModelError: not JSON.
        UnsafeContentError: too large or nested too deeply.
    """
    found = text(node, name, where)
    return None if found is None else json_text.parse(found, f"attribute {name} of {where}")


def names(node: Any, name: str, where: str) -> tuple[str, ...] | None:
    """A list of names, whole or in chunks (``layer_names0``…); None if there is none.

    Raises:
        NotAModelError: the values are no text or not UTF-8.
    """
    if exists(node, name):
        return _names(node, name, where)
    found: list[str] = []
    chunk = 0
    while exists(node, f"{name}{chunk}"):
        found += _names(node, f"{name}{chunk}", where)
        chunk += 1
    return tuple(found) if chunk else None


def _names(node: Any, name: str, where: str) -> tuple[str, ...]:
    values = _strings(node, name, where)
    if values is not None:
        return tuple(values)
    # An empty list is stored as an empty array of float64.
    if h5a.open(node, name.encode()).get_space().get_simple_extent_npoints() == 0:
        return ()
    raise NotAModelError(f"attribute {name} of {where} holds no names")


def number(node: Any, name: str) -> int | None:
    """A single whole number (``nb_layers`` of the oldest files); None if there is none."""
    if not exists(node, name):
        return None
    values = read_raw(node, name)
    return int(values.reshape(-1)[0]) if values.size == 1 and values.dtype.kind in "iu" else None


def texts(node: Any, where: str) -> dict[str, str]:
    """All attributes that are text or numbers, as text."""
    found: dict[str, str] = {}
    for name in listing(node):
        attribute = h5a.open(node, name.encode("utf-8", "surrogateescape"))
        kind = attribute.get_type().get_class()
        if kind == h5t.STRING:
            values = _strings(node, name, where) or []
            found[name] = values[0] if len(values) == 1 else ", ".join(values)
        elif kind in (h5t.INTEGER, h5t.FLOAT):
            found[name] = str(read_raw(node, name).tolist())
    return found


def _strings(node: Any, name: str, where: str) -> list[str] | None:
    attribute = h5a.open(node, name.encode("utf-8", "surrogateescape"))
    if attribute.get_type().get_class() != h5t.STRING:
        return None
    try:
        return [bytes(value or b"").decode() for value in read_raw(node, name).reshape(-1)]
    except UnicodeDecodeError as error:
        raise NotAModelError(
            f"attribute {name} of {where} is not UTF-8 text ({error.reason})"
        ) from error


def read_raw(node: Any, name: str) -> Array:
    """The values as stored: numbers, ``S`` for fixed-length text, else objects of ``bytes``.

    Raises:
        UnsafeContentError: it declares absurd sizes.
    """
    attribute = h5a.open(node, name.encode("utf-8", "surrogateescape"))
    try:
        dtype = attribute.dtype
    except (TypeError, ValueError) as error:
        raise NotAModelError(f"attribute {name} is damaged: {error}") from error
    kind = attribute.get_type()
    if attribute.get_space().get_simple_extent_type() == h5s.NULL:
        return np.zeros(0)
    count = attribute.get_space().get_simple_extent_npoints()
    if kind.get_class() == h5t.STRING and kind.is_variable_str():
        _check_shared_text(node, attribute, name, count)
        values = np.empty(attribute.shape, dtype=dtype)
        attribute.read(values)
        return values
    values = np.zeros(attribute.shape, dtype=dtype)
    if count:
        attribute.read(values)
    return values


def _check_shared_text(node: Any, attribute: Any, name: str, count: int) -> None:
    """Refuse an attribute whose many texts are one huge text on disk, copied once for each."""
    small = count < 2 or count * h5i.get_file_id(attribute).get_filesize() <= _MAX_TEXT
    if not small and shared_text.unpacked_bytes(node, name, count) > _MAX_TEXT:
        raise UnsafeContentError(f"attribute {name} unpacks to more than {_MAX_TEXT >> 20} MB")


# Writing


def write_text(node: Any, name: str, value: str) -> None:
    """Write a text of any length, replacing what is there."""
    _write(node, name, np.array(value, dtype=h5t.string_dtype()))


def write_names(node: Any, name: str, values: Sequence[str]) -> None:
    """Write a list of names as Keras does: fixed-length text, in chunks that fit into headers.

    Raises:
        OutputError: a single name is longer than an object header.
    """
    encoded = [value.encode() for value in values]
    longest = max((len(value) for value in encoded), default=0)
    if longest > HEADER_LIMIT:
        raise OutputError(f"a name of {longest} bytes does not fit into an HDF5 file")
    whole = np.asarray(encoded)
    chunks = [whole]
    while any(chunk.nbytes > HEADER_LIMIT for chunk in chunks):
        chunks = np.array_split(whole, len(chunks) + 1)
    if len(chunks) == 1:
        _write(node, name, whole)
        return
    for index, chunk in enumerate(chunks):
        _write(node, f"{name}{index}", chunk)


def write_like(node: Any, name: str, value: str, model: Any) -> None:
    """Write a text with the storage type (fixed or variable length) of ``model``, where it fits.

    ``model`` is an attribute identifier or None.
    """
    encoded = value.encode()
    fixed = (
        model is not None
        and model.get_type().get_class() == h5t.STRING
        and not model.get_type().is_variable_str()
    )
    if fixed and 0 < len(encoded) <= HEADER_LIMIT:
        array = np.array(encoded, dtype=f"S{len(encoded)}")
        _write(node, name, array)
    else:
        write_text(node, name, value)


def copy(source: Any, target: Any, name: str, where: str) -> None:
    """Copy one attribute with its storage type and shape.

    Raises:
        UnsafeContentError: it is neither text nor numbers.
    """
    encoded = name.encode("utf-8", "surrogateescape")
    attribute = h5a.open(source, encoded)
    kind, space = attribute.get_type(), attribute.get_space()
    if kind.get_class() not in (h5t.STRING, h5t.INTEGER, h5t.FLOAT, h5t.ENUM):
        raise UnsafeContentError(f"{where}: attribute {name!r} is neither text nor numbers")
    values = read_raw(source, name)
    written = h5a.create(target, encoded, kind, space)
    if space.get_simple_extent_type() != h5s.NULL and values.size:
        written.write(values)


def _write(node: Any, name: str, values: Array) -> None:
    encoded = name.encode()
    if h5a.exists(node, encoded):
        h5a.delete(node, encoded)
    space = h5s.create_simple(values.shape) if values.shape else h5s.create(h5s.SCALAR)
    attribute = h5a.create(node, encoded, h5t.py_create(values.dtype, logical=True), space)
    if values.size:
        attribute.write(values)
