"""Losses and metrics that were added to a graph.

What it sees: AddLoss and AddMetric, which ``model.add_loss`` and ``model.add_metric`` of tf.keras
put into the graph behind all that computes the loss.

Why Keras 3 trips: "Unknown layer: AddLoss". It has no such layers, and no ``model.add_loss``.

What kfix changes: takes them out of the graph, with the layers that no output needs. Where an
output does need one, it becomes Identity, because it hands on what it gets. The outputs are the
same; further training misses the loss.

Links: https://keras.io/guides/migrating_to_keras_3/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from converter.model.description import Layer, Model
from converter.model.findings import Severity
from converter.model.structures import call_refs, refs
from converter.rules.base import Context, ModelChange, Rule, Stage

CLASSES = frozenset({"AddLoss", "AddMetric"})


def remove(model: Model, context: Context) -> Iterator[ModelChange]:
    """Leaves out what only such layers need."""
    found = [layer for layer in model.layers if layer.class_name in CLASSES]
    if not found:
        return
    kept = needed(model)
    layers = tuple(map(_handing_on, (layer for layer in model.layers if layer.name in kept)))
    message = "the graph adds losses or metrics, which Keras 3 can't: " + ", ".join(
        layer.name for layer in found
    )
    new = replace(model, layers=layers)
    remedy = "left out; training it again takes code for them"
    yield ModelChange(Severity.BREAKS, message, new, remedy)


def needed(model: Model) -> set[str]:
    """The layers that inputs and outputs of the model are made of."""
    if model.kind == "sequential":
        return {layer.name for layer in model.layers}
    by_name = {layer.name: layer for layer in model.layers}
    found: set[str] = set()
    waiting = [ref.layer for ref in refs([model.inputs, model.outputs])]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [ref.layer for call in by_name[name].calls for ref in call_refs(call)]
    return found


def _handing_on(layer: Layer) -> Layer:
    if layer.class_name not in CLASSES:
        return layer
    config = {key: layer.config[key] for key in ("dtype", "trainable") if key in layer.config}
    return replace(layer, class_name="Identity", config=config)


RULE = Rule(
    code="KF234",
    stage=Stage.CLASSES,
    summary="losses and metrics added to a graph are left out",
    generations=frozenset({2}),
    model=remove,
)
