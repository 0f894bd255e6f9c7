"""Weights of models that only code describes, and what their own frameworks computed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests import sample_store

FOLDER = sample_store.FOLDER / "built"


@dataclass(frozen=True)
class BuiltSample:
    """A file of weights, and how its model is built."""

    writer: str
    name: str
    path: Path
    builder: str
    builder_args: dict[str, Any]
    shapes: tuple[tuple[int, ...], ...]

    @property
    def id(self) -> str:
        return f"{self.writer}/{self.path.name}"

    @property
    def arguments(self) -> dict[str, Any]:
        """For ``convert``."""
        told: dict[str, Any] = {"builder": self.builder, "builder_args": self.builder_args}
        return told | ({"input_shape": self.shapes[0]} if self.name == "network" else {})

    def arrays(self, side: str) -> list[np.ndarray]:
        with np.load(self.path.with_name(f"{self.name}.npz")) as stored:
            return [stored[key] for key in sorted(stored.files) if key.startswith(side)]


def built_samples() -> Iterator[BuiltSample]:
    """All of them, in a fixed order."""
    for archive in sorted(FOLDER.glob(f"*{sample_store.SUFFIX}")):
        folder = sample_store._unpacked(archive)
        for entry in json.loads((folder / "manifest.json").read_text()):
            for file in entry["files"]:
                yield BuiltSample(
                    archive.name.removesuffix(sample_store.SUFFIX),
                    entry["name"],
                    folder / file,
                    str(sample_store.USER_CODE / entry["builder"]),
                    entry["builder_args"],
                    tuple(map(tuple, entry["shapes"])),
                )
