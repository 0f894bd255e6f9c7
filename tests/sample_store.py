"""The samples as test parameters: files of the original frameworks with the outputs they computed.

Archives are unpacked once into the cache, in a folder named by their content, so several test
processes may ask at the same time.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from converter.engines import arrays

FOLDER = Path(__file__).resolve().parent.parent / "samples"
USER_CODE = FOLDER.parent / "tools" / "sample_writer" / "user_code"
"""The modules that models with their owners' layers were made with."""
VOCABULARIES = FOLDER.parent / "tools" / "sample_writer" / "vocabularies"
"""What the lookup layers of models had learned, where their files do not say it."""
SUFFIX = ".tar.xz"
RTOL, ATOL = 1e-4, 1e-5


@dataclass(frozen=True)
class Training:
    """Steps that the writer took after it had saved a file: batches, one after the other along the
    first axis of each input and target, and the losses."""

    inputs: list[np.ndarray]
    targets: list[np.ndarray]
    losses: np.ndarray


@dataclass(frozen=True)
class Sample:
    """One model file, and what the framework that wrote it computed from it."""

    writer: str
    name: str
    path: Path
    kind: str
    """full (.h5), keras (.keras), weights (legacy .h5 beside JSON), weights.h5 (beside JSON)."""
    architecture_path: Path | None
    layers: frozenset[str]
    """Class names of all layers, those inside wrappers and nested models included."""
    expect: str
    """same, or refused for the ``reason``."""
    reason: str
    rtol: float
    atol: float
    note: str = ""
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """What kfix has to be told about the file, as arguments of its functions."""

    @property
    def id(self) -> str:
        return f"{self.writer}/{self.name}"

    @property
    def inputs(self) -> list[Any]:
        """Arrays, or ``Ragged`` ones; a dense one may stand for a sparse tensor."""
        return self._arrays("input")

    @property
    def outputs(self) -> list[np.ndarray]:
        return self._arrays("output")

    @property
    def training(self) -> Training | None:
        """How training went on after the file was saved; None where that was not recorded."""
        with np.load(self.path.with_name(self.name + ".npz")) as stored:
            if "losses" not in stored.files:
                return None
            losses = stored["losses"]
        return Training(self._arrays("train_x"), self._arrays("train_y"), losses)

    def _arrays(self, side: str) -> list[Any]:
        stored = arrays.load(self.path.with_name(self.name + ".npz"))
        count = sum(key.startswith(f"{side}_") for key in stored)
        return [stored[f"{side}_{index}"] for index in range(count)]


def writers() -> list[str]:
    """The writers there are archives of."""
    return sorted(path.name.removesuffix(SUFFIX) for path in FOLDER.glob("*" + SUFFIX))


def samples(writer: str | None = None) -> list[Sample]:
    """All samples of one writer, or of every writer, in a fixed order."""
    if writer is None:
        return [sample for name in writers() for sample in samples(name)]
    return list(_of_writer(writer))


@cache
def _of_writer(writer: str) -> tuple[Sample, ...]:
    folder = _unpacked(FOLDER / (writer + SUFFIX))
    manifest = json.loads((folder / "manifest.json").read_text())
    return tuple(_sample(writer, folder, entry) for entry in manifest["samples"])


def _sample(writer: str, folder: Path, entry: dict[str, Any]) -> Sample:
    architecture = entry.get("architecture_file")
    return Sample(
        writer=writer,
        name=entry["name"],
        path=folder / entry["file"],
        kind=entry["kind"],
        architecture_path=folder / architecture if architecture else None,
        layers=frozenset(entry["layers"]),
        expect=entry["expect"],
        reason=entry["reason"],
        rtol=entry.get("rtol", RTOL),
        atol=entry.get("atol", ATOL),
        note=entry.get("note", ""),
        options=_options(entry.get("options", {})),
    )


def _options(stored: Mapping[str, Any]) -> dict[str, Any]:
    """As kfix takes them: the owner's modules and vocabularies by their paths."""
    options = dict(stored)
    if "custom" in stored:
        options["custom"] = [str(USER_CODE / name) for name in stored["custom"]]
    if "vocabulary" in stored:
        files = stored["vocabulary"].items()
        options["vocabulary"] = {layer: VOCABULARIES / name for layer, name in files}
    return options


def _cache_folder() -> Path:
    return Path(os.environ.get("KFIX_CACHE") or Path.home() / ".cache" / "kfix") / "samples"


def _unpacked(archive: Path) -> Path:
    """The archive's folder in the cache; whoever comes second throws its own copy away."""
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()[:16]
    destination = _cache_folder() / f"{archive.name.removesuffix(SUFFIX)}-{digest}"
    if destination.is_dir():
        return destination
    destination.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=destination.parent))
    try:
        with tarfile.open(archive) as stored:
            stored.extractall(scratch, filter="data")
        scratch.replace(destination)
    except OSError:
        if not destination.is_dir():
            raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return destination
