"""Writing model files from configs and weight references, streaming the numbers from the source.

The functions write to the path they are given; ``publish`` makes that a temporary one. Output
depends on the input alone: no timestamps but the ``date_saved`` of an archive, which follows
SOURCE_DATE_EPOCH where it is set.
"""

from __future__ import annotations

import io
import json
import os
import time
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, cast

from converter.containers import attributes, keras_zip, legacy_h5
from converter.containers.hdf5_target import (
    LateTexts,
    Layout,
    weight_blocks,
    write_file,
    write_inside,
)
from converter.containers.model_file import ModelFile
from converter.model.description import Dataset, Json, Weight

LayerWeights = tuple[str, Sequence[tuple[str, Weight]]]

# Member sizes are written into the header before they are known; above this the header has room
# for 64 bits.
_ZIP64_FROM = 2 << 30


def write_keras(
    path: Path,
    *,
    config: Json,
    variables: Iterable[tuple[str, Weight]],
    source: ModelFile | None,
    keras_version: str,
    metadata: Callable[[], Mapping[str, Json]] | None = None,
) -> None:
    """Write a ``.keras`` archive as Keras 3 does: a zip without compression.

    Args:
        path: the file to write; overwritten.
        config: ``config.json``, whole.
        variables: path (``layers/dense/vars/0``, ``optimizer/vars/0``) and weight.
        source: where the weights' sources are read.
        keras_version: as in ``metadata.json``.
        metadata: gives more keys of ``metadata.json``, asked for when all arrays are written; no
            Keras reads that file, so it is the place for provenance.

    Raises:
        OutputError: two variables have the same path.
        NotAModelError: a source is damaged.
        ValueError: a weight's value has not the declared shape.
    """
    entries = list(variables)
    with path.open("w+b", buffering=0) as raw, zipfile.ZipFile(cast(BinaryIO, raw), "w") as archive:
        add_json(archive, keras_zip.CONFIG, config)
        size = sum(Dataset("", entry.shape, entry.dtype).nbytes for _, entry in entries)
        add_hdf5(archive, raw, lambda layout: _lay_out_variables(layout, entries, source), size)
        stamp = {"keras_version": keras_version, "date_saved": _date_saved()}
        add_json(archive, keras_zip.METADATA, {**stamp, **(metadata() if metadata else {})})


def write_weights_h5(
    path: Path,
    *,
    variables: Iterable[tuple[str, Weight]],
    source: ModelFile | None,
    attributes: LateTexts | None = None,
) -> None:
    """Write a ``.weights.h5`` file as Keras 3 does, with ``attributes`` at the root.

    Arguments and errors as in ``write_keras``.
    """
    entries = list(variables)

    def lay_out(layout: Layout) -> None:
        _lay_out_variables(layout, entries, source)

    write_file(path, lay_out, late_attributes=attributes)


def write_legacy_h5(
    path: Path,
    *,
    model_config: Json,
    training_config: Json | None,
    groups: Iterable[LayerWeights],
    source: ModelFile | None,
    keras_version: str,
    backend: str = "tensorflow",
    attributes: LateTexts | None = None,
    optimizer_weights: Sequence[tuple[str, Weight]] = (),
) -> None:
    """Write a complete legacy model, the ``.h5`` of every Keras.

    Args:
        path: the file to write; overwritten.
        model_config: ``{"class_name", "config"}``.
        training_config: the compile state, None for an uncompiled model.
        groups: every layer's name and its named weights, in the order of the model's layers;
            layers without weights too.
        source: where the weights' sources are read.
        keras_version: readers convert weights by this.
        backend: ``tensorflow``; readers flip kernels by this.
        attributes: gives more root attributes, asked for when all arrays are written.
        optimizer_weights: name and weight of the optimizer's variables.

    Raises:
        OutputError: two arrays have the same path, or a name is too long for HDF5.
        NotAModelError: a source is damaged.
        ValueError: a weight's value has not the declared shape.
    """
    texts = {
        "keras_version": keras_version,
        "backend": backend,
        "model_config": json.dumps(model_config),
    }
    if training_config is not None:
        texts["training_config"] = json.dumps(training_config)
    layers = list(groups)

    def lay_out(layout: Layout) -> None:
        _write_texts(layout.hdf5.id, texts)
        _lay_out_layers(layout, legacy_h5.WEIGHTS, layers, source, keras_version, backend)
        if optimizer_weights:
            _lay_out_group(layout, legacy_h5.OPTIMIZER, optimizer_weights, source)

    write_file(path, lay_out, late_attributes=attributes)


