"""Every layer of a model with its path, nested ones included."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from converter.model.description import Layer, Model


@dataclass(frozen=True)
class Placed:
    """A layer, its path from the top model, and how many containers are around it."""

    path: str
    depth: int
    layer: Layer


def layers(model: Model, base: str = "", depth: int = 0) -> Iterator[Placed]:
    """All layers in the model's order; a container comes before what it holds."""
    for layer in model.layers:
        yield from _inside(layer, f"{base}{layer.name}", depth)


def _inside(layer: Layer, path: str, depth: int) -> Iterator[Placed]:
    yield Placed(path, depth, layer)
    for child in layer.inner.values():
        yield from _inside(child, f"{path}/{child.name}", depth + 1)
    if layer.model is not None:
        yield from layers(layer.model, f"{path}/", depth + 1)
