"""Make converter/knowledge/tensorflow1.json: what TensorFlow 2 keeps in ``tf.compat.v1`` only.

    python tools/tensorflow1_names.py > converter/knowledge/tensorflow1.json

Needs TensorFlow 2, from the project's own environment.
"""

from __future__ import annotations

import json
import types
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

ELSEWHERE = frozenset({"compat", "estimator", "keras"})
VERSIONS = "VERSION"
"""Part of the names by which code asks where it is."""


def public(module: Any) -> list[str]:
    return [name for name in dir(module) if not name.startswith("_")]


def dropped() -> Iterator[str]:
    for name in sorted(set(public(tf.compat.v1)) - ELSEWHERE):
        old, new = getattr(tf.compat.v1, name), getattr(tf, name, None)
        if new is None:
            yield name
        elif isinstance(old, types.ModuleType):
            yield from (f"{name}.{each}" for each in public(old) if not hasattr(new, each))


if __name__ == "__main__":
    print(json.dumps([name for name in dropped() if VERSIONS not in name], indent=0))
