"""Which inputs a model can be tried with: shapes, dtypes, and what its embeddings allow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from converter.engines import InputSpec
from converter.layouts.variables import LOOKUPS
from converter.model.description import Json, Layer, Model, TensorRef
from converter.model.structures import call_refs, refs

PASSES_VALUES = frozenset(
    {"Activation", "Concatenate", "Cropping1D", "Dropout", "Flatten", "Masking", "Permute"}
    | {"RepeatVector", "Reshape", "SpatialDropout1D", "ZeroPadding1D"}
)
"""Layers that hand on the integers they get: an Embedding behind them still limits the input."""

VOCABULARY = {"Embedding": "input_dim", "CategoryEncoding": "num_tokens"}


def input_specs(model: Model) -> tuple[InputSpec, ...]:
    """The inputs of a model in its own order; empty when the model does not state them."""
    return tuple(_spec(model, layer, ref) for layer, ref in _inputs(model))


def build_input_shape(model: Model) -> tuple[int | None, ...] | None:
    """The shape that a Sequential without an input layer was built with, else None."""
    shape = model.config.get("build_input_shape")
    if not shape or model.kind != "sequential" or not model.layers:
        return None
    return None if model.layers[0].class_name == "InputLayer" else tuple(shape)


def _inputs(model: Model) -> Iterator[tuple[Layer, TensorRef]]:
    if model.kind == "sequential":
        for first in model.layers[:1]:
            if first.class_name == "InputLayer":
                yield first, TensorRef(first.name)
        return
    by_name = {layer.name: layer for layer in model.layers}
    for ref in refs(model.inputs):
        yield by_name[ref.layer], ref


def _spec(model: Model, layer: Layer, ref: TensorRef) -> InputSpec:
    config = layer.config
    shape = config.get("batch_shape") or config.get("batch_input_shape") or (None,)
    dtype = _dtype_name(config.get("dtype"))
    high = min(_limits(model, ref, set()), default=None)
    form = next((each for each in ("sparse", "ragged") if config.get(each)), "dense")
    lookups = list(_lookups(model, ref))
    if lookups:
        name, texts = layer.name, any(each.class_name in TEXTS for each in lookups)
        choices = _choices(lookups)
        return InputSpec(name, tuple(shape), dtype, form=form, choices=choices, phrases=texts)
    if high is None:
        return InputSpec(layer.name, tuple(shape), dtype, form=form)
    return InputSpec(layer.name, tuple(shape), dtype, low=0, high=high, integral=True, form=form)


TEXTS = frozenset({"TextVectorization"})
UNKNOWN = "kfix"
"""A word that hardly any vocabulary has."""
MOST = 100
"""As many words of a vocabulary are enough to see that it is the right one."""


def _lookups(model: Model, ref: TensorRef) -> Iterator[Layer]:
    """The lookup layers with a vocabulary that take a tensor, nested models included."""
    for layer, _, position in _consumers(model, ref):
        if layer.class_name in LOOKUPS and isinstance(layer.config.get("vocabulary"), list):
            yield layer
        inputs = [each for _, each in _inputs(layer.model)] if layer.model is not None else []
        if layer.model is not None and position < len(inputs):
            yield from _lookups(layer.model, inputs[position])


def _choices(lookups: Sequence[Layer]) -> tuple[str | int, ...]:
    """Words of the layers and one that none has; indices where they give words."""
    inverted = [each.config for each in lookups if each.config.get("invert")]
    if inverted:
        return tuple(range(min(len(each["vocabulary"]) for each in inverted)))
    words = [word for each in lookups for word in each.config["vocabulary"][:MOST]]
    if any(each.config.get("num_oov_indices") == 0 for each in lookups):
        # What all of them have: the others are an error there.
        known = [set(each.config["vocabulary"]) for each in lookups]
        return tuple(dict.fromkeys(word for word in words if all(word in each for each in known)))
    integers = any(isinstance(word, int) for word in words)
    unknown = [max(words) + 1, 0] if integers else [UNKNOWN, ""]
    return tuple(dict.fromkeys([*words, *unknown]))


def _dtype_name(dtype: Json) -> str:
    if isinstance(dtype, Mapping):
        dtype = dtype.get("config", {}).get("name")
    return dtype if isinstance(dtype, str) and not dtype.startswith("mixed") else "float32"


def _limits(model: Model, ref: TensorRef, seen: set[TensorRef]) -> Iterator[int]:
    """Vocabulary sizes of all layers that a tensor reaches unchanged, nested models included."""
    if ref in seen:
        return
    seen.add(ref)
    for layer, call, position in _consumers(model, ref):
        yield from _limits_in(layer, position)
        if layer.class_name in PASSES_VALUES:
            yield from _limits(model, TensorRef(layer.name, call), seen)


def _consumers(model: Model, ref: TensorRef) -> Iterator[tuple[Layer, int, int]]:
    """The layers that take a tensor, with the call and its place among the call's tensors."""
    if model.kind == "sequential":
        names = [layer.name for layer in model.layers]
        following = model.layers[names.index(ref.layer) + 1 :]
        if following:
            yield following[0], 0, 0
        return
    for layer in model.layers:
        for index, call in enumerate(layer.calls):
            for position, other in enumerate(call_refs(call)):
                if other == ref:
                    yield layer, index, position


def _limits_in(layer: Layer, position: int) -> Iterator[int]:
    while "layer" in layer.inner and layer.class_name == "TimeDistributed":
        layer = layer.inner["layer"]
    size = layer.config.get(VOCABULARY.get(layer.class_name, ""))
    if isinstance(size, int):
        yield size
    if layer.model is not None:
        inputs = [ref for _, ref in _inputs(layer.model)]
        if position < len(inputs):
            yield from _limits(layer.model, inputs[position], set())