def write_legacy_weights(
    path: Path,
    *,
    groups: Iterable[LayerWeights],
    source: ModelFile | None,
    keras_version: str,
    backend: str = "tensorflow",
    attributes: LateTexts | None = None,
) -> None:
    """Write a legacy weights-only file, with the layers at the root.

    Arguments and errors as in ``write_legacy_h5``.
    """
    layers = list(groups)

    def lay_out(layout: Layout) -> None:
        _lay_out_layers(layout, "", layers, source, keras_version, backend)

    write_file(path, lay_out, late_attributes=attributes)


def write_architecture(path: Path, config: Json) -> None:
    """Write an architecture JSON, indented for people."""
    path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def _lay_out_variables(
    layout: Layout, variables: Sequence[tuple[str, Weight]], source: ModelFile | None
) -> None:
    for path, weight in variables:
        layout.array(path, weight.shape, weight.dtype, weight_blocks(weight, source))


def _lay_out_layers(
    layout: Layout,
    prefix: str,
    layers: Sequence[LayerWeights],
    source: ModelFile | None,
    keras_version: str,
    backend: str,
) -> None:
    node = layout.group(prefix)
    attributes.write_names(node, "layer_names", [name for name, _ in layers])
    _write_texts(node, {"backend": backend, "keras_version": keras_version})
    for name, weights in layers:
        _lay_out_group(layout, f"{prefix}/{name}", weights, source)


def _lay_out_group(
    layout: Layout, path: str, weights: Sequence[tuple[str, Weight]], source: ModelFile | None
) -> None:
    attributes.write_names(layout.group(path), "weight_names", [name for name, _ in weights])
    for name, weight in weights:
        layout.array(f"{path}/{name}", weight.shape, weight.dtype, weight_blocks(weight, source))


def _write_texts(node: object, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        attributes.write_text(node, name, text)


# Archives


def add_json(archive: zipfile.ZipFile, name: str, value: Json) -> None:
    """Add a JSON member, dated 1980 like everything that Keras puts into an archive."""
    archive.writestr(new_member(name), json.dumps(value))


def add_hdf5(
    archive: zipfile.ZipFile, raw: io.FileIO, lay_out: Callable[[Layout], None], size: int
) -> None:
    """Add ``model.weights.h5``, written in place inside the archive; ``size`` is an estimate."""
    member = new_member(keras_zip.WEIGHTS)
    member.header_offset, member.CRC = raw.seek(archive.start_dir), 0
    wide = size > _ZIP64_FROM
    raw.write(member.FileHeader(zip64=wide))
    member.file_size, member.CRC = write_inside(raw, raw.tell(), lay_out)
    member.compress_size = member.file_size
    raw.seek(member.header_offset)
    raw.write(member.FileHeader(zip64=wide))
    archive.start_dir = raw.seek(0, 2)
    archive.filelist.append(member)
    archive.NameToInfo[member.filename] = member


def new_member(name: str) -> zipfile.ZipInfo:
    """A member without compression and without a date."""
    member = zipfile.ZipInfo(name)
    member.external_attr = 0o600 << 16
    return member


def _date_saved() -> str:
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    moment = time.gmtime(int(epoch)) if epoch.isdecimal() else time.localtime()
    return time.strftime("%Y-%m-%d@%H:%M:%S", moment)
