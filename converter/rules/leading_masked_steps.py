"""Initial states that come out of masked steps.

What it sees: a recurrent layer with a mask and an initial state, in files of stand-alone Keras
before 2.3 (with Theano as its backend it gave zeros, as Keras 3 does).

Why it matters: at masked steps before the first one that counts (``pad_sequences`` puts the padding
there unless told otherwise) it returned the initial state. Keras 3 returns zeros, without an error.

What kfix changes: op nodes put the initial state back at these steps, and a layer that returns its
last output only gets it back for sequences that are masked altogether. Cells of the user's own
choice, and outputs whose mask is used behind, are refused.

Links: https://github.com/keras-team/keras/blob/2.2.4/keras/backend/tensorflow_backend.py#L2974
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from converter.model.description import Layer, Model, TensorRef
from converter.model.findings import Severity
from converter.model.masks import ATTENTIONS, RECURRENT
from converter.model.rewriting import op
from converter.model.structures import call_refs, map_call, map_refs, refs
from converter.rules.base import Context, ModelChange, Rule, Stage

ZEROS_SINCE = (2, 3)
SIMPLE = frozenset({"LSTM", "GRU", "SimpleRNN"})
USERS = RECURRENT | ATTENTIONS | {"GlobalAveragePooling1D"}


def put_back(model: Model, context: Context) -> Iterator[ModelChange]:
    """Adds the states to the outputs of such layers of one graph.

    It comes after the rule that passes the masks on explicitly.
    """
    writer = context.writer
    if writer.tf_keras or writer.backend == "theano" or writer.version >= ZEROS_SINCE:
        return
    for layer in model.layers:
        masked = [index for index in range(len(layer.calls)) if _is_affected(layer, index)]
        if not masked:
            continue
        message = f"{layer.class_name} returned its initial state at the first masked steps"
        if layer.class_name not in SIMPLE or _mask_is_used_behind(model, layer.name):
            yield ModelChange(Severity.REFUSED, message, layer=layer.name)
            continue
        for index in masked:
            model = _with_state(model, layer, index)
        yield ModelChange(Severity.SILENT, message, model, "op nodes put it back", layer.name)


def _is_affected(layer: Layer, index: int) -> bool:
    kwargs = layer.calls[index].kwargs
    is_recurrent = layer.class_name in RECURRENT and not layer.config.get("unroll")
    states = list(refs(kwargs.get("initial_state")))
    return is_recurrent and isinstance(kwargs.get("mask"), TensorRef) and bool(states)


def _mask_is_used_behind(model: Model, name: str) -> bool:
    """Whether a layer that makes use of masks follows, directly or through others."""
    behind, reached = {name}, 0
    while reached != len(behind):
        reached = len(behind)
        for layer in model.layers:
            if any(ref.layer in behind for call in layer.calls for ref in call_refs(call)):
                behind.add(layer.name)
    users = (layer for layer in model.layers if layer.name in behind - {name})
    return any(each.class_name in USERS or each.model is not None for each in users)


def _with_state(model: Model, layer: Layer, index: int) -> Model:
    nodes = _nodes(layer, index)
    old, new = TensorRef(layer.name, index), TensorRef(nodes[-1].name)

    def redirected(ref: TensorRef) -> TensorRef:
        return new if ref == old else ref

    layers = [
        replace(each, calls=tuple(map_call(redirected, call) for call in each.calls))
        for each in model.layers
    ]
    return replace(model, layers=(*layers, *nodes), outputs=map_refs(redirected, model.outputs))


def _nodes(layer: Layer, index: int) -> list[Layer]:
    """The op nodes from the layer's first output to what the old layer returned."""
    call, name = layer.calls[index], f"{layer.name}_state_{index}"
    state, mask = next(refs(call.kwargs["initial_state"])), call.kwargs["mask"]
    output = TensorRef(layer.name, index)
    if not layer.config.get("return_sequences"):
        some = op(f"{name}_some", "Any", mask, axis=1, keepdims=True)
        return [some, op(name, "Where", TensorRef(some.name), output, state)]
    nodes = []
    if layer.config.get("go_backwards"):
        nodes.append(op(f"{name}_turned", "Flip", mask, axis=1))
        mask = TensorRef(nodes[-1].name)
    nodes.append(op(f"{name}_count", "Cumsum", mask, axis=1))
    nodes.append(op(f"{name}_begun", "Greater", TensorRef(nodes[-1].name), 0))
    nodes.append(op(f"{name}_steps", "ExpandDims", TensorRef(nodes[-1].name), axis=-1))
    begun = TensorRef(nodes[-1].name)
    nodes.append(op(f"{name}_given", "ExpandDims", state, axis=1))
    return [*nodes, op(name, "Where", begun, output, TensorRef(nodes[-1].name))]


RULE = Rule(
    code="KF255",
    stage=Stage.GRAPH,
    summary="initial states that came out of masked steps",
    generations=frozenset({2}),
    model=put_back,
    tf_keras_agrees=False,
)
