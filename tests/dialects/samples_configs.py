"""Configs of samples by the Keras that wrote them."""

from __future__ import annotations

from functools import cache
from typing import Any

from converter.containers import open_model
from converter.dialects import keras2, keras3
from converter.model.description import Model, Writer
from tests import sample_store

Config = tuple[str, Any, Writer]


@cache
def configs(generation: int) -> list[Config]:
    """Identifier, config and writer of each architecture that a Keras of this generation wrote."""
    found = []
    for sample in sample_store.samples():
        if sample.kind not in ("full", "keras") or _generation(sample.writer) != generation:
            continue
        with open_model(sample.path) as source:
            contents = source.contents
        if contents.config is not None:
            found.append((sample.id, contents.config, contents.writer))
    return found


def _generation(writer: str) -> int:
    framework, version = writer.split("-")[:2]
    return 2 if framework == "tf" else int(version[0])


def parse(config: Any, writer: Writer) -> Model:
    return (keras3 if writer.generation >= 3 else keras2).parse(config)
