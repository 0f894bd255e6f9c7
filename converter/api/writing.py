"""Writes a mended model: as an archive or as a legacy file, with a note on where it came from."""

from __future__ import annotations

from pathlib import Path

from converter.api.mending import applied_rules
from converter.api.pipeline import parse
from converter.api.provenance import Provenance
from converter.containers import ModelFile, open_model, write_keras, write_legacy_h5
from converter.dialects import keras3
from converter.dialects.compile_state import to_compile_config, to_training_config
from converter.errors import OutputError
from converter.knowledge.keras3 import VERSION
from converter.layouts import archive, legacy, optimizers
from converter.model.findings import Severity
from converter.rules.apply import Upgrade


def write_archive(path: Path, result: Upgrade, source: ModelFile) -> None:
    """Writes a ``.keras`` archive of a model in Keras 3's words.

    Raises:
        NotAModelError: the source is damaged.
    """
    model = result.model
    config = keras3.serialise(model)
    if model.compile is not None:
        config["compile_config"] = to_compile_config(model.compile)
    with _provenance(result, source) as note:
        write_keras(
            path,
            config=config,
            variables=[*archive.variables(model), *optimizers.variables(model)],
            source=source,
            keras_version=VERSION,
            metadata=note.metadata,
        )


def write_h5(path: Path, result: Upgrade, source: ModelFile) -> None:
    """Writes a legacy ``.h5`` of a model in Keras 3's words.

    The config names modules as in an archive: that is how Keras 3 reads it without its own, lossy,
    translation.

    Raises:
        NotAModelError: the source is damaged.
    """
    model = result.model
    with _provenance(result, source) as note:
        write_legacy_h5(
            path,
            model_config=keras3.serialise(model),
            training_config=to_training_config(model.compile) if model.compile else None,
            groups=legacy.groups(model),
            source=source,
            keras_version=VERSION,
            attributes=note.attributes,
        )


def _provenance(result: Upgrade, source: ModelFile) -> Provenance:
    return Provenance(source.contents.path, applied_rules(result.findings))


def reopened(path: Path) -> None:
    """Reads a written file again as any other source.

    Raises:
        OutputError: it does not hold what it should.
    """
    with open_model(path) as written:
        # A class of the user's inside a container is as it should be.
        problems = [each for each in parse(written).findings if each.severity is Severity.REFUSED]
    if problems:
        raise OutputError(f"the written file does not fit together: {problems[0].message}")
