"""Fixtures that several parts of the tests share."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from converter.cli import main
from tests import sample_store
from tests.truth_table import pytest_addoption, pytest_configure

__all__ = ["pytest_addoption", "pytest_configure"]


@dataclass(frozen=True)
class Result:
    """How a run of the command line ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        return json.loads(self.out)


@pytest.fixture
def kfix(capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Runs the command line in this process."""

    def run(*arguments: object) -> Result:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(each) for each in arguments])
        captured = capsys.readouterr()
        return Result(int(ended.value.code or 0), captured.out, captured.err)

    return run


@pytest.fixture
def sample(tmp_path: Path) -> Callable[..., Path]:
    """Copies a sample file into the test's own folder."""

    def copy(writer: str, name: str, to: str = "") -> Path:
        found = next(each for each in sample_store.samples(writer) if each.name == name)
        destination = tmp_path / (to or found.path.name)
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(found.path, destination)
        if found.architecture_path:
            shutil.copy(found.architecture_path, destination.with_suffix(".json"))
        return destination

    return copy
