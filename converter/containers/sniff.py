"""Recognising a file by its content, never by its suffix, and explaining what kfix cannot read."""

from __future__ import annotations

import re
import stat
import struct
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from converter.containers.files import for_hdf5
from converter.errors import NotAModelError, UnsafeContentError, UsageError

if TYPE_CHECKING:
    import h5py

HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
_HEAD = 4096
_TABLE_MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)


class Kind(StrEnum):
    """What a path is."""

    LEGACY_MODEL = "legacy-model"
    LEGACY_WEIGHTS = "legacy-weights"
    KERAS3_WEIGHTS = "keras3-weights"
    KERAS_ARCHIVE = "keras-archive"
    ARCHITECTURE = "architecture"
    YAML = "yaml-architecture"
    SAVED_MODEL = "saved-model"
    CHECKPOINT = "tf-checkpoint"
    GIT_LFS_POINTER = "git-lfs-pointer"
    HTML = "html"
    EMPTY = "empty"
    TRUNCATED = "truncated-hdf5"
    DAMAGED = "damaged"
    PICKLE = "pickle"
    PYTORCH = "pytorch"
    OTHER_ZIP = "other-zip"
    OTHER_HDF5 = "other-hdf5"
    OTHER_FORMAT = "other-format"
    UNKNOWN = "unknown"

    @property
    def readable(self) -> bool:
        """Whether ``open_model`` reads it."""
        return self in READABLE


READABLE = frozenset(
    {
        Kind.LEGACY_MODEL,
        Kind.LEGACY_WEIGHTS,
        Kind.KERAS3_WEIGHTS,
        Kind.KERAS_ARCHIVE,
        Kind.ARCHITECTURE,
    }
)


@dataclass(frozen=True)
class Sniffed:
    """What a path is, one sentence about it, and what to do next (empty for what kfix reads)."""

    kind: Kind
    explanation: str
    advice: str = ""


def sniff(path: Path) -> Sniffed:
    """Recognise ``path`` by reading a few bytes of it.

    Raises:
        UsageError: there is no such path.
        NotAModelError: it may not be read.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            return _sniff_directory(path)
        if not stat.S_ISREG(mode):
            # Opening a pipe would wait for a writer.
            return Sniffed(Kind.UNKNOWN, "is not a regular file", "Give the path of a model file.")
        with path.open("rb") as file:
            return _sniff_file(path, file)
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file") from None
    except OSError as error:
        raise NotAModelError(f"{path}: cannot be read: {error.strerror or error}") from error


def _sniff_directory(path: Path) -> Sniffed:
    if (path / "saved_model.pb").is_file():
        return _saved_model(path)
    if next(path.glob("*.index"), None) or (path / "checkpoint").is_file():
        return _checkpoint("is a directory with a TensorFlow checkpoint")
    if (path / "config.json").is_file() and (path / "model.weights.h5").is_file():
        return Sniffed(
            Kind.OTHER_FORMAT,
            "is an unpacked .keras archive (written with zipped=False)",
            "Pack its files into a zip named *.keras, without compression.",
        )
    return Sniffed(
        Kind.UNKNOWN,
        "is a directory without a model of its own",
        "Give a model file, or a batch of them.",
    )


def _saved_model(path: Path) -> Sniffed:
    if (path / "keras_metadata.pb").is_file():
        return Sniffed(
            Kind.SAVED_MODEL,
            "is a SavedModel that tf.keras wrote; Keras 3 does not load it as a model",
            "Load it with tf_keras and save it as .h5, then give that file to kfix.",
        )
    return Sniffed(
        Kind.SAVED_MODEL,
        "is a SavedModel without Keras metadata: it holds a graph for serving, not a model",
        "Use keras.layers.TFSMLayer, or find the .h5 or .keras file it was exported from.",
    )


def _checkpoint(explanation: str) -> Sniffed:
    return Sniffed(
        Kind.CHECKPOINT,
        f"{explanation}: weights without an architecture",
        "Convert it with the code that builds its model: kfix convert NAME.index"
        " --builder FILE.py:FUNCTION.",
    )


def _sniff_file(path: Path, file: BinaryIO) -> Sniffed:
    head = file.read(_HEAD)
    size = file.seek(0, 2)
    if not head:
        return Sniffed(Kind.EMPTY, "is empty", "Download or copy it again.")
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _sniff_zip(path)
    start = hdf5_start(file, size)
    if start is not None:
        return _sniff_hdf5(path, file, start, size)
    if not head.strip(b"\0"):
        return Sniffed(
            Kind.DAMAGED,
            "begins with nothing but zero bytes: it was never completely written",
            "Copy it again.",
        )
    return (
        _sniff_binary(path, file, head, size)
        or _sniff_text(path, file, head, size)
        or _unknown(head)
    )


def _unknown(head: bytes) -> Sniffed:
    return Sniffed(
        Kind.UNKNOWN,
        f"is none of the formats that Keras writes (it begins with {head[:8].hex(' ')})",
        "Give a .h5 or .keras file, or an architecture JSON.",
    )


# HDF5


def hdf5_start(file: BinaryIO, size: int) -> int | None:
    """Where the HDF5 begins: 0, or after a user block of 512, 1024… bytes; None if it doesn't."""
    start = 0
    while start < size:
        file.seek(start)
        if file.read(8) == HDF5_MAGIC:
            return start
        start = start * 2 or 512
    return None


