"""Rows of different lengths: ``Input(ragged=True)`` and ``TextVectorization(ragged=True)``.

What it sees: ragged tensors on their way through a model.

Why Keras 3 trips: few of its layers compute with them. Embedding, Dropout, Add, Concatenate,
LayerNormalization, simple activations and the global poolings do; recurrent layers ("Cannot index
into an inner ragged dimension"), Dense and TimeDistributed do not.

What kfix changes: before such a layer, op nodes fill the rows up to the longest one and compute a
mask of what is filled up; recurrent layers and averages get the mask. The model still takes ragged
tensors and computes the same numbers. It refuses what can't be had so: other layers, a maximum over
filled rows, and outputs that would have to become ragged again.

Links: https://www.tensorflow.org/guide/ragged_tensor#keras
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from converter.model.description import Call, Layer, Model, TensorRef
from converter.model.findings import Severity
from converter.model.rewriting import as_functional, op, with_call
from converter.model.structures import call_refs, calls_in_order, map_call, refs
from converter.rules.base import Context, ModelChange, Rule, Stage

RECURRENT = frozenset({"LSTM", "GRU", "SimpleRNN"})
POOLS = frozenset({"GlobalAveragePooling1D", "GlobalMaxPooling1D"})
KEEP = frozenset(
    {"Add", "Concatenate", "Dropout", "Embedding", "LayerNormalization", "LeakyReLU", "ReLU"}
    | {"Rescaling", "SpatialDropout1D"}
)
"""Layers that give a ragged tensor for a ragged one in Keras 3 too, with the same values."""
ACTIVATIONS = frozenset({"linear", "relu", "sigmoid", "tanh"})


class _Refused(Exception):
    """Why a layer can't be mended."""


@dataclass
class _Walk:
    """What is known of the tensors of a graph.

    Attributes:
        graph: the model so far.
        ragged: tensors that are ragged in Keras 3.
        filled: tensors that are ragged in the writer's model and filled up here, with their masks.
        dense: for a ragged tensor that was filled up, the filled one.
    """

    graph: Model
    ragged: set[TensorRef]
    filled: dict[TensorRef, TensorRef]
    dense: dict[TensorRef, TensorRef]


def fill_up(model: Model, context: Context) -> Iterator[ModelChange]:
    """Fills rows up in front of layers that compute with whole arrays only."""
    if not any(_makes_ragged(layer) for layer in model.layers):
        return
    graph = as_functional(model)
    if graph is None:
        return
    walk, mended = _Walk(graph, set(), {}, {}), []
    for layer, index in calls_in_order(graph):
        try:
            if _after(walk, layer, index):
                mended.append(layer)
        except _Refused as why:
            yield _refusal(layer, str(why))
            return
    for ref in refs(graph.outputs):
        if ref in walk.filled:
            last = next(each for each in graph.layers if each.name == ref.layer)
            yield _refusal(last, "an output of the model can't become ragged again")
            return
    for layer in mended:
        yield ModelChange(
            Severity.BREAKS,
            f"{layer.class_name} gets a ragged tensor, with which Keras 3 can't compute there",
            walk.graph,
            "op nodes fill the rows up and mask the rest",
            layer.name,
        )


def _refusal(layer: Layer, why: str) -> ModelChange:
    return ModelChange(
        Severity.REFUSED,
        f"{layer.class_name} gets a ragged tensor, with which Keras 3 can't compute: {why}",
        layer=layer.name,
        remedy="Keras 3 has no layer for it; such a model takes filled rows and a mask there.",
    )


def _makes_ragged(layer: Layer) -> bool:
    if layer.class_name in ("InputLayer", "TextVectorization"):
        return bool(layer.config.get("ragged"))
    return layer.model is not None and any(map(_makes_ragged, layer.model.layers))


def _after(walk: _Walk, layer: Layer, index: int) -> bool:
    """Notes what a call gives, and mends it where it has to be; whether it had to."""
    output = TensorRef(layer.name, index)
    if not layer.calls:
        if _makes_ragged(layer):
            walk.ragged.add(output)
        return False
    given = list(dict.fromkeys(call_refs(layer.calls[index])))
    touched = [ref for ref in given if ref in walk.ragged or ref in walk.filled]
    if not touched:
        if _makes_ragged(layer):
            if layer.model is not None:
                raise _Refused("it is made inside a nested model")
            walk.ragged.add(output)
        return False
    if layer.module != "keras.layers" or layer.model is not None:
        raise _Refused("it is no layer that is known to")
    if _keeps(layer):
        return _kept(walk, layer, index, given, output)
    if layer.class_name in POOLS:
        return _pooled(walk, layer, index, touched)
    return _filled(walk, layer, index, given, output)


