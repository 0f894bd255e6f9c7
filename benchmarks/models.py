"""Model files to measure with, made as tf.keras 2.8 would have saved them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np


def dense_stack(path: Path, layers: int, units: int, *, optimizer: bool = False) -> None:
    """A Sequential of equal dense layers, as a legacy file.

    Args:
        path: the .h5 to write.
        layers: number of Dense layers, each with units² + units float32 weights.
        units: width of every layer and of the input.
        optimizer: whether the file also holds Adam's two moments for each weight, and so is three
            times as large.
    """
    names = [f"dense_{index}" for index in range(layers)]
    random = np.random.default_rng(0)
    kernel = random.standard_normal((units, units), dtype=np.float32)
    bias = random.standard_normal(units, dtype=np.float32)
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = "2.8.0", "tensorflow"
        file.attrs["model_config"] = json.dumps(
            {"class_name": "Sequential", "config": _config(names, units)}
        )
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = [name.encode() for name in names]
        weights.attrs["keras_version"], weights.attrs["backend"] = "2.8.0", "tensorflow"
        for name in names:
            group = weights.create_group(name)
            stored = {f"{name}/kernel:0": kernel, f"{name}/bias:0": bias}
            group.attrs["weight_names"] = [each.encode() for each in stored]
            for each, values in stored.items():
                group.create_dataset(each, data=values)
        if optimizer:
            _add_optimizer(file, names, kernel, bias)


def _config(names: list[str], units: int) -> dict[str, Any]:
    shape = [None, units]
    first = {
        "batch_input_shape": shape,
        "dtype": "float32",
        "sparse": False,
        "ragged": False,
        "name": "input_1",
    }
    layers = [{"class_name": "InputLayer", "config": first}]
    return {"name": "sequential", "layers": layers + [_dense(name, units) for name in names]}


def _dense(name: str, units: int) -> dict[str, Any]:
    config = {
        "name": name,
        "trainable": True,
        "dtype": "float32",
        "units": units,
        "activation": "relu",
        "use_bias": True,
        "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}},
        "bias_initializer": {"class_name": "Zeros", "config": {}},
    }
    return {"class_name": "Dense", "config": config}


def _add_optimizer(file: h5py.File, names: list[str], kernel: np.ndarray, bias: np.ndarray) -> None:
    optimizer = {"class_name": "Adam", "config": {"name": "Adam", "learning_rate": 0.001}}
    training = {"loss": "mse", "metrics": None, "weighted_metrics": None, "loss_weights": None}
    file.attrs["training_config"] = json.dumps({**training, "optimizer_config": optimizer})
    group = file.create_group("optimizer_weights")
    stored: dict[str, np.ndarray] = {"Adam/iter:0": np.int64(10)}
    for moment in "mv":
        for name in names:
            stored[f"Adam/{name}/kernel/{moment}:0"] = kernel
            stored[f"Adam/{name}/bias/{moment}:0"] = bias
    group.attrs["weight_names"] = [each.encode() for each in stored]
    for name, values in stored.items():
        group.create_dataset(name, data=values)
