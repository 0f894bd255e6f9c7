"""Explicit rewriting of what a file says about its model, everything else kept byte for byte."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from converter.api.config_edits import LayerEdit, drop_key, rename_class, set_value
from converter.api.outputs import Destination, Naming, destination
from converter.api.provenance import Provenance
from converter.containers import Contents, copy_h5, copy_keras, open_model
from converter.containers.sniff import Kind
from converter.errors import UsageError
from converter.model.description import Json
from converter.model.findings import Edit

DROP = "drop"
"""The value of ``training_config`` that removes it."""

_WEIGHTS = "model_weights"


@dataclass(frozen=True)
class Edited:
    """What was changed in one file.

    Attributes:
        source: the file.
        output: what was written, or would be; None when nothing changes.
        backup: where the source is kept when it was replaced.
        written: False for a dry run, and when nothing changes.
        edits: each changed value.
    """

    source: Path
    output: Path | None
    backup: Path | None
    written: bool
    edits: tuple[LayerEdit, ...]


@dataclass(frozen=True)
class _Change:
    """What a file shall say: the config, and texts by their attribute's name; None drops one."""

    config: Json
    texts: Mapping[str, str | None]
    edits: tuple[LayerEdit, ...]


def edit(
    path: str | PathLike[str],
    output: str | PathLike[str] | None = None,
    *,
    rename_classes: Mapping[str, str] | None = None,
    set_values: Mapping[str, Json] | None = None,
    drop_keys: Sequence[str] = (),
    keras_version: str | None = None,
    backend: str | None = None,
    training_config: Json = None,
    model_config: Json = None,
    in_place: bool = False,
    backup: bool = True,
    force: bool = False,
    dry_run: bool = False,
) -> Edited:
    """Changes exactly what it is told to, without knowing better.

    Args:
        path: a legacy model, legacy weights, or an archive.
        output: the output's name; by default ``NAME.edited.h5`` beside the source.
        rename_classes: old to new class names, of every layer that has them.
        set_values: ``LAYER.KEY`` to the new value; see ``config_edits.set_value``.
        drop_keys: ``LAYER.KEY`` to remove.
        keras_version: what the file shall say about its writer.
        backend: what the file shall say about its backend.
        training_config: the new compile state, or ``"drop"``.
        model_config: the new architecture; the other edits apply to it.
        in_place: replace the source.
        backup: with ``in_place``, keep the source as ``NAME.bak``.
        force: replace an output, or a backup, that exists.
        dry_run: only find out what would change.

    Raises:
        NotAModelError: the file is no Keras file.
        OutputError: the output exists or can't be written.
        UsageError: no such file, layer, class or key; nothing to do; or contradicting options.
    """
    with open_model(Path(path)) as source:
        contents = source.contents
    _require_kind(contents)
    config, edits = _new_config(contents, model_config, rename_classes, set_values, drop_keys)
    texts = _new_texts(contents, keras_version, backend, training_config)
    edits += _text_edits(contents, texts)
    if not edits:
        return Edited(contents.path, None, None, False, ())
    place = destination(
        contents.path,
        Naming(contents.path.suffix, ".edited"),
        None if output is None else Path(output),
        in_place=in_place,
        backup=backup,
        force=force,
    )
    if not dry_run:
        _write(contents, _Change(config, texts, tuple(edits)), place)
    return Edited(contents.path, place.path, place.backup_path, not dry_run, tuple(edits))


def _require_kind(contents: Contents) -> None:
    if contents.kind not in (Kind.LEGACY_MODEL, Kind.LEGACY_WEIGHTS, Kind.KERAS_ARCHIVE):
        raise UsageError(
            f"{contents.path} has no attributes to edit", "give a legacy .h5 or a .keras archive"
        )


