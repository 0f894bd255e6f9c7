"""The layers of the newest Keras 3 and their arguments, from tools/knowledge_of_releases.py."""

import json
from pathlib import Path
from typing import Any

_TABLE: dict[str, Any] = json.loads(Path(__file__).with_name("keras3_layers.json").read_text())

VERSION: str = _TABLE["keras"]
"""The release that the table describes and that kfix writes for."""

LAYERS: dict[str, Any] = _TABLE["layers"]
"""Public layer names, aliases included."""

OPERATIONS: dict[str, str] = _TABLE["operations"]
"""Classes of ``keras.ops`` nodes and the modules they live in."""

OBJECTS: dict[str, dict[str, list[str]]] = {
    kind: _TABLE[kind] for kind in ("initializers", "regularizers", "constraints", "activations")
}
"""Kinds of objects that layers take: the names Keras 3 resolves and the arguments behind them."""


def accepted(class_name: str) -> frozenset[str]:
    """The constructor arguments of a layer class, those of every layer included."""
    return frozenset(LAYERS[class_name]["arguments"])


def call_names(class_name: str) -> list[str]:
    """The arguments of a layer's ``call`` in order."""
    return list(LAYERS[class_name]["call"])


def call_arguments(class_name: str) -> frozenset[str]:
    """What a layer class takes when called; every layer takes ``training`` and ``mask``."""
    return frozenset(LAYERS[class_name]["call"]) | {"training", "mask"}


def class_of(name: str) -> str:
    """The class behind a name: ``Convolution2D`` is ``Conv2D``; names that are not Keras's stay."""
    return str(LAYERS[name]["class"]) if name in LAYERS else name


def public_name(class_name: str) -> str:
    """The exported name of a class: ``GroupQueryAttention`` for ``GroupedQueryAttention``."""
    return str(LAYERS[class_name]["public"]) if class_name in LAYERS else class_name
