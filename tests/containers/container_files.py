"""Small model files as the tests need them, written with h5py and zipfile alone."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

CONFIG = {"class_name": "Sequential", "config": {"name": "m", "layers": []}}
KERNEL = np.arange(12, dtype="f4").reshape(3, 4)
BIAS = np.arange(4, dtype="f4")
WILD = Path(__file__).resolve().parents[3] / "shared" / "wild"


def legacy_model(path: Path, *, optimizer: bool = True, root: bool = False) -> Path:
    """A model with a Dense layer and a layer without weights, as tf.keras 2.2.4 writes it."""
    with h5py.File(path, "w") as file:
        if not root:
            file.attrs["keras_version"] = b"2.2.4-tf"
            file.attrs["backend"] = b"tensorflow"
            file.attrs["model_config"] = json.dumps(CONFIG).encode()
            file.attrs["training_config"] = json.dumps({"loss": "mse"}).encode()
        group = file if root else file.create_group("model_weights")
        group.attrs["keras_version"] = b"2.2.4-tf"
        group.attrs["backend"] = b"tensorflow"
        group.attrs["layer_names"] = np.array([b"dense", b"relu"])
        dense = group.create_group("dense")
        dense.attrs["weight_names"] = np.array([b"dense/kernel:0", b"dense/bias:0"])
        dense["dense/kernel:0"] = KERNEL
        dense["dense/bias:0"] = BIAS
        group.create_group("relu").attrs["weight_names"] = np.array([])
        if optimizer and not root:
            state = file.create_group("optimizer_weights")
            state.attrs["weight_names"] = np.array([b"Adam/iterations:0", b"Adam/m:0"])
            state["Adam/iterations:0"] = np.int64(7)
            state["Adam/m:0"] = KERNEL
    return path


def keras3_weights(target: Path | io.BytesIO) -> None:
    """The weights layout of Keras 3, with an optimizer of eleven variables."""
    with h5py.File(target, "w") as file:
        file["layers/dense/vars/0"] = KERNEL
        file["layers/dense/vars/1"] = BIAS
        file["layers/dense/vars"].attrs["name"] = "dense"
        for index in range(11):
            file[f"optimizer/vars/{index}"] = np.float32(index)


def keras_archive(path: Path, compression: int = zipfile.ZIP_STORED) -> Path:
    """A ``.keras`` archive with an asset."""
    weights = io.BytesIO()
    keras3_weights(weights)
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.15.1"}))
        archive.writestr("config.json", json.dumps(CONFIG | {"compile_config": {"loss": "mse"}}))
        archive.writestr("model.weights.h5", weights.getvalue())
        archive.writestr("assets/layers/lookup/vocabulary.txt", "a\nb\n")
    return path


def wild(pattern: str) -> list[object]:
    """The collected real files that match, as test parameters; skipped without a collection."""
    found = sorted(WILD.glob(pattern)) if WILD.is_dir() else []
    if not found:
        return [pytest.param(None, marks=pytest.mark.skip(reason="no collection of real files"))]
    return [pytest.param(path, id=path.name) for path in found]
