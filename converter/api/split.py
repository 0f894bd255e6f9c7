"""Taking a model apart into architecture and weights, and putting the two together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from converter.api.joining import WHOLE, complete, require_matching
from converter.api.outputs import Destination, Naming, destination, stem
from converter.api.pipeline import parse
from converter.api.provenance import Provenance
from converter.containers import (
    Contents,
    ModelFile,
    open_model,
    write_architecture,
    write_keras,
    write_legacy_h5,
    write_legacy_weights,
    write_weights_h5,
)
from converter.containers.sniff import Kind
from converter.errors import NotExactError, UsageError
from converter.model.description import Dataset, Json, Weight


@dataclass(frozen=True)
class Split:
    """The two files that a model was taken apart into."""

    source: Path
    architecture: Path
    weights: Path
    written: bool


@dataclass(frozen=True)
class Joined:
    """The model that two files were put together to."""

    architecture: Path
    weights: Path
    output: Path
    written: bool


def split(
    path: str | PathLike[str],
    directory: str | PathLike[str],
    *,
    force: bool = False,
    dry_run: bool = False,
) -> Split:
    """Writes ``NAME.json`` and a weights file of the model's own layout into a directory.

    The model stays as its writer described it; compile and optimizer state are left out. Weights of
    a legacy model go to ``NAME_weights.h5``, because Keras 3 takes every ``*.weights.h5`` for its
    own layout; those of an archive go to ``NAME.weights.h5``.

    Args:
        path: a legacy model or an archive.
        directory: where the two files go; made when missing.
        force: replace files that exist.
        dry_run: only find out what would be done.

    Raises:
        NotAModelError: the file is no Keras model.
        NotExactError: the model has weights that belong to no layer.
        OutputError: an output exists or can't be written.
        UsageError: no such file, or one that holds only a part of a model.
    """
    source, folder = Path(path), Path(directory)
    with open_model(source) as opened:
        contents = opened.contents
        if contents.kind not in WHOLE or contents.config is None:
            raise UsageError(f"{source} is only a part of a model already")
        if contents.top_level_weights:
            raise NotExactError(
                f"{source} has weights that belong to no layer, which would be lost"
            )
        legacy = contents.kind is Kind.LEGACY_MODEL
        name = stem(source)
        architecture = Destination(folder / f"{name}.json", force=force)
        weights = Destination(
            folder / (f"{name}_weights.h5" if legacy else f"{name}.weights.h5"), force=force
        )
        if not dry_run:
            folder.mkdir(parents=True, exist_ok=True)
            # Both are complete before either gets its name.
            with weights.publishing() as weights_path, architecture.publishing() as json_path:
                write_architecture(json_path, _architecture(contents))
                (_legacy_weights if legacy else _archive_weights)(weights_path, opened)
    return Split(source, architecture.path, weights.path, not dry_run)


def _architecture(contents: Contents) -> Json:
    """What ``model.to_json()`` gives: the config, and who wrote it."""
    assert contents.config is not None
    kept = {key: value for key, value in contents.config.items() if key != "compile_config"}
    writer = {"keras_version": contents.writer.label, "backend": contents.writer.backend}
    return kept | {key: value for key, value in writer.items() if value}


def _legacy_weights(path: Path, opened: ModelFile) -> None:
    contents = opened.contents
    with Provenance(contents.path) as note:
        write_legacy_weights(
            path,
            groups=list(_groups(contents)),
            source=opened,
            keras_version=contents.writer.label,
            backend=contents.writer.backend,
            attributes=note.attributes,
        )


def _archive_weights(path: Path, opened: ModelFile) -> None:
    contents = opened.contents
    with Provenance(contents.path) as note:
        write_weights_h5(
            path, variables=_variables(contents), source=opened, attributes=note.attributes
        )


def _groups(contents: Contents) -> Iterator[tuple[str, list[tuple[str, Weight]]]]:
    for group in contents.layer_groups:
        pairs = zip(group.weight_names, group.weights, strict=True)
        yield group.name, [(name, _as_it_is(name, data)) for name, data in pairs]


def _variables(contents: Contents) -> list[tuple[str, Weight]]:
    return [(path, _as_it_is(path, data)) for path, data in contents.variables.items()]


def _as_it_is(name: str, data: Dataset) -> Weight:
    return Weight(name, (data,), data.shape, data.dtype)


def join(
    architecture: str | PathLike[str],
    weights: str | PathLike[str],
    output: str | PathLike[str] | None = None,
    *,
    force: bool = False,
    dry_run: bool = False,
) -> Joined:
    """Puts an architecture and its weights together as the complete model they came from.

    Legacy weights give a ``.h5``, Keras 3's layout gives a ``.keras``; nothing is mended on the
    way.

    Args:
        architecture: what ``model.to_json()`` gave.
        weights: what ``save_weights()`` wrote.
        output: the output's name; by default beside the architecture.
        force: replace an output that exists.
        dry_run: only find out what would be done.

    Raises:
        NotAModelError: one of the files is not what it should be.
        NotExactError: the weights do not fit the architecture.
        OutputError: the output exists or can't be written.
        UsageError: no such file, or an output name that does not fit.
    """
    with open_model(Path(architecture)) as plan, open_model(Path(weights)) as opened:
        _require_kinds(plan.contents, opened.contents)
        archive = opened.contents.kind is Kind.KERAS3_WEIGHTS
        suffix = ".keras" if archive else ".h5"
        wanted = None if output is None else Path(output)
        if wanted is not None and (wanted.suffix == ".keras") != archive:
            raise UsageError(
                f"these weights make a {suffix} file, not {wanted.name}",
                "join them first, then `kfix convert` the result",
            )
        place = destination(Path(architecture), Naming(suffix), wanted, force=force)
        require_matching(complete(opened, plan.contents), "Are the two from the same model?")
        if not dry_run:
            with place.publishing(_fits) as path:
                write_joined(path, opened)
    return Joined(Path(architecture), Path(weights), place.path, not dry_run)


def _require_kinds(plan: Contents, weights: Contents) -> None:
    if plan.config is None or plan.kind in WHOLE:
        raise UsageError(f"{plan.path} is no architecture JSON", "kfix join ARCH.json WEIGHTS.h5")
    if weights.config is not None:
        raise UsageError(f"{weights.path} is no weights file", "kfix join ARCH.json WEIGHTS.h5")


def write_joined(path: Path, opened: ModelFile) -> None:
    """Writes weights with the architecture that their contents were completed with."""
    archive = opened.contents.kind is Kind.KERAS_ARCHIVE
    (_joined_archive if archive else _joined_legacy)(path, opened)


def _joined_legacy(path: Path, opened: ModelFile) -> None:
    contents = opened.contents
    with Provenance(contents.path) as note:
        write_legacy_h5(
            path,
            model_config=contents.config,
            training_config=None,
            groups=list(_groups(contents)),
            source=opened,
            keras_version=contents.writer.label,
            backend=contents.writer.backend,
            attributes=note.attributes,
        )


def _joined_archive(path: Path, opened: ModelFile) -> None:
    contents = opened.contents
    with Provenance(contents.path) as note:
        write_keras(
            path,
            config=contents.config,
            variables=_variables(contents),
            source=opened,
            keras_version=contents.writer.label,
            metadata=note.metadata,
        )


def _fits(path: Path) -> None:
    with open_model(path) as joined:
        found = parse(joined).findings
    refused = [each for each in found if each.code == "KF901"]
    if refused:
        raise NotExactError(
            f"the weights do not fit the architecture: {refused[0].layer}: {refused[0].message}",
            "Are the two from the same model?",
        )
