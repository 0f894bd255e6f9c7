"""What the rules for layers of TensorFlow Addons share."""

from __future__ import annotations

from converter.layouts.addons import PACKAGE
from converter.model.description import Json, Layer
from converter.rules.base import Context

KEPT = ("dtype", "trainable")
"""Arguments of every layer."""


def name_in_addons(layer: Layer, context: Context) -> str:
    """What Addons calls the class; empty for other layers, and where the user gives the class."""
    name = layer.class_name.removeprefix(PACKAGE)
    if name == layer.class_name or {name, layer.class_name} & context.custom:
        return ""
    return name


def of_addons(*names: str) -> frozenset[str]:
    """The names of classes as files have them."""
    return frozenset(PACKAGE + name for name in names)


def was_in_addons(name: str) -> str:
    """What every finding begins with."""
    return f"{name} is of TensorFlow Addons, which has come to its end"


def kept(layer: Layer) -> dict[str, Json]:
    """Those of a layer's arguments that every layer takes."""
    return {key: layer.config[key] for key in KEPT if key in layer.config}
