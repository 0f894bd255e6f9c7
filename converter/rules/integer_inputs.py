"""Layers that compute with integers where they got floats before.

What it sees: integers (an input with ``dtype="uint8"``, what a lookup layer returns) that reach
Resizing, UpSampling2D with an interpolation, LayerNormalization or global average pooling.

Why it matters: Keras 2 turned them into floats first, or its TensorFlow function did. Keras 3
resizes and normalises pictures of bytes to bytes: 0.5 becomes 0, without an error. Its own releases
differ, too: before 3.11 LayerNormalization turned integers into floats. Global average pooling is
the other way around: Keras 2 averaged integers to an integer, leaving the fraction out, and Keras 3
returns the fraction.

What kfix changes: puts Rescaling(1.0) in front, which turns integers into floats and does nothing
else. Op nodes divide in integers in place of the pooling. Bytes, whose sum ran over before it was
divided, are refused there. UpSampling2D of Keras 3 before 3.8 cut fractions off, which a cast of
floats does. Resizing is left as it is in files of Keras 3, where ``predict`` resizes to floats in
every release.

Links: https://github.com/keras-team/keras/blob/master/keras/src/backend/tensorflow/image.py
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from converter.model.description import Call, Layer, Model, TensorRef, Writer
from converter.model.findings import Severity
from converter.model.rewriting import as_functional, op, with_layer_before
from converter.model.structures import refs
from converter.model.tensors import received
from converter.rules.base import Context, ModelChange, Rule, Stage

INTERPOLATING = frozenset({"Resizing", "UpSampling2D"})
AVERAGING = frozenset(f"GlobalAveragePooling{n}D" for n in (1, 2, 3))
CORE_OPS = "keras.src.ops.core"
ROUNDS_SINCE = (3, 8)
KEEPS_INTEGERS_SINCE = (3, 11)
"""From these releases on Keras 3 resizes, and normalises, integers as it does today."""


def make_floats(model: Model, context: Context) -> Iterator[ModelChange]:
    """Puts a Rescaling in front of such layers of one graph."""
    for layer, tensors in list(received(model)):
        if not tensors or not all(each.integer for each in tensors):
            continue
        message = f"{layer.class_name} gets integers, with which Keras 3 computes something else"
        if layer.class_name in AVERAGING and context.writer.generation < 3:
            averaged = _with_integer_average(model, layer)
            severity = Severity.SILENT if averaged else Severity.REFUSED
            remedy = "written as op nodes that divide integers" if averaged else ""
            yield ModelChange(severity, message, averaged, remedy, layer.name)
            model = averaged or model
        elif _cuts_off(layer, context.writer):
            cut = _with_cast(model, layer)
            severity = Severity.SILENT if cut else Severity.REFUSED
            remedy = "floats go through it, and a cast cuts their fractions off" if cut else ""
            yield ModelChange(severity, message, cut, remedy, layer.name)
            model = cut or model
        elif _is_affected(layer, context.writer):
            model = _with_floats(model, layer)
            remedy = "Rescaling(1.0) in front of it makes them floats"
            yield ModelChange(Severity.SILENT, message, model, remedy, layer.name)


def _is_affected(layer: Layer, writer: Writer) -> bool:
    if layer.class_name == "LayerNormalization":
        return writer.version < KEEPS_INTEGERS_SINCE
    return _interpolates(layer) and writer.generation < 3


def _cuts_off(layer: Layer, writer: Writer) -> bool:
    is_layer = layer.class_name == "UpSampling2D" and _interpolates(layer)
    return is_layer and (3,) <= writer.version < ROUNDS_SINCE


def _interpolates(layer: Layer) -> bool:
    default = "bilinear" if layer.class_name == "Resizing" else "nearest"
    how = layer.config.get("interpolation", default)
    return layer.class_name in INTERPOLATING and how != "nearest"


def _with_integer_average(model: Model, layer: Layer) -> Model | None:
    """The model with op nodes for a pooling; None where that is not exact."""
    graph = as_functional(model)
    if graph is None or not _integer_dtypes(model) <= {"int32", "int64"}:
        return None
    layer = next(each for each in graph.layers if each.name == layer.name)
    return _replaced(graph, layer, _average_nodes(layer)) if len(layer.calls) == 1 else None


def _with_cast(model: Model, layer: Layer) -> Model | None:
    """The model with floats through a layer and integers behind it; None where none can be made."""
    graph, dtypes = as_functional(model), _integer_dtypes(model)
    if graph is None or len(dtypes) != 1:
        return None
    layer = next(each for each in graph.layers if each.name == layer.name)
    graph = _with_floats(graph, layer)
    given = next(each for each in graph.layers if each.name == layer.name)
    grown = replace(given, name=f"{layer.name}_grown")
    calls = tuple(Call((TensorRef(grown.name, index),)) for index in range(len(layer.calls)))
    cast = Layer(layer.name, "Cast", {"dtype": dtypes.pop()}, calls=calls, module=CORE_OPS)
    return _replaced(graph, given, [grown, cast])


def _replaced(model: Model, layer: Layer, new: Sequence[Layer]) -> Model:
    layers = [each for old in model.layers for each in (new if old is layer else [old])]
    return replace(model, layers=tuple(layers))


def _integer_dtypes(model: Model) -> set[str]:
    """The dtypes of those inputs of a graph that are integers."""
    inputs = (layer for layer in model.layers if layer.class_name == "InputLayer")
    dtypes = {str(layer.config.get("dtype")) for layer in inputs}
    return {dtype for dtype in dtypes if dtype.startswith(("int", "uint"))}


def _average_nodes(layer: Layer) -> list[Layer]:
    """The sum over the number of elements, rounded towards zero; the last node has the name."""
    dimensions = int(layer.class_name[-2])
    first = 2 if layer.config.get("data_format") == "channels_first" else 1
    over = {
        "axis": list(range(first, first + dimensions)),
        "keepdims": bool(layer.config.get("keepdims")),
    }
    (given,) = refs(layer.calls[0].args)
    names = {what: f"{layer.name}_{what}" for what in ("sum", "ones", "count", "size", "sign")}
    part = {what: TensorRef(name) for what, name in names.items()}
    whole = TensorRef(f"{layer.name}_whole")
    return [
        op(names["sum"], "Sum", given, **over),
        op(names["ones"], "OnesLike", given),
        op(names["count"], "Sum", part["ones"], **over),
        op(names["size"], "Abs", part["sum"]),
        op(whole.layer, "FloorDivide", part["size"], part["count"]),
        op(names["sign"], "Sign", part["sum"]),
        op(layer.name, "Multiply", whole, part["sign"]),
    ]


def _with_floats(model: Model, layer: Layer) -> Model:
    config = {key: layer.config[key] for key in ("dtype",) if key in layer.config}
    floats = Layer(f"{layer.name}_floats", "Rescaling", {**config, "scale": 1.0, "offset": 0.0})
    if model.kind != "sequential":
        return with_layer_before(model, layer, floats)
    return _replaced(model, layer, [floats, layer])


RULE = Rule(
    code="KF252",
    stage=Stage.GRAPH,
    summary="integers that layers turned into floats before",
    generations=frozenset({2, 3}),
    model=make_floats,
)
