"""Zip files that nobody vouches for: checked as a whole, then read without unpacking."""

from __future__ import annotations

import io
import shutil
import stat
import struct
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from converter.containers import json_text
from converter.errors import NotAModelError, UnsafeContentError
from converter.model.description import Json

MAX_MEMBERS = 10_000
# Deflate cannot exceed 1032:1; Keras stores without compression.
MAX_RATIO = 100
RATIO_FLOOR = 64 << 20
_DAMAGE = (zipfile.BadZipFile, EOFError, ValueError, zlib.error, NotImplementedError)
_LOCAL_HEADER = struct.Struct("<4s22xHH")


def check(archive: zipfile.ZipFile, path: Path) -> None:
    """Check names, sizes and places of all members.

    Raises:
        UnsafeContentError: naming the first member that is refused.
    """
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise UnsafeContentError(f"{path}: {len(members):,} members in a zip")
    seen: set[str] = set()
    for member in members:
        problem = "is listed twice" if member.filename in seen else _problem(member)
        if problem:
            raise UnsafeContentError(f"{path}: zip member {member.filename!r} {problem}")
        seen.add(member.filename)
    _check_sizes(archive, members, path)


def _problem(member: zipfile.ZipInfo) -> str:
    name = member.filename.replace("\\", "/")
    if name.startswith("/") or ":" in name.split("/")[0] or ".." in PurePosixPath(name).parts:
        return "would lie outside the archive"
    if stat.S_ISLNK(member.external_attr >> 16):
        return "is a symbolic link"
    if member.flag_bits & 0x1:
        return "is encrypted"
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return f"is compressed with method {member.compress_type}, which no Keras uses"
    if member.compress_type == zipfile.ZIP_STORED and member.file_size != member.compress_size:
        return "declares two different sizes"
    return ""


def _check_sizes(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], path: Path) -> None:
    """Each member and all together against what is stored, and no two members in the same bytes."""
    end = 0
    unpacked = sum(member.file_size for member in members)
    stored = sum(member.compress_size for member in members)
    for member in sorted(members, key=lambda member: member.header_offset):
        if member.header_offset < end:
            raise UnsafeContentError(f"{path}: zip member {member.filename!r} overlaps another one")
        end = member.header_offset + member.compress_size
        if _is_bomb(member.file_size, member.compress_size):
            raise UnsafeContentError(
                f"{path}: zip member {member.filename!r} unpacks {member.compress_size:,} bytes"
                f" to {member.file_size:,}"
            )
    if _is_bomb(unpacked, stored) or end > archive.start_dir:
        raise UnsafeContentError(f"{path}: {stored:,} bytes in the zip declare to be {unpacked:,}")


def _is_bomb(unpacked: int, stored: int) -> bool:
    return unpacked > RATIO_FLOOR and unpacked > MAX_RATIO * max(stored, 1)


def read_json(archive: zipfile.ZipFile, name: str, path: Path) -> Json:
    """A parsed JSON member.

    Raises:
        UnsafeContentError: too large or nested too deeply.
        NotAModelError: damaged or no JSON.
    """
    if archive.getinfo(name).file_size > json_text.MAX_BYTES:
        raise UnsafeContentError(f"{path}: {name} is too large")
    try:
        text = archive.read(name)
    except (*_DAMAGE, OSError) as error:
        raise NotAModelError(f"{path}: {name} is damaged: {error}") from error
    return json_text.parse(text, f"{path}: {name}")


def read_text(archive: zipfile.ZipFile, name: str, path: Path) -> str:
    """A text member.

    Raises:
        UnsafeContentError: too large.
        NotAModelError: damaged or not UTF-8.
    """
    if archive.getinfo(name).file_size > json_text.MAX_BYTES:
        raise UnsafeContentError(f"{path}: {name} is too large")
    try:
        return archive.read(name).decode()
    except (*_DAMAGE, OSError) as error:
        raise NotAModelError(f"{path}: {name} is damaged: {error}") from error


def open_member(archive: zipfile.ZipFile, name: str, path: Path) -> tuple[io.FileIO, int, int]:
    """A file, an offset and a size where the member's bytes lie.

    A stored member is used where it is, inside the archive. A compressed one is unpacked into a
    temporary file without a name. The caller closes the file.

    Raises:
        NotAModelError: the archive is damaged.
    """
    member = archive.getinfo(name)
    if member.compress_type == zipfile.ZIP_STORED:
        raw = path.open("rb", buffering=0)
        return raw, _data_start(raw, member, path), member.file_size
    return _unpacked(archive, member, path), 0, member.file_size


def _data_start(raw: io.FileIO, member: zipfile.ZipInfo, path: Path) -> int:
    """The local header repeats the name and may have another extra field than the directory."""
    raw.seek(member.header_offset)
    header = raw.read(_LOCAL_HEADER.size)
    magic, name, extra = (
        _LOCAL_HEADER.unpack(header) if len(header) == _LOCAL_HEADER.size else (b"", 0, 0)
    )
    start = member.header_offset + _LOCAL_HEADER.size + name + extra
    if magic != b"PK\x03\x04" or start + member.file_size > path.stat().st_size:
        raw.close()
        raise NotAModelError(f"{path}: zip member {member.filename!r} is damaged")
    return int(start)


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> io.FileIO:
    target = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  handed to the caller
    try:
        # ZipExtFile ends at the declared size and compares the checksum there.
        with archive.open(member) as packed:
            shutil.copyfileobj(packed, target, 1 << 20)
    except _DAMAGE as error:
        target.close()
        raise NotAModelError(
            f"{path}: zip member {member.filename!r} is damaged: {error}"
        ) from error
    except BaseException:
        target.close()
        raise
    return target
