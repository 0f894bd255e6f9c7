"""Recurrent layers whose sequences have time as the first axis.

What it sees: ``time_major=True`` on recurrent layers, and on those in a Bidirectional, of tf.keras
1.14 to 2.15.

Why Keras 3 trips: the argument was removed; sequences have the samples first.

What kfix changes: op nodes swap the first two axes in front of the layer, and behind it where it
returns sequences. Such a layer is refused where it gets a mask, inside of wrappers other than
Bidirectional, and where a Sequential does not say what its input is. So is a Bidirectional that
returns sequences before TensorFlow 2.3, which turned the samples around instead of the steps.

Links: https://github.com/keras-team/keras/issues/20750
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from converter.model.description import Call, Layer, Model, TensorRef
from converter.model.findings import Severity
from converter.model.masks import masked_calls
from converter.model.rewriting import as_functional, free_name, op
from converter.model.structures import map_call, map_refs
from converter.rules.base import Context, ModelChange, Rule, Stage
from converter.rules.rnn_time_major import CLASSES

REVERSES_STEPS_SINCE = (2, 4)
"""What TensorFlow 2.3 says of its Keras."""


def swap_axes(model: Model, context: Context) -> Iterator[ModelChange]:
    """Puts op nodes around the layers for which time comes first, those of nested models too."""
    if context.path:
        return
    masked = {found.path for found in masked_calls(model)}
    changes: list[ModelChange] = []

    def visit(graph: Model, path: str) -> Model:
        nested = [_visited(layer, path, visit) for layer in graph.layers]
        graph = replace(graph, layers=tuple(nested))
        for layer in graph.layers:
            where = f"{path}/{layer.name}" if path else layer.name
            if not _is_time_major(layer):
                continue
            message = f"{layer.class_name} takes time as the first axis, Keras 3 as the second"
            open_graph = as_functional(graph)
            why = _obstacle(layer, open_graph, masked=where in masked)
            if _turns_samples_around(layer, context):
                why = "It turned the samples around instead of the steps."
            if why or open_graph is None:
                changes.append(ModelChange(Severity.REFUSED, message, None, why, where))
                continue
            graph = _turned(open_graph, layer.name)
            remedy = "op nodes swap its axes"
            changes.append(ModelChange(Severity.BREAKS, message, graph, remedy, where))
        return graph

    new = visit(model, "")
    for change in changes:
        yield replace(change, model=change.model and new)


def _visited(layer: Layer, path: str, visit: Any) -> Layer:
    if layer.model is None:
        return layer
    model = visit(layer.model, f"{path}/{layer.name}" if path else layer.name)
    same = model.kind == layer.model.kind
    return replace(layer, model=model, class_name=layer.class_name if same else model.class_name)


def _is_time_major(layer: Layer) -> bool:
    """Whether a layer, or one that it wraps, takes time first."""
    return bool(layer.config.get("time_major")) or any(map(_is_time_major, layer.inner.values()))


def _obstacle(layer: Layer, graph: Model | None, masked: bool) -> str:
    if layer.class_name not in CLASSES:
        return "Inside of a wrapper its axes can't be swapped."
    if graph is None:
        return "The model does not say what its input is."
    calls = next(each.calls for each in graph.layers if each.name == layer.name)
    if masked or any("mask" in call.kwargs for call in calls):
        return "It gets a mask."
    return ""


def _turns_samples_around(layer: Layer, context: Context) -> bool:
    wrong = layer.class_name == "Bidirectional" and bool(_sequence_outputs(layer))
    return wrong and context.writer.version < REVERSES_STEPS_SINCE


def _turned(model: Model, name: str) -> Model:
    """The graph with one layer between swaps; the swap behind it takes over the layer's name."""
    layer = next(each for each in model.layers if each.name == name)
    taken = {each.name for each in model.layers}
    sequences = _sequence_outputs(layer)
    own = free_name(f"{name}_batch_first", taken) if sequences else name
    behind = {
        TensorRef(name, call, output): TensorRef(free_name(f"{name}_{output}_{call}", taken))
        for call in range(len(layer.calls))
        for output in sequences
    }
    if sequences:
        behind[TensorRef(name)] = TensorRef(name)

    def moved(ref: TensorRef) -> TensorRef:
        return behind.get(ref) or (replace(ref, layer=own) if ref.layer == name else ref)

    others = [
        replace(each, calls=tuple(map_call(moved, call) for call in each.calls))
        for each in model.layers
        if each is not layer
    ]
    before, calls = [], []
    for index, call in enumerate(layer.calls):
        given = map_call(moved, call)
        first = given.args[0]
        whole = first if isinstance(first, list | tuple) else [first]
        before.append(_swap(free_name(f"{name}_swapped_{index}", taken), whole[0]))
        swapped = TensorRef(before[-1].name)
        new = swapped if whole is not first else type(first)([swapped, *whole[1:]])
        calls.append(Call((new, *given.args[1:]), given.kwargs))
    after = [_swap(new.layer, replace(old, layer=own)) for old, new in behind.items()]
    recurrent = replace(_batch_major(layer), name=own, calls=tuple(calls))
    return replace(
        model,
        layers=(*others, *before, recurrent, *after),
        outputs=map_refs(moved, model.outputs),
    )


def _swap(name: str, tensor: Any) -> Layer:
    return op(name, "Swapaxes", tensor, axis1=0, axis2=1)


def _sequence_outputs(layer: Layer) -> list[int]:
    """Which outputs of a call have a time axis."""
    inner = layer.inner.get("layer", layer)
    if not inner.config.get("return_sequences"):
        return []
    both = layer.class_name == "Bidirectional" and layer.config.get("merge_mode", "") is None
    return [0, 1] if both else [0]


def _batch_major(layer: Layer) -> Layer:
    inner = {key: _batch_major(child) for key, child in layer.inner.items()}
    return replace(layer.with_config(drop=["time_major"]), inner=inner)


RULE = Rule(
    code="KF241",
    stage=Stage.MEANING,
    summary="recurrent layers take the samples first, not the time",
    generations=frozenset({2}),
    model=swap_axes,
)
