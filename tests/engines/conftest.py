"""One folder of models, one warm engine with Keras and one with TensorFlow alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from converter.engines import Engine

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("engine-models")
    quiet = {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(HERE)}
    subprocess.run(
        [sys.executable, "-B", str(HERE / "make_models.py"), str(folder)],
        env={**os.environ, **quiet},
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    with Engine(preload="keras", timeout=180) as started:
        yield started


@pytest.fixture(scope="session")
def plain_engine() -> Iterator[Engine]:
    """TensorFlow without Keras."""
    with Engine(preload="tensorflow", timeout=180) as started:
        yield started