def declared_size(file: BinaryIO, start: int) -> int | None:
    """Size in bytes that the superblock at ``start`` says the file has; None if it is damaged."""
    file.seek(start)
    block = file.read(96)
    if len(block) < 48:
        return None
    version = block[8]
    if version in (0, 1):
        width, first = block[13], 24 + 4 * version
        fields = (0, 2)
    elif version in (2, 3):
        width, first = block[9], 12
        fields = (0, 2)
    else:
        return None
    if width not in (2, 4, 8):
        return None
    base, end = (
        int.from_bytes(block[first + i * width : first + (i + 1) * width], "little") for i in fields
    )
    return end - base + start


def _sniff_hdf5(path: Path, file: BinaryIO, start: int, size: int) -> Sniffed:
    declared = declared_size(file, start)
    if declared is None:
        return Sniffed(
            Kind.DAMAGED, "begins like HDF5, but its superblock cannot be read", "Copy it again."
        )
    if declared > size:
        return Sniffed(
            Kind.TRUNCATED,
            f"is a truncated HDF5 file: {declared - size:,} of {declared:,} bytes are missing",
            "Download or copy it again, or see what is left of it with `kfix salvage`.",
        )
    import h5py

    try:
        with h5py.File(for_hdf5(path, file), "r") as hdf5:
            return classify(hdf5)
    except BlockingIOError:
        return Sniffed(
            Kind.DAMAGED, "is being written by another program", "Wait until it is closed."
        )
    except (OSError, RuntimeError, KeyError) as error:
        return Sniffed(
            Kind.DAMAGED,
            f"is a damaged HDF5 file: {_reason(error)}",
            "Copy it again, or see what is left of it with `kfix salvage`.",
        )


def _reason(error: Exception) -> str:
    """The inner part of a message of HDF5, which stands in parentheses."""
    found = re.search(r"\((.*)\)", str(error), re.DOTALL)
    return found.group(1) if found else str(error)


