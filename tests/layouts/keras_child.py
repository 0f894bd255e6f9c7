"""Runs in a process of its own with Keras 3 and writes down what Keras does, as JSON.

python tests/layouts/keras_child.py layers OUT.json
python tests/layouts/keras_child.py graphs OUT.json FIRST LAST
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
import warnings
import zipfile
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import random_graphs
import stock_layers

from converter.dialects import keras3


def layers() -> dict[str, Any]:
    """What Keras saves of each stock layer: config, archive and legacy file."""
    found = {}
    for name, build in [*stock_layers.single_layers(), *stock_layers.containers()]:
        keras.utils.clear_session(free_memory=False)
        try:
            found[name] = saved(build())
        except Exception as problem:
            found[name] = {"error": f"{type(problem).__name__}: {problem}"[:500]}
    return {"classes": stock_layers.public_classes(), "cases": found}


def saved(model: Any) -> dict[str, Any]:
    """A model's config, and the variables of its files: each is filled with a number of its own."""
    for number, variable in enumerate(model.weights):
        variable.assign(np.full(variable.shape, number + 1, dtype=variable.dtype))
    with tempfile.TemporaryDirectory() as folder:
        archive, legacy = Path(folder) / "m.keras", Path(folder) / "m.h5"
        model.save(archive)
        model.save(legacy)
        return {
            "config": json.loads(json.dumps(keras.saving.serialize_keras_object(model))),
            "archive": archive_of(archive),
            "legacy": legacy_of(legacy),
        }


def archive_of(path: Path) -> dict[str, Any]:
    found = {}

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = described(item)

    with zipfile.ZipFile(path) as stored:
        content = stored.read("model.weights.h5")
    with h5py.File(io.BytesIO(content)) as file:
        file.visititems(visit)
    return found


def legacy_of(path: Path) -> list[Any]:
    with h5py.File(path) as file:
        weights = file["model_weights"]
        return [
            [
                layer,
                [described(weights[layer][each]) for each in weights[layer].attrs["weight_names"]],
            ]
            for layer in weights.attrs["layer_names"]
        ]


def described(dataset: Any) -> list[Any]:
    """Shape, dtype and the number that fills a variable (some are computed on saving)."""
    values = dataset[()]
    return [
        list(dataset.shape),
        str(dataset.dtype),
        float(np.ravel(values)[0]) if values.size else 0,
    ]


def graphs(first: int, last: int) -> list[Any]:
    """Random models: the order of their layers as they were built, and after kfix wrote them."""
    found = []
    for seed in range(first, last):
        keras.utils.clear_session(free_memory=False)
        model = random_graphs.RandomGraph(seed).model
        config = json.loads(json.dumps(keras.saving.serialize_keras_object(model)))
        bare = random_graphs.without_masks(config)
        keras.utils.clear_session(free_memory=False)
        written = json.loads(json.dumps(keras3.serialise(keras3.parse(bare))))
        loaded = keras.saving.deserialize_keras_object(written)
        orders = {"built": order(model), "loaded": order(loaded)}
        found.append({"seed": seed, "config": config, "bare": bare, **orders})
    return found


def order(model: Any) -> list[Any]:
    """Names of the layers, those of a nested model as a list behind its name."""
    names: list[Any] = []
    for layer in model.layers:
        names += [layer.name, order(layer)] if isinstance(layer, keras.Model) else [layer.name]
    return names


def main() -> None:
    warnings.simplefilter("ignore")
    what, target, *numbers = sys.argv[1:]
    result = layers() if what == "layers" else graphs(*map(int, numbers))
    Path(target).write_text(json.dumps(result))


if __name__ == "__main__":
    main()
