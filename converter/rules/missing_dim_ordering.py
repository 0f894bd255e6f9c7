"""Layers of Keras 1 that do not say which axis holds the channels.

What it sees: padding, cropping, upsampling and spatial dropout in two and three dimensions, and
global pooling before Keras 1.1, without ``dim_ordering``: Keras 1 did not save it there.

Why it matters: the reader's own setting takes its place. With the other one the layer pads or crops
the channels, mostly without an error.

What kfix changes: the layer gets what all other layers of the model say. Where they say nothing or
do not agree, and only one ordering leaves anything of what is cropped, it is that one; else the
layer is refused, because the file does not hold what its numbers depend on.

Links: https://github.com/keras-team/keras/issues/3678
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from converter.layouts.legacy import rebuild
from converter.model.description import Json, Layer, Model
from converter.model.findings import Severity
from converter.model.structures import call_refs
from converter.rules.base import Context, ModelChange, Rule, Stage
from converter.rules.keras1_words import CHANNELS_ALWAYS_LAST
from converter.rules.theano_padding import numbers

FORMATS = ("channels_first", "channels_last")
DEPENDENT = {
    f"{name}{rank}D"
    for name in ("ZeroPadding", "Cropping", "UpSampling", "SpatialDropout")
    for rank in (2, 3)
} | {f"Global{kind}Pooling{rank}D" for kind in ("Max", "Average") for rank in (2, 3)}
"""The classes that may lack it."""

WITHOUT_EFFECT = {"ZeroPadding": 0, "Cropping": 0, "UpSampling": 1}
"""Such a layer does nothing when all its numbers are this one."""
ARGUMENTS = {"ZeroPadding": "padding", "Cropping": "cropping", "UpSampling": "size"}


def fill(model: Model, context: Context) -> Iterator[ModelChange]:
    """Writes ``data_format`` into the layers that lack it; looks at the whole tree at once."""
    if context.path:
        return
    told, lacking = _survey(model)
    for path, layer in lacking.items():
        found = _format(layer, path, told, model)
        message = f"{layer.class_name} does not say where its channels are"
        shown = _by_names(path, layer)
        if found is None:
            remedy = f"""Say it: kfix edit --set '{shown}.dim_ordering="tf"', or "th"."""
            yield ModelChange(Severity.REFUSED, message, layer=shown, remedy=remedy)
            continue
        model = _with_format(model, path, found)
        remedy = f"taken as {found}, which is what the rest of the model shows"
        yield ModelChange(Severity.NOTICE, message, model, remedy, shown)


def _by_names(path: str, layer: Layer) -> str:
    """The path as findings have it: the names of layers only."""
    before = path.replace("/layers/", "/").rpartition("/")[0]
    return f"{before}/{layer.name}" if before else layer.name


def _survey(model: Model) -> tuple[set[str], dict[str, Layer]]:
    """What the layers of the tree say, and those that say nothing, by path."""
    told: set[str] = set()
    lacking: dict[str, Layer] = {}

    def look(layer: Layer, path: str) -> Layer:
        said = layer.config.get("data_format")
        if said in FORMATS and layer.class_name not in CHANNELS_ALWAYS_LAST:
            told.add(said)
        elif layer.class_name in DEPENDENT:
            lacking[path] = layer
        return layer

    for layer in model.layers:
        rebuild(layer, layer.name, look)
    return told, lacking


def _with_format(model: Model, path: str, found: str) -> Model:
    def change(layer: Layer, where: str) -> Layer:
        return layer.with_config(data_format=found) if where == path else layer

    layers = (rebuild(layer, layer.name, change) for layer in model.layers)
    return replace(model, layers=tuple(layers))


def _format(layer: Layer, path: str, told: set[str], model: Model) -> str | None:
    if len(told) == 1:
        return next(iter(told))
    if _does_nothing(layer):
        return "channels_last"
    possible = [each for each in FORMATS if _leaves_something(layer, path, each, model)]
    return possible[0] if len(possible) == 1 else None


def _does_nothing(layer: Layer) -> bool:
    """Spatial dropout does nothing but in training."""
    kind = layer.class_name[:-2]
    if kind not in ARGUMENTS:
        return kind == "SpatialDropout"
    return set(_flat(layer.config.get(ARGUMENTS[kind]))) == {WITHOUT_EFFECT[kind]}


def _flat(value: Json) -> Iterator[int]:
    if isinstance(value, list):
        for each in value:
            yield from _flat(each)
    elif isinstance(value, int):
        yield value


def _leaves_something(layer: Layer, path: str, data_format: str, model: Model) -> bool:
    """Whether a cropping layer right behind an input leaves anything, read in this way."""
    shape = _input_shape(layer, path, model)
    if not layer.class_name.startswith("Cropping") or shape is None:
        return True
    spatial = shape[2:] if data_format == "channels_first" else shape[1:-1]
    cropping = [sum(numbers(each, 2)) for each in layer.config.get("cropping", [])]
    pairs = zip(spatial, cropping, strict=False)
    return all(length is None or cut < length for length, cut in pairs)


def _input_shape(layer: Layer, path: str, model: Model) -> Json:
    """The shape of the input layer in front of a layer of the top model, if there is one."""
    if "/" in path:
        return None
    if model.kind == "sequential":
        names = [each.name for each in model.layers]
        before = names[: names.index(layer.name)][-1:]
    else:
        before = [ref.layer for call in layer.calls for ref in call_refs(call)]
    inputs = [each for each in model.layers if each.name in before]
    shapes = [each.config.get("batch_input_shape") for each in inputs]
    return shapes[0] if len(shapes) == 1 else None


RULE = Rule(
    code="KF142",
    stage=Stage.CLASSES,
    summary="layers that do not say which axis holds the channels",
    generations=frozenset({1}),
    model=fill,
)
