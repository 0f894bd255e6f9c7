"""Activations of TensorFlow Addons, and its layers that are nothing but an activation.

What it sees: ``Addons>gelu`` and its kin as the activation of any layer, and the layers GELU and
Sparsemax.

Why Keras 3 trips: "Unknown activation function: 'Addons>mish'", "Unknown layer: 'Addons>GELU'".
Some have namesakes that compute something else: Keras's gelu is the exact one, that of Addons the
approximation, unless told otherwise; Keras 3's sparsemax gives other numbers as late as 3.15.

What kfix changes: mish and the shrinking ones go by Keras 3's names; gelu and rrelu (at inference,
with the mean slope) become functions with those arguments; lisht, snake and sparsemax small graphs
of op nodes that the layer holds as its activation. From TensorFlow 2.13 on, files name the gelu of
Addons as they name Keras's; nobody can tell them apart, and it is taken for Keras's.

Links: https://github.com/tensorflow/addons/issues/2807
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from converter.layouts.addons import PACKAGE
from converter.model.description import Json, Layer, Model
from converter.model.findings import Severity
from converter.model.tensors import Tensor, needed_rank, received
from converter.rules._addons import kept, name_in_addons, was_in_addons
from converter.rules._addons_functions import COMPOSED, STOCK, as_activation, gelu, sparsemax
from converter.rules.base import Context, ModelChange, Rule, Stage

RANK_OF_CELLS = 2


def rewrite(model: Model, context: Context) -> Iterator[ModelChange]:
    """Changes every such layer of the whole tree, which shows the ranks."""
    if context.path:
        return
    found: list[ModelChange] = []
    new = _in_model(model, "", _Work(context, found))
    for change in found:
        refused = change.severity is Severity.REFUSED
        yield change if refused else replace(change, model=new)


class _Work:
    """What the walk knows, and what it found."""

    def __init__(self, context: Context, found: list[ModelChange]) -> None:
        self.context = context
        self.found = found

    def tell(self, path: str, what: str, remedy: str, *, refused: bool = False) -> None:
        severity = Severity.REFUSED if refused else Severity.BREAKS
        change = ModelChange(severity, was_in_addons(what), remedy=remedy, layer=path)
        self.found.append(change)


def _in_model(model: Model, path: str, work: _Work) -> Model:
    tensors = {layer.name: next(iter(each), Tensor()) for layer, each in received(model)}
    layers = tuple(
        _in_layer(layer, tensors.get(layer.name, Tensor()).rank, _join(path, layer.name), work)
        for layer in model.layers
    )
    same = all(new is old for new, old in zip(layers, model.layers, strict=True))
    return model if same else replace(model, layers=layers)


def _in_layer(layer: Layer, rank: int | None, path: str, work: _Work) -> Layer:
    if layer.model is not None:
        inside = _in_model(layer.model, path, work)
        return layer if inside is layer.model else replace(layer, model=inside)
    inner = {
        key: _in_layer(child, _rank_inside(layer, key, rank), _join(path, child.name), work)
        for key, child in layer.inner.items()
    }
    if any(inner[key] is not child for key, child in layer.inner.items()):
        layer = replace(layer, inner=inner)
    return _changed(layer, rank, path, work)


def _rank_inside(layer: Layer, key: str, rank: int | None) -> int | None:
    if key.startswith("cell"):
        return RANK_OF_CELLS
    return rank - 1 if layer.class_name == "TimeDistributed" and rank is not None else rank


def _changed(layer: Layer, rank: int | None, path: str, work: _Work) -> Layer:
    name = name_in_addons(layer, work.context)
    if name == "GELU":
        work.tell(path, name, "written as an Activation that holds the function gelu")
        function = gelu(bool(layer.config.get("approximate", True)))
        return replace(_plain(layer), config={**kept(layer), "activation": function})
    if name == "Sparsemax":
        return _sparsemax(layer, rank, path, work)
    for key, value in layer.config.items():
        function_name = _function(value) if key.endswith("activation") else ""
        if not function_name or PACKAGE + function_name in work.context.custom:
            continue
        if function_name in work.context.custom:
            layer = layer.with_config(**{key: function_name})
            work.tell(path, f"the {key} {function_name}", "taken from the given module")
        else:
            layer = _with_function(layer, key, function_name, rank, path, work)
    return layer


def _plain(layer: Layer) -> Layer:
    return replace(layer, class_name="Activation", registered_name=None, build_config=None)


def _sparsemax(layer: Layer, rank: int | None, path: str, work: _Work) -> Layer:
    axis = layer.config.get("axis", -1)
    if rank is None or not isinstance(axis, int):
        work.tell(path, "Sparsemax", "The rank of its input is not known.", refused=True)
        return layer
    work.tell(path, "Sparsemax", "written as an Activation that holds op nodes")
    new = replace(_plain(layer), config=kept(layer))
    return as_activation(new, "activation", rank, partial(sparsemax, axis=axis))


def _with_function(
    layer: Layer, key: str, name: str, rank: int | None, path: str, work: _Work
) -> Layer:
    what = f"the {key} {name} of {layer.class_name}"
    if name in STOCK:
        work.tell(path, what, "written as a function of Keras 3")
        return layer.with_config(**{key: STOCK[name]})
    rank = _rank_of_activation(layer, rank)
    if name not in COMPOSED or rank is None:
        why = "The rank of its input is not known." if name in COMPOSED else "Keras has no such."
        work.tell(path, what, why, refused=True)
        return layer
    work.tell(path, what, "written as op nodes that the layer holds")
    return as_activation(layer, key, rank, COMPOSED[name])


def _rank_of_activation(layer: Layer, rank: int | None) -> int | None:
    """The rank of what a layer activates."""
    name = layer.class_name
    if name in ("LSTM", "GRU", "SimpleRNN") or name.endswith("Cell"):
        return RANK_OF_CELLS
    needed = needed_rank(layer)
    if name.startswith("ConvLSTM"):
        return int(name[len("ConvLSTM")]) + 2
    return needed if needed is not None else rank


def _function(value: Json) -> str:
    """The name of a function of Addons, without its package."""
    if isinstance(value, Mapping) and value.get("class_name") == "function":
        value = value.get("config")
    is_of_addons = isinstance(value, str) and value.startswith(PACKAGE)
    return str(value).removeprefix(PACKAGE) if is_of_addons else ""


def _join(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


RULE = Rule(
    code="KF174",
    stage=Stage.MEANING,
    summary="activations of TensorFlow Addons",
    generations=frozenset({2}),
    model=rewrite,
)