def classify(hdf5: h5py.File) -> Sniffed:
    """Tell the layouts of HDF5 apart by names alone: no object is opened and no link followed."""
    attributes = set(hdf5.attrs.keys())
    children = set(hdf5.keys())
    if "model_config" in attributes:
        return Sniffed(Kind.LEGACY_MODEL, "is a complete Keras model in HDF5")
    if attributes & {"layer_names", "layer_names0", "nb_layers"} or "model_weights" in children:
        return Sniffed(Kind.LEGACY_WEIGHTS, "holds weights in HDF5, without the architecture")
    if _has_variables(hdf5):
        return Sniffed(
            Kind.KERAS3_WEIGHTS, "holds weights in the layout of Keras 3, without the architecture"
        )
    # A name that is no UTF-8 comes as bytes.
    names = [each if isinstance(each, str) else repr(each) for each in children]
    listed = ", ".join(sorted(names)[:5]) or "nothing"
    return Sniffed(
        Kind.OTHER_HDF5,
        f"is HDF5, but not from Keras (its root holds {listed})",
        "Give a file written by model.save or save_weights.",
    )


def _has_variables(hdf5: h5py.File) -> bool:
    """Whether a group named ``vars`` is near the root, as in everything that Keras 3 writes."""
    seen = 0

    def visit(name: bytes) -> bool | None:
        nonlocal seen
        seen += 1
        if name.rsplit(b"/", 1)[-1] == b"vars":
            return True
        # Looking further than this, or deeper, would let a hostile file keep us busy.
        return False if seen > 1000 or name.count(b"/") > 64 else None

    return bool(hdf5.id.links.visit(visit, info=False))


# Zip


def _sniff_zip(path: Path) -> Sniffed:
    import zipfile

    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        return Sniffed(
            Kind.DAMAGED, f"is a truncated or damaged zip: {error}", "Download or copy it again."
        )
    if "config.json" in names and names & {
        "model.weights.h5",
        "metadata.json",
        "model.weights.npz",
    }:
        return Sniffed(Kind.KERAS_ARCHIVE, "is a .keras archive")
    return _other_zip(names)


def _other_zip(names: set[str]) -> Sniffed:
    models = sorted(name for name in names if name.endswith((".h5", ".hdf5", ".keras")))
    if any(name.endswith("data.pkl") for name in names):
        return Sniffed(
            Kind.PYTORCH, "is a PyTorch file", "kfix reads Keras models; load it with torch.load."
        )
    if models:
        return Sniffed(
            Kind.OTHER_ZIP,
            f"is a zip that contains {models[0]}",
            f"Unzip it and give {models[0]} to kfix.",
        )
    if any(name.endswith("saved_model.pb") for name in names):
        return Sniffed(
            Kind.OTHER_ZIP,
            "is a zipped SavedModel",
            "Unzip it, load it with tf_keras and save it as .h5.",
        )
    if names and all(name.endswith(".npy") for name in names):
        return Sniffed(
            Kind.OTHER_FORMAT,
            "is a NumPy .npz with arrays only",
            "Load it in code and set the weights.",
        )
    return Sniffed(Kind.OTHER_ZIP, "is a zip, but not from Keras", "Give a .h5 or .keras file.")


# Everything else

_PACKED = {
    b"\x1f\x8b": "gzip",
    b"\xfd7zXZ": "xz",
    b"BZh": "bzip2",
    b"7z\xbc\xaf": "7-Zip",
    b"Rar!": "RAR",
}
_TEXT_HTML = (b"<!doctype html", b"<html", b"<head", b"<?xml")


def _sniff_binary(path: Path, file: BinaryIO, head: bytes, size: int) -> Sniffed | None:
    for magic, name in _PACKED.items():
        if head.startswith(magic):
            return Sniffed(Kind.OTHER_FORMAT, f"is compressed with {name}", "Unpack it first.")
    if head[257:262] == b"ustar":
        return Sniffed(Kind.OTHER_FORMAT, "is a tar archive", "Unpack it first.")
    if head[4:8] == b"TFL3":
        return Sniffed(
            Kind.OTHER_FORMAT,
            "is a TensorFlow Lite model",
            "Find the Keras file it was converted from.",
        )
    if head[8:10] == b'{"' and int.from_bytes(head[:8], "little") < size:
        return Sniffed(
            Kind.OTHER_FORMAT, "is a safetensors file", "Load it in code and set the weights."
        )
    if path.name == "saved_model.pb":
        return _saved_model(path.parent)
    if _is_checkpoint_part(path, file, head, size):
        return _checkpoint("is part of a TensorFlow checkpoint")
    if head[0] == 0x80 and 2 <= head[1] <= 5 and _last_byte(file, size) == b".":
        return Sniffed(
            Kind.PICKLE,
            "is a Python pickle: opening it can run any code",
            "If you trust it, load it where it was made and save the model with model.save.",
        )
    return None