def _new_config(
    contents: Contents,
    model_config: Json,
    rename_classes: Mapping[str, str] | None,
    set_values: Mapping[str, Json] | None,
    drop_keys: Sequence[str],
) -> tuple[Json, list[LayerEdit]]:
    if not (model_config or rename_classes or set_values or drop_keys):
        return contents.config, []
    if contents.config is None:
        raise UsageError(
            f"{contents.path} holds weights only, there is no architecture to edit",
            "add one with: kfix join ARCH.json WEIGHTS.h5",
        )
    config, edits = contents.config, []
    if model_config is not None:
        config = model_config
        edits.append(_file_edit("model_config", contents.config, model_config))
    for old, new in (rename_classes or {}).items():
        config, done = rename_class(config, old, new)
        edits += done
    for address, value in (set_values or {}).items():
        config, done = set_value(config, address, value)
        edits += done
    for address in drop_keys:
        config, done = drop_key(config, address)
        edits += done
    return config, [each for each in edits if each.edit.old != each.edit.new]


def _file_edit(key: str, old: Json, new: Json) -> LayerEdit:
    return LayerEdit("", Edit(key, old, new))


def _new_texts(
    contents: Contents, keras_version: str | None, backend: str | None, training_config: Json
) -> dict[str, str | None]:
    texts: dict[str, str | None] = {}
    if keras_version is not None:
        texts["keras_version"] = keras_version
    if backend is not None:
        if contents.kind is Kind.KERAS_ARCHIVE:
            raise UsageError("a .keras archive does not say what its backend was")
        texts["backend"] = backend
    if training_config is not None:
        if contents.kind is Kind.LEGACY_WEIGHTS:
            raise UsageError(f"{contents.path} holds weights only, it has no compile state")
        texts["training_config"] = None if training_config == DROP else json.dumps(training_config)
    return texts


def _text_edits(contents: Contents, texts: Mapping[str, str | None]) -> list[LayerEdit]:
    stored = {
        "keras_version": contents.writer.label or None,
        "backend": contents.writer.backend or None,
        "training_config": contents.training_config or contents.attributes.get("training_config"),
    }
    pairs = ((name, stored[name], _shown(name, text)) for name, text in texts.items())
    return [_file_edit(name, old, new) for name, old, new in pairs if old != new]


def _shown(name: str, text: str | None) -> Json:
    return json.loads(text) if name == "training_config" and text is not None else text


def _write(contents: Contents, change: _Change, place: Destination) -> None:
    changed = sorted({each.edit.key for each in change.edits})
    rules = [f"edit {key}" for key in changed]
    with place.publishing(_reopen) as path, Provenance(contents.path, rules) as note:
        if contents.kind is Kind.KERAS_ARCHIVE:
            _write_archive(contents, change, path, note)
        else:
            _write_h5(contents, change, path, note)


def _write_archive(contents: Contents, change: _Change, path: Path, note: Provenance) -> None:
    config: dict[str, Any] = dict(change.config)
    if "training_config" in change.texts:
        text = change.texts["training_config"]
        config["compile_config"] = None if text is None else json.loads(text)
    version = {key: text for key, text in change.texts.items() if key == "keras_version"}
    copy_keras(contents.path, path, config=config, metadata=lambda: version | note.metadata())


def _write_h5(contents: Contents, change: _Change, path: Path, note: Provenance) -> None:
    texts = {name: text for name, text in change.texts.items() if text is not None}
    wanted = dict(_everywhere(contents, texts.items()))
    if change.config is not contents.config:
        wanted["model_config"] = json.dumps(change.config)
    dropped = [name for name, text in change.texts.items() if text is None]
    copy_h5(
        contents.path,
        path,
        drop_attributes=dropped,
        set_attributes=wanted,
        late_attributes=note.attributes,
    )


def _everywhere(contents: Contents, texts: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    """A complete model says who wrote it at the root and at the group of its weights."""
    for name, text in texts:
        yield name, text
        if contents.kind is Kind.LEGACY_MODEL and name != "training_config":
            yield f"{_WEIGHTS}@{name}", text


def _reopen(path: Path) -> None:
    with open_model(path):
        pass
