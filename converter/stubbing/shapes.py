"""The shapes of a graph's tensors as far as its layers and weights tell them, without running it.

A layer of the owner's is passed by what the layers behind it take. Shapes are for people and for
the sizes of weights: where one is not certain it stays open.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from types import EllipsisType

from converter.model.description import Json, Layer, Model, TensorRef
from converter.model.masks import PASSES_ON
from converter.model.structures import calls_in_order, refs
from converter.model.tensors import needed_rank
from converter.rules._input_shapes import ELEMENTWISE, length_behind

Extent = int | None | EllipsisType
Shape = tuple[Extent, ...]
"""With the batch; None is an open axis, and an Ellipsis in front stands for any number of axes."""
Tensors = tuple[Shape | None, ...]
"""Of a structure of tensors, each; None where nothing is known."""

_SAME = (PASSES_ON | ELEMENTWISE) - {"Dense", "InputLayer", "MultiHeadAttention"}
_MERGES = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"})
_CONVOLUTION = re.compile(r"(Depthwise|Separable)?Conv([123])D")
_POOLING = re.compile(r"(?:Max|Average)Pooling([123])D")
_RESIZING = re.compile(r"(?:ZeroPadding|Cropping|UpSampling)([123])D")
_GLOBAL = re.compile(r"Global(?:Max|Average)Pooling[123]D")
_RECURRENT = frozenset({"LSTM", "GRU", "SimpleRNN"})
FARTHEST = 4
"""How many layers a tensor may go through unchanged before one says what it takes."""
MOST_CALLS = 20_000
"""After so many calls nothing is followed any more; models in models can mean any number."""
MOST_CONSUMERS = 8
"""How many of the layers that take a tensor are looked at."""


@dataclass(frozen=True)
class Seen:
    """One call of a layer.

    Attributes:
        inputs: what it takes, keyword arguments behind the positional ones.
        output: its first output.
        listed: whether the first argument is a list of tensors.
        before: names and classes of the layers that it takes tensors of.
        after: of those that take its output; empty for an output of the model.
    """

    inputs: Tensors
    output: Shape | None
    listed: bool = False
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


def calls_seen(
    model: Model, told: Mapping[str, Mapping[TensorRef, Shape]]
) -> dict[str, list[Seen]]:
    """The calls of every layer of a model by its path, nested ones and those in wrappers included.

    Args:
        model: in Keras 3's words.
        told: shapes that the file itself holds, by the path of the model that the tensors are in.
    """
    found: dict[str, list[Seen]] = {}
    _model(model, "", (), _Told(told), found)
    return found


class _Told:
    """What the file says of the tensors of each model, and how many calls may still be followed."""

    def __init__(self, tensors: Mapping[str, Mapping[TensorRef, Shape]]) -> None:
        self.tensors = tensors
        self.left = MOST_CALLS

    def of(self, path: str) -> Mapping[TensorRef, Shape]:
        return self.tensors.get(path, {})


def _model(
    model: Model, path: str, given: Tensors, told: _Told, found: dict[str, list[Seen]]
) -> Tensors:
    """Follows a model; what its layers take and give is put into ``found``."""
    told.left -= len(model.layers)
    if told.left < 0:
        return ()
    if model.kind == "sequential":
        return _sequential(model, path, given, told, found)
    known: dict[TensorRef, Shape | None] = dict(told.of(path))
    ends = list(refs(model.inputs))
    known.update({ref: shape for ref, shape in zip(ends, given, strict=False) if shape})
    consumers = _consumers(model)
    for layer, index in calls_in_order(model):
        _call(layer, index, path, known, consumers, told, found)
    return tuple(known.get(ref) for ref in refs(model.outputs))


Consumers = Mapping[TensorRef, Sequence[tuple[Layer, int]]]
"""Which calls take a tensor."""


def _consumers(model: Model) -> Consumers:
    found: dict[TensorRef, list[tuple[Layer, int]]] = {}
    for layer in model.layers:
        for index, call in enumerate(layer.calls):
            for ref in [*refs(call.args), *refs(call.kwargs)]:
                found.setdefault(ref, []).append((layer, index))
    return found


def _call(
    layer: Layer,
    index: int,
    path: str,
    known: dict[TensorRef, Shape | None],
    consumers: Consumers,
    told: _Told,
    found: dict[str, list[Seen]],
) -> None:
    call = layer.calls[index] if layer.calls else None
    sources = [*refs(call.args), *refs(call.kwargs)] if call else []
    own = TensorRef(layer.name, index)
    inputs = tuple(known.get(ref) for ref in sources)
    if layer.class_name == "InputLayer":
        known[own] = known.get(own) or _input_shape(layer.config)
        return
    where = _join(path, layer.name)
    outputs = _through(layer, where, inputs, told, found)
    for number, shape in enumerate(outputs):
        ref = TensorRef(layer.name, index, number)
        known[ref] = known.get(ref) or shape
    if known.get(own) is None:
        known[own] = _wanted(own, consumers, 0)
    by_name = dict.fromkeys(ref.layer for ref in sources)
    after = [each.name for each, _ in consumers.get(own, ())]
    listed = bool(call and call.args and isinstance(call.args[0], (list, tuple)))
    found.setdefault(where, []).append(
        Seen(inputs, known[own], listed, tuple(by_name), tuple(dict.fromkeys(after)))
    )


def _sequential(
    model: Model, path: str, given: Tensors, told: _Told, found: dict[str, list[Seen]]
) -> Tensors:
    tensors = given
    for position, layer in enumerate(model.layers):
        if layer.class_name == "InputLayer":
            tensors = tensors if any(tensors) else (_input_shape(layer.config),)
            continue
        where = _join(path, layer.name)
        if not any(tensors):
            tensors = (_needed_by(layer),)
        after = _through(layer, where, tensors, told, found)
        if not any(after):
            after = (_behind(model.layers[position + 1 :]),)
        names = [each.name for each in model.layers]
        found.setdefault(where, []).append(
            Seen(
                tensors,
                after[0],
                before=tuple(names[position - 1 : position] if position else ()),
                after=tuple(names[position + 1 : position + 2]),
            )
        )
        tensors = after
    return tensors


def _through(
    layer: Layer, where: str, inputs: Tensors, told: _Told, found: dict[str, list[Seen]]
) -> Tensors:
    """What a call gives; what it is made of is followed as well."""
    if layer.model is not None:
        return _model(layer.model, where, inputs, told, found)
    first = inputs[0] if inputs else None
    if first is None or first[0] is ...:
        first = _needed_by(layer) or first
    inner = {key: child for key, child in layer.inner.items() if not key.endswith("activation")}
    for child in inner.values():
        step = _step(first) if _by_steps(layer, child) else first
        outputs = _through(child, f"{where}/{child.name}", (step,), told, found)
        found.setdefault(f"{where}/{child.name}", []).append(Seen((step,), outputs[0]))
    return (_after(layer, tuple(inputs)),)


def _by_steps(layer: Layer, child: Layer) -> bool:
    """Whether the layer inside gets one step of a sequence after the other."""
    return layer.class_name == "TimeDistributed" or child is layer.inner.get("cell")


def _step(shape: Shape | None) -> Shape | None:
    if shape is None or shape[0] is ... or len(shape) < 3:
        return shape
    return (shape[0], *shape[2:])


def _input_shape(config: Mapping[str, Json]) -> Shape | None:
    shape = config.get("batch_shape") or config.get("batch_input_shape")
    return _shape(shape) if isinstance(shape, (list, tuple)) else None


def _shape(value: Sequence[Json]) -> Shape | None:
    plain = all(each is None or isinstance(each, int) for each in value)
    return tuple(value) if plain and value else None


def _after(layer: Layer, inputs: Tensors) -> Shape | None:
    """The shape behind a layer; None where it is not known."""
    try:
        return _known_after(layer, inputs)
    except (TypeError, ValueError, LookupError, AttributeError, OverflowError, RecursionError):
        # A broken config is the reader's to judge; here it only says nothing.
        return None


def _known_after(layer: Layer, inputs: Tensors) -> Shape | None:
    name, config = layer.class_name, layer.config
    shape = inputs[0] if inputs else None
    if name in _MERGES or name == "Concatenate":
        return _merged(name, config, inputs)
    if shape is None:
        return None
    if name in _SAME:
        return shape
    if name == "Dense":
        return (*shape[:-1], _size(config["units"]))
    if name == "Embedding":
        return (*shape, _size(config["output_dim"]))
    shape = _with_rank(layer, shape)
    if shape[0] is ...:
        return _behind_any(name, layer, shape)
    if name == "Flatten":
        return (shape[0], _product(shape[1:]))
    if name == "Reshape":
        return (shape[0], *_reshaped(shape[1:], config["target_shape"]))
    if name == "Permute":
        return (shape[0], *(shape[axis] for axis in config["dims"]))
    if name == "RepeatVector":
        return (shape[0], _size(config["n"]), shape[-1])
    if name == "TimeDistributed":
        inside = _after(layer.inner["layer"], (_step(shape),))
        return inside and (inside[0], shape[1], *inside[1:])
    if name == "MultiHeadAttention":
        return (*shape[:-1], _attention_width(config, shape[-1]))
    return _of_pictures(layer, shape) or _behind_any(name, layer, shape)


def _with_rank(layer: Layer, shape: Shape) -> Shape:
    """The shape with the rank that a layer takes, where only the last axis is known."""
    rank = needed_rank(layer)
    if shape[0] is not ... or rank is None or layer.config.get("data_format") == "channels_first":
        return shape
    return (*(None,) * (rank - 1), shape[-1])


def _attention_width(config: Mapping[str, Json], width: Extent) -> Extent:
    told = config.get("output_shape")
    return width if told is None else int(told[-1] if isinstance(told, list) else told)


def _behind_any(name: str, layer: Layer, shape: Shape) -> Shape | None:
    """Behind layers for which the rank of the input is fixed."""
    if name in _RECURRENT:
        steps = shape[1] if shape[0] is not ... and len(shape) == 3 else None
        batch = shape[0] if shape[0] is not ... else None
        units = _size(layer.config["units"])
        return (batch, steps, units) if layer.config.get("return_sequences") else (batch, units)
    if name == "Bidirectional":
        inside = _after(layer.inner["layer"], (shape,))
        doubled = layer.config.get("merge_mode", "concat") == "concat"
        if not inside or not doubled or not isinstance(inside[-1], int):
            return inside
        return (*inside[:-1], 2 * inside[-1])
    return None


def _size(value: Json) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    return value


def _product(axes: Sequence[Extent]) -> int | None:
    return None if not all(isinstance(each, int) for each in axes) else prod(map(int, axes))  # type: ignore[arg-type]


def _reshaped(axes: Sequence[Extent], target: Sequence[int]) -> tuple[int | None, ...]:
    if -1 not in target:
        return tuple(map(_size, target))
    whole, rest = _product(axes), prod(each for each in target if each != -1)
    solved = None if whole is None or not rest else whole // rest
    return tuple(solved if each == -1 else _size(each) for each in target)


def _merged(name: str, config: Mapping[str, Json], inputs: Tensors) -> Shape | None:
    known = [each for each in inputs if each is not None and each[0] is not ...]
    if len(known) != len(inputs) or not known or len({len(each) for each in known}) > 1:
        return None
    if name == "Concatenate":
        axis = config.get("axis", -1)
        lengths = [each[axis] for each in known]
        total = sum(map(int, lengths)) if all(isinstance(x, int) for x in lengths) else None  # type: ignore[arg-type]
        merged: list[Extent] = list(known[0])
        merged[axis] = total
        return tuple(merged)
    return tuple(_broadcast(axes) for axes in zip(*known, strict=True))


def _broadcast(lengths: Sequence[Extent]) -> Extent:
    fixed = {each for each in lengths if isinstance(each, int)}
    return next(iter(fixed - {1}), 1 if fixed == {1} else None)


def _of_pictures(layer: Layer, shape: Shape) -> Shape | None:
    """Behind convolutions, poolings and what pads, crops and enlarges."""
    name, config = layer.class_name, layer.config
    if _GLOBAL.fullmatch(name):
        channels = shape[1 if config.get("data_format") == "channels_first" else -1]
        return None if config.get("keepdims") else (shape[0], channels)
    if not any(each.fullmatch(name) for each in (_CONVOLUTION, _POOLING, _RESIZING)):
        return None
    first = config.get("data_format") == "channels_first"
    spatial = shape[2:] if first else shape[1:-1]
    lengths = [
        max(length_behind(layer, axis, each), 0) if isinstance(each, int) else None
        for axis, each in enumerate(spatial)
    ]
    channels = shape[1] if first else shape[-1]
    if _CONVOLUTION.fullmatch(name):
        channels = _filters(name, config, channels)
    return (shape[0], channels, *lengths) if first else (shape[0], *lengths, channels)


def _filters(name: str, config: Mapping[str, Json], channels: Extent) -> Extent:
    if not name.startswith("Depthwise"):
        return _size(config["filters"])
    times = config.get("depth_multiplier", 1)
    return channels * _size(times) if isinstance(channels, int) else None


def _needed_by(layer: Layer) -> Shape | None:
    """What a stock layer takes, by its weights."""
    kernel = layer.weights[0].shape if layer.weights else ()
    name = layer.class_name
    if name in ("Dense", "BatchNormalization") and kernel:
        return (..., kernel[0])
    found = _CONVOLUTION.fullmatch(name)
    if found and len(kernel) == int(found[2]) + 2:
        channels = kernel[-2] * int(layer.config.get("groups") or 1)
        open_axes = (None,) * int(found[2])
        first = layer.config.get("data_format") == "channels_first"
        return (None, channels, *open_axes) if first else (None, *open_axes, channels)
    if name in _RECURRENT and len(kernel) == 2:
        return (None, None, kernel[0])
    if name == "Bidirectional" and "layer" in layer.inner:
        return _needed_by(layer.inner["layer"])
    return None


def _wanted(ref: TensorRef, consumers: Consumers, depth: int) -> Shape | None:
    """What the layers take that a tensor goes to."""
    for layer, index in consumers.get(ref, ())[:MOST_CONSUMERS]:
        needed = _needed_by(layer)
        if needed is None and layer.class_name in _SAME and depth < FARTHEST:
            needed = _wanted(TensorRef(layer.name, index), consumers, depth + 1)
        if needed is not None:
            return needed
    return None


def _behind(layers: Sequence[Layer]) -> Shape | None:
    """What the next layers of a Sequential take."""
    for layer in layers:
        needed = _needed_by(layer)
        if needed is not None or layer.class_name not in _SAME:
            return needed
    return None


def shapes_told(config: Json) -> dict[str, dict[TensorRef, Shape]]:
    """The shapes of tensors that a file of Keras 3 holds, by the path of the model they are in."""
    found: dict[str, dict[TensorRef, Shape]] = {}
    for path, inside in _graphs(config, ""):
        tensors = found.setdefault(path, {})
        for entry in inside:
            for node in _items(entry.get("inbound_nodes")):
                tensors.update(_tensors(node))
    return found


def _graphs(config: Json, path: str) -> Iterator[tuple[str, list[Mapping[str, Json]]]]:
    inside = config.get("config") if isinstance(config, Mapping) else None
    if not isinstance(inside, Mapping) or not isinstance(inside.get("layers"), list):
        return
    entries = [each for each in inside["layers"] if isinstance(each, Mapping)]
    yield path, entries
    for entry in entries:
        own = entry.get("config")
        name = entry.get("name") or (own.get("name") if isinstance(own, Mapping) else "")
        yield from _graphs(entry, _join(path, str(name)))


def _items(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _tensors(value: Json) -> Iterator[tuple[TensorRef, Shape]]:
    if isinstance(value, Mapping) and value.get("class_name") == "__keras_tensor__":
        inside = value.get("config")
        if isinstance(inside, Mapping):
            shape, history = inside.get("shape"), inside.get("keras_history")
            told = _shape(shape) if isinstance(shape, list) else None
            if told is not None and isinstance(history, list) and len(history) == 3:
                yield TensorRef(str(history[0]), *history[1:]), told
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _tensors(each)
    else:
        for each in _items(value):
            yield from _tensors(each)


def _join(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


def shown(shape: Shape | None) -> str:
    """A shape for people: ``(None, 10, 50)``; ``(..., 50)`` where the rank is open."""
    if shape is None:
        return "?"
    inside = ", ".join("..." if each is ... else str(each) for each in shape)
    return f"({inside},)" if len(shape) == 1 else f"({inside})"