def _last_byte(file: BinaryIO, size: int) -> bytes:
    file.seek(size - 1)
    return file.read(1)


def _is_checkpoint_part(path: Path, file: BinaryIO, head: bytes, size: int) -> bool:
    if head.startswith(b"model_checkpoint_path:"):
        return True
    prefix = re.fullmatch(r"(.*)\.data-\d{5}-of-\d{5}", path.name)
    if prefix and path.with_name(f"{prefix.group(1)}.index").is_file():
        return True
    file.seek(max(0, size - 8))
    return file.read(8) == _TABLE_MAGIC


def _sniff_text(path: Path, file: BinaryIO, head: bytes, size: int) -> Sniffed | None:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"version https://git-lfs"):
        return _lfs_pointer(text)
    if text[:64].lower().startswith(_TEXT_HTML):
        return Sniffed(
            Kind.HTML,
            "is a web page: the download saved the site's page instead of the file",
            "Download it again from the link to the raw file.",
        )
    if text.startswith((b"{", b'"{')):
        return _sniff_json(path, size)
    if (
        re.search(rb"^(class_name|backend|!!python\S*|config):", text, re.MULTILINE)
        and b"layers" in text
    ):
        return Sniffed(
            Kind.YAML,
            "is an architecture in YAML, which Keras no longer reads because YAML can run code",
            "Load it with the Keras that wrote it and save model.to_json().",
        )
    return None


def _lfs_pointer(text: bytes) -> Sniffed:
    fields = dict(re.findall(rb"^(oid|size) (\S+)", text, re.MULTILINE))
    oid = fields.get(b"oid", b"?").decode("ascii", "replace")
    size = fields.get(b"size", b"").decode("ascii", "replace")
    amount = f"{int(size):,} bytes" if size.isdecimal() else "unknown size"
    return Sniffed(
        Kind.GIT_LFS_POINTER,
        f"is a Git LFS pointer, not the model itself ({oid}, {amount})",
        "Run `git lfs pull` in the repository, or download the raw file.",
    )


def _sniff_json(path: Path, size: int) -> Sniffed | None:
    from converter.containers import architecture, json_text

    if size > json_text.MAX_BYTES:
        return Sniffed(
            Kind.OTHER_FORMAT, "is JSON, but far larger than any architecture", "Give a model file."
        )
    try:
        value = architecture.parse(path)
    except UnsafeContentError:
        # Recognised all the same; the error is raised when it is opened.
        return Sniffed(Kind.ARCHITECTURE, "is an architecture in JSON, without weights")
    except NotAModelError as error:
        return Sniffed(Kind.DAMAGED, f"looks like JSON, but is not: {error}", "Copy it again.")
    if isinstance(value, dict) and "modelTopology" in value:
        return Sniffed(
            Kind.OTHER_FORMAT,
            "is a TensorFlow.js model",
            "Convert it with tensorflowjs_converter --input_format tfjs_layers_model to .h5 first.",
        )
    if isinstance(value, dict) and "class_name" in value and "config" in value:
        return Sniffed(Kind.ARCHITECTURE, "is an architecture in JSON, without weights")
    return Sniffed(
        Kind.OTHER_FORMAT,
        "is JSON, but not a Keras architecture",
        "Give the output of model.to_json().",
    )
