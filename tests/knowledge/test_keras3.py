"""The table of Keras 3's layers against the installed Keras, and how it is asked."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from converter.knowledge import keras3

ROOT = Path(__file__).resolve().parents[2]
REGENERATE = """
import json, pathlib, sys
sys.path.insert(0, "tools")
from release_knowledge.newest import newest
sys.stdout.write(json.dumps(newest(pathlib.Path(sys.argv[1]))))
"""


def test_the_table_is_what_the_installed_keras_gives(tmp_path: Path) -> None:
    """The tool reads source text; it need not import what it describes."""
    (installed,) = find_spec("keras").submodule_search_locations  # type: ignore[union-attr]
    leave_out = shutil.ignore_patterns("applications", "datasets", "*_test.py", "__pycache__")
    shutil.copytree(installed, tmp_path / "keras", ignore=leave_out)
    command = [sys.executable, "-c", REGENERATE, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    stored = json.loads((ROOT / "converter/knowledge/keras3_layers.json").read_text())
    assert json.loads(done.stdout) == stored


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("Dense", "units"),
        ("Dense", "trainable"),
        ("Dense", "dtype"),
        ("Dense", "name"),
        ("LSTM", "implementation"),
        ("InputLayer", "batch_shape"),
        ("Conv2D", "groups"),
    ],
)
def test_arguments_that_are_taken(name: str, argument: str) -> None:
    assert argument in keras3.accepted(name)


@pytest.mark.parametrize(
    ("name", "argument"),
    [("DepthwiseConv2D", "groups"), ("LSTM", "time_major"), ("SpatialDropout2D", "noise_shape")],
)
def test_arguments_that_are_not_taken(name: str, argument: str) -> None:
    assert argument not in keras3.accepted(name)


def test_call_arguments() -> None:
    assert keras3.call_names("MultiHeadAttention")[:3] == ["query", "value", "key"]
    assert "initial_state" in keras3.call_arguments("LSTM")
    assert {"training", "mask"} <= keras3.call_arguments("Flatten")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Convolution2D", "Conv2D"), ("Dense", "Dense"), ("Mine", "Mine")],
)
def test_classes_behind_names(name: str, expected: str) -> None:
    assert keras3.class_of(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("GroupedQueryAttention", "GroupQueryAttention"), ("Dense", "Dense"), ("Mine", "Mine")],
)
def test_exported_names(name: str, expected: str) -> None:
    assert keras3.public_name(name) == expected


@pytest.mark.parametrize(
    "name",
    [
        *("Dense", "LayerNormalization", "GroupNormalization", "Dropout", "LSTM", "Embedding"),
        *("MultiHeadAttention", "GroupQueryAttention", "Concatenate", "TimeDistributed"),
    ],
)
def test_layers_that_hand_masks_on(name: str) -> None:
    assert keras3.LAYERS[name]["masking"] is True


@pytest.mark.parametrize("name", ["Conv1D", "Flatten", "RandomCrop", "Reshape", "EinsumDense"])
def test_layers_that_drop_masks(name: str) -> None:
    assert keras3.LAYERS[name]["masking"] is False


def test_every_op_is_in_a_module_of_ops() -> None:
    assert all(module.startswith("keras.src.ops.") for module in keras3.OPERATIONS.values())
    assert keras3.OPERATIONS["NotEqual"] == "keras.src.ops.numpy"
