"""What the rules for layers of well-known libraries share."""

from __future__ import annotations

from converter.layouts import well_known
from converter.model.description import Layer
from converter.rules.base import Context

KEPT = ("dtype", "trainable")
"""Arguments of every layer."""
YOUR_OWN = "Is it your own? Then give its module with --custom."


def library_of(layer: Layer, context: Context) -> str:
    """The library that a layer is taken to be of; empty for others, and for the user's classes."""
    if {layer.class_name, layer.registered_name or ""} & context.custom:
        return ""
    found = well_known.known(layer.class_name, layer.config)
    if found is None:
        return ""
    names = [weight.name for weight in layer.weights]
    shapes = [weight.shape for weight in layer.weights]
    return found.library if found.has(layer.config, names, shapes) else ""


def name_in(library: str, layer: Layer) -> str:
    """What a library calls the class of a layer that was found to be its own; empty for others."""
    prefix = f"{library}>"
    return layer.class_name.removeprefix(prefix) if layer.class_name.startswith(prefix) else ""
