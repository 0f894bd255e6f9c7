"""What Keras 3 itself does, asked once in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CHILD = Path(__file__).with_name("keras_child.py")
ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {
    "KERAS_BACKEND": "tensorflow",
    "PYTHONPATH": str(ROOT),
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "",
}


def ask_keras(folder: Path, *arguments: object) -> Any:
    what, *numbers = map(str, arguments)
    answer = folder / "answer.json"
    done = subprocess.run(
        [sys.executable, str(CHILD), what, str(answer), *numbers],
        env={**os.environ, **ENVIRONMENT},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(answer.read_text())


@pytest.fixture(scope="session")
def stock_layers(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return ask_keras(tmp_path_factory.mktemp("layers"), "layers")