def _keeps(layer: Layer) -> bool:
    if layer.class_name == "Activation":
        return layer.config.get("activation") in ACTIVATIONS
    if layer.class_name == "Embedding":
        return not layer.config.get("mask_zero")
    if layer.class_name in ("Concatenate", "LayerNormalization"):
        return layer.config.get("axis", -1) in (-1, [-1])
    return layer.class_name in KEEP


def _kept(
    walk: _Walk, layer: Layer, index: int, given: Sequence[TensorRef], output: TensorRef
) -> bool:
    """A layer that works on single values or on the last axis."""
    if all(ref in walk.ragged for ref in given):
        walk.ragged.add(output)
        return False
    masks = {walk.filled.get(ref) for ref in given}
    if len(masks) != 1 or None in masks:
        raise _Refused("other tensors come with it")
    walk.filled[output] = walk.filled[given[0]]
    return False


def _pooled(walk: _Walk, layer: Layer, index: int, touched: Sequence[TensorRef]) -> bool:
    (ref,) = touched
    if ref in walk.ragged:
        return False
    if layer.class_name != "GlobalAveragePooling1D":
        raise _Refused("the values that fill the rows up would count")
    _recall(walk, layer, index, {}, walk.filled[ref])
    return True


def _filled(
    walk: _Walk, layer: Layer, index: int, given: Sequence[TensorRef], output: TensorRef
) -> bool:
    """A layer that needs whole arrays: recurrent ones with a mask, those for each step without."""
    steps = layer.inner.get("layer") if layer.class_name == "TimeDistributed" else layer
    recurrent = layer.inner.get("layer") if layer.class_name == "Bidirectional" else layer
    first = given[0]
    if recurrent is not None and recurrent.class_name in RECURRENT:
        if layer.calls[index].kwargs.get("mask") is not None or recurrent.config.get("stateful"):
            raise _Refused("it has a mask or a state already")
        if recurrent is not layer and recurrent.config.get("return_sequences"):
            raise _Refused("both directions would have to become ragged again")
        sequences = bool(recurrent.config.get("return_sequences"))
        mask = _fill(walk, first)
        _recall(walk, layer, index, {first: walk.dense.get(first, first)}, mask)
        if sequences:
            walk.filled[output] = mask
        return True
    if steps is not None and steps.class_name == "Dense":
        walk.filled[output] = _fill(walk, first)
        _recall(walk, layer, index, {first: walk.dense.get(first, first)}, None)
        return True
    raise _Refused("it is no layer that is known to")


def _fill(walk: _Walk, ref: TensorRef) -> TensorRef:
    """The mask of a tensor, which is filled up where it is ragged."""
    if ref in walk.filled:
        return walk.filled[ref]
    if ref not in walk.ragged:
        raise _Refused("the ragged tensor is not its first argument")
    if ref not in walk.dense:
        name = f"{ref.layer}_{ref.call}"
        nodes = [
            _to_dense(f"{name}_filled", ref),
            op(f"{name}_ones", "OnesLike", ref),
            _to_dense(f"{name}_kept", TensorRef(f"{name}_ones")),
            op(f"{name}_not_zero", "NotEqual", TensorRef(f"{name}_kept"), 0.0),
            op(f"{name}_mask", "Any", TensorRef(f"{name}_not_zero"), axis=-1, keepdims=False),
        ]
        walk.graph = replace(walk.graph, layers=(*walk.graph.layers, *nodes))
        walk.dense[ref] = TensorRef(f"{name}_filled")
    return TensorRef(f"{ref.layer}_{ref.call}_mask")


def _to_dense(name: str, ref: TensorRef) -> Layer:
    config = {"dtype": None, "sparse": None, "ragged": False}
    return Layer(
        name, "ConvertToTensor", config, calls=(Call((ref,)),), module="keras.src.ops.core"
    )


def _recall(
    walk: _Walk,
    layer: Layer,
    index: int,
    instead: dict[TensorRef, TensorRef],
    mask: TensorRef | None,
) -> None:
    """Makes a call take other tensors, and a mask."""
    current = next(each for each in walk.graph.layers if each.name == layer.name)
    call = map_call(lambda ref: instead.get(ref, ref), current.calls[index])
    if mask is not None:
        call = Call(call.args, {**call.kwargs, "mask": mask})
    changed = with_call(current, index, call)
    layers = (changed if each is current else each for each in walk.graph.layers)
    walk.graph = replace(walk.graph, layers=tuple(layers))


RULE = Rule(
    code="KF312",
    stage=Stage.GRAPH,
    summary="ragged tensors reach layers that compute with whole arrays only",
    generations=frozenset({2}),
    model=fill_up,
)
