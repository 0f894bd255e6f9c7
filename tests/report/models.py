"""Architectures as files, with names and graphs that nobody would draw up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HOSTILE = (
    "</script><img src=x onerror=alert(1)>",
    "{{7*7}}{% raw %}<!--",
    "a\u202egnp.exe",
    "\u0000\ud800'\"&;",
    "x" * 10_000,
)


def dense(name: str) -> dict[str, Any]:
    return {"class_name": "Dense", "config": {"name": name, "units": 2, "activation": "linear"}}


def sequential(layers: Sequence[dict[str, Any]], name: str = "line") -> dict[str, Any]:
    config = {"name": name, "layers": list(layers)}
    return {"class_name": "Sequential", "config": config, "keras_version": "2.3.1"}


def functional(calls: Sequence[tuple[str, Sequence[str]]]) -> dict[str, Any]:
    """A graph of layers by name with the names of those before them; inputs have none."""
    layers = []
    for name, before in calls:
        if before:
            nodes = [[[each, 0, 0, {}] for each in before]]
            kind = "Add" if len(before) > 1 else "Dense"
            config = {"name": name} if len(before) > 1 else dense(name)["config"]
        else:
            nodes, kind = [], "InputLayer"
            config = {"name": name, "batch_input_shape": [None, 2], "dtype": "float32"}
        layers.append({"class_name": kind, "name": name, "config": config, "inbound_nodes": nodes})
    ends = [name for name, _ in calls if not any(name in before for _, before in calls)]
    config = {
        "name": "graph",
        "layers": layers,
        "input_layers": [[name, 0, 0] for name, before in calls if not before],
        "output_layers": [[name, 0, 0] for name in ends],
    }
    return {"class_name": "Model", "config": config, "keras_version": "2.3.1"}


def write_json(folder: Path, model: dict[str, Any]) -> Path:
    path = folder / "model.json"
    path.write_text(json.dumps(model))
    return path
