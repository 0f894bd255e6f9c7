"""Small models, many of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from converter.batch.task import Task
from tests import sample_store
from tests.batch.accidents import accidents

__all__ = ["accidents"]


@pytest.fixture(scope="session")
def model() -> Path:
    """A model of TensorFlow 2.8 that Keras 3 does not load."""
    return next(each.path for each in sample_store.samples("tf-2.8.0") if each.name == "gru")


@pytest.fixture
def models(tmp_path: Path, model: Path) -> Callable[..., list[Path]]:
    """Copies of that model under given names."""

    def made(*names: str) -> list[Path]:
        paths = [tmp_path / "in" / name for name in names]
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(model, path)
        return paths

    return made


@pytest.fixture
def task(tmp_path: Path) -> Callable[..., Task]:
    """The task of converting a file without verification."""

    def made(source: Path, **options: Any) -> Task:
        output = tmp_path / "out" / f"{source.stem}.keras"
        given = {"to": "keras", "verify": False, **options}
        return Task("convert", source, Path(source.name), output, output, given, new_folder=True)

    return made
