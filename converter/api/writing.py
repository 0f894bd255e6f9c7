"""Writes a mended model: as an archive or as a legacy file, with a note on where it came from."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from converter import __version__
from converter.api.mending import applied_rules
from converter.api.pipeline import parse
from converter.containers import ModelFile, open_model, write_keras, write_legacy_h5
from converter.dialects import keras3
from converter.dialects.compile_state import to_compile_config, to_training_config
from converter.errors import OutputError
from converter.knowledge.keras3 import VERSION
from converter.layouts import archive, legacy
from converter.model.description import Json
from converter.model.findings import Severity
from converter.rules.apply import Upgrade

PROVENANCE = "kfix"
"""The key in an archive's metadata and the attribute of an HDF5 file that say what kfix did."""


def provenance(source: Path, rules: list[str]) -> dict[str, Json]:
    """What an output says about its making: kfix's release, the source, the rules."""
    with source.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"version": __version__, "source": source.name, "sha256": digest, "rules": rules}


def write_archive(path: Path, result: Upgrade, source: ModelFile) -> None:
    """Writes a ``.keras`` archive of a model in Keras 3's words.

    Raises:
        NotAModelError: the source is damaged.
    """
    model = result.model
    config = keras3.serialise(model)
    if model.compile is not None:
        config["compile_config"] = to_compile_config(model.compile)
    write_keras(
        path,
        config=config,
        variables=archive.variables(model),
        source=source,
        keras_version=VERSION,
        metadata={PROVENANCE: _provenance(result, source)},
    )


def write_h5(path: Path, result: Upgrade, source: ModelFile) -> None:
    """Writes a legacy ``.h5`` of a model in Keras 3's words.

    The config names modules as in an archive: that is how Keras 3 reads it without its own, lossy,
    translation.

    Raises:
        NotAModelError: the source is damaged.
    """
    model = result.model
    write_legacy_h5(
        path,
        model_config=keras3.serialise(model),
        training_config=to_training_config(model.compile) if model.compile else None,
        groups=legacy.groups(model),
        source=source,
        keras_version=VERSION,
        attributes={PROVENANCE: json.dumps(_provenance(result, source))},
    )


def _provenance(result: Upgrade, source: ModelFile) -> dict[str, Json]:
    return provenance(source.contents.path, applied_rules(result.findings))


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
