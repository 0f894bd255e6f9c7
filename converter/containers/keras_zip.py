"""The ``.keras`` archive of tf.keras 2.12 and later and of Keras 3."""

from __future__ import annotations

import zipfile
from pathlib import Path

from converter.containers import archive as archives
from converter.containers import weights_h5
from converter.containers.contents import Contents
from converter.containers.hdf5_source import Hdf5Source
from converter.containers.sniff import Kind
from converter.containers.writers import writer_of
from converter.errors import NotAModelError

CONFIG = "config.json"
METADATA = "metadata.json"
WEIGHTS = "model.weights.h5"
ASSETS = "assets/"


def read(path: Path) -> tuple[Contents, Hdf5Source | None]:
    """The contents of an archive and its open weights (None if it has none).

    Raises:
        NotAModelError: damaged, or with weights in another format than HDF5.
        UnsafeContentError: see ``archive`` and ``guard``.
    """
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            archives.check(archive, path)
            return _read(archive, path)
    except zipfile.BadZipFile as error:
        raise NotAModelError(f"{path}: damaged zip: {error}") from error


def _read(archive: zipfile.ZipFile, path: Path) -> tuple[Contents, Hdf5Source | None]:
    names = set(archive.namelist())
    config = archives.read_json(archive, CONFIG, path)
    metadata = archives.read_json(archive, METADATA, path) if METADATA in names else {}
    if not isinstance(config, dict) or not isinstance(metadata, dict):
        raise NotAModelError(f"{path}: {CONFIG} or {METADATA} is not a JSON object")
    source = open_weights(archive, path)
    variables, optimizer = weights_h5.split(source.tree) if source else ({}, ())
    contents = Contents(
        path=path,
        kind=Kind.KERAS_ARCHIVE,
        size=path.stat().st_size,
        writer=writer_of(metadata.get("keras_version"), metadata.get("backend")),
        config=config,
        training_config=config.get("compile_config"),
        variables=variables,
        optimizer_weights=optimizer,
        optimizer_problem=weights_h5.optimizer_problem(source.tree) if source else "",
        assets=tuple(
            sorted(name for name in names if name.startswith(ASSETS) and not name.endswith("/"))
        ),
        metadata=metadata,
    )
    return contents, source


def read_asset(path: Path, name: str) -> str:
    """The text of an asset of an archive.

    Raises:
        NotAModelError: damaged, or no text.
        UnsafeContentError: see ``archive``.
    """
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            archives.check(archive, path)
            return archives.read_text(archive, name, path)
    except (zipfile.BadZipFile, KeyError) as error:
        raise NotAModelError(f"{path}: damaged zip: {error}") from error


def open_weights(archive: zipfile.ZipFile, path: Path) -> Hdf5Source | None:
    """The checked weights of a checked archive."""
    names = archive.namelist()
    if WEIGHTS in names:
        raw, start, size = archives.open_member(archive, WEIGHTS, path)
        return Hdf5Source.inside(raw, start, size, f"{path}: {WEIGHTS}")
    if any(name.startswith("model.weights.") for name in names):
        raise NotAModelError(
            f"{path}: its weights are not HDF5",
            "Load it in Keras and save it again with weights_format='h5'.",
        )
    return None
