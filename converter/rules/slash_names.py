"""Names with a slash.

What it sees: names of layers and models that contain ``/`` (``conv1/bn`` in Keras 2's DenseNet,
MobileNetV3 and others).

Why Keras 3 trips: "Argument `name` must be a string and cannot contain character `/`".

What kfix changes: replaces ``/`` by ``_`` in the name and in every reference to it; a name that is
taken gets a number.

Links: https://github.com/keras-team/keras/issues/8832
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from converter.model.description import Layer, Model
from converter.model.findings import Severity
from converter.model.rewriting import rename_layers
from converter.rules.base import Context, ModelChange, Rule, Stage


def rename(model: Model, context: Context) -> Iterator[ModelChange]:
    """Gives the model, every layer, and what is inside them a name without slash."""
    taken = {layer.name for layer in model.layers}
    names: dict[str, str] = {}
    for layer in model.layers:
        if "/" in layer.name:
            names[layer.name] = _free(layer.name.replace("/", "_"), taken)
            taken.add(names[layer.name])
    inner = any("/" in child.name for layer in model.layers for child in layer.inner.values())
    if not names and not inner and "/" not in model.name:
        return
    new = rename_layers(model, names)
    new = replace(
        new, name=new.name.replace("/", "_"), layers=tuple(_inside(layer) for layer in new.layers)
    )
    some = ", ".join(list(names)[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    yield ModelChange(
        Severity.BREAKS,
        f"names contain a slash: {some or 'of inner layers'}",
        new,
        "the slash becomes _",
    )


def _inside(layer: Layer) -> Layer:
    """Wrapped layers and cells are named by nobody else."""
    if not layer.inner:
        return layer
    inner = {
        key: replace(_inside(child), name=child.name.replace("/", "_"))
        for key, child in layer.inner.items()
    }
    return replace(layer, inner=inner)


def _free(name: str, taken: set[str]) -> str:
    candidate, number = name, 1
    while candidate in taken:
        candidate, number = f"{name}_{number}", number + 1
    return candidate


RULE = Rule(
    code="KF301",
    stage=Stage.GRAPH,
    summary="names must not contain a slash",
    generations=frozenset({1, 2}),
    model=rename,
)
