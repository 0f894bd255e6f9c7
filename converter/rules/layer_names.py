"""Names that Keras 3 or TensorFlow does not take.

What it sees: names of layers and models with a slash (``conv1/bn`` in Keras 2's DenseNet,
MobileNetV3 and others), with spaces, colons, brackets or letters outside ASCII.

Why Keras 3 trips: "Argument `name` must be a string and cannot contain character `/`". The others
load, and fail as soon as the model is run in a graph: "'my layer' is not a valid scope name".

What kfix changes: replaces each such character by ``_`` in the name and in every reference to it; a
name that is taken gets a number.

Links: https://github.com/keras-team/keras/issues/8832
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from converter.dialects.compile_state import rename_outputs
from converter.model.description import Layer, Model
from converter.model.findings import Severity
from converter.model.rewriting import free_name, rename_layers
from converter.rules.base import Context, ModelChange, Rule, Stage

FORBIDDEN = re.compile(r"[^A-Za-z0-9_.>-]")
"""What TensorFlow's names of scopes may not contain, and the slash that Keras 3 does not take."""


def rename(model: Model, context: Context) -> Iterator[ModelChange]:
    """Gives the model, every layer, and what is inside them a name that can be used."""
    names = _new_names(model)
    inner = any(_is_bad(child.name) for layer in model.layers for child in layer.inner.values())
    if not names and not inner and not _is_bad(model.name):
        return
    new = rename_layers(model, names)
    if new.compile is not None:
        new = replace(new, compile=rename_outputs(new.compile, names))
    layers = tuple(_inside(layer) for layer in new.layers)
    new = replace(new, name=_clean(new.name), layers=layers)
    some = ", ".join(list(names)[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    message = f"names that Keras 3 can't use: {some or 'of the model or of inner layers'}"
    yield ModelChange(Severity.BREAKS, message, new, "what is not allowed becomes _")


def _is_bad(name: str) -> bool:
    return FORBIDDEN.search(name) is not None


def _clean(name: str) -> str:
    return FORBIDDEN.sub("_", name)


def _new_names(model: Model) -> dict[str, str]:
    """For each layer whose name has to change, a name that no other layer has."""
    taken = {layer.name for layer in model.layers}
    names: dict[str, str] = {}
    for layer in model.layers:
        if _is_bad(layer.name):
            names[layer.name] = free_name(_clean(layer.name), taken)
            taken.add(names[layer.name])
    return names


def _inside(layer: Layer) -> Layer:
    """Wrapped layers and cells are named by nobody else."""
    if not layer.inner:
        return layer
    inner = {
        key: replace(_inside(child), name=_clean(child.name)) for key, child in layer.inner.items()
    }
    return replace(layer, inner=inner)


RULE = Rule(
    code="KF301",
    stage=Stage.GRAPH,
    summary="names with a slash or with characters that TensorFlow does not take",
    generations=frozenset({1, 2}),
    model=rename,
)
