"""What the layers and weights of a Sequential say about the shape of its input."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import product
from math import prod

from converter.model.description import Json, Layer, Model
from converter.model.tensors import needed_rank, received
from converter.rules.theano_padding import numbers

RANKS = range(2, 6)
LONGEST = 1024
"""The longest axis that is looked for."""

ELEMENTWISE = frozenset(
    {
        *("Activation", "Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"),
        *("GaussianNoise", "GaussianDropout", "AlphaDropout", "ActivityRegularization"),
        *("LeakyReLU", "ELU", "ReLU", "ThresholdedReLU", "Rescaling", "Masking"),
    }
)
"""Layers that take any shape and leave it as it is."""
EACH_STEP = ELEMENTWISE | {"Dense"}
"""Layers for which it is all the same whether a TimeDistributed is around them."""
_CONVOLUTION = re.compile(r"(?:Depthwise|Separable)?Conv[123]D")
_POOLING = re.compile(r"(?:Max|Average)Pooling[123]D")
_RESIZING = re.compile(r"(?:ZeroPadding|Cropping|UpSampling)[123]D")
_GLOBAL = re.compile(r"Global(?:Max|Average)Pooling[123]D")
_RECURRENT = frozenset({"LSTM", "GRU", "SimpleRNN"})


@dataclass(frozen=True)
class Found:
    """What is known of an input.

    Attributes:
        shape: the whole shape with the batch axis, None where it is not determined.
        features: length of the axis of the channels, None where the weights do not tell.
        axes: how many other axes there are besides the batch; None where that is open.
        embedded: there are no channels, an Embedding makes them.
        channels_first: the channels come in front of the other axes.
        flat: what the other axes are after all layers in front of a Flatten, times its channels.
        channels: those channels.
        example: one shape, of several, that the weights fit.
    """

    shape: tuple[int | None, ...] | None = None
    features: int | None = None
    axes: int | None = None
    embedded: bool = False
    channels_first: bool = False
    flat: int | None = None
    channels: int | None = None
    example: tuple[int | None, ...] | None = None


@dataclass
class _Chain:
    """The layers up to where the length of an axis has no effect any more.

    ``steps`` change the lengths; ``flat`` is the size of the Flatten that ends the chain, None
    where nothing depends on it. Where an Embedding begins it, the input has no features.
    """

    rank: int | None = None
    embedded: bool = False
    features: int | None = None
    channels: int | None = None
    channels_first: bool | None = None
    steps: list[Layer] = field(default_factory=list)
    flat: int | None = None


class _UnknownError(Exception):
    """A layer whose need is not known here."""


def input_shape(layers: Sequence[Layer]) -> Found:
    """What the layers of a Sequential without an input layer say of it."""
    ranks = [rank for rank in RANKS if _fits(layers, rank)]
    chain = _Chain(ranks[0] if len(ranks) == 1 else None)
    try:
        _walk(layers, chain)
    except _UnknownError:
        return _found(chain)
    if chain.rank is None or chain.channels is None:
        return _found(chain)
    if chain.flat is None:
        return replace(_found(chain), shape=_whole(chain, (None,) * (chain.rank - 2)))
    fitting = list(_fitting(chain, chain.rank - 2))
    shape = _whole(chain, fitting[0]) if len(fitting) == 1 else None
    example = _whole(chain, _plainest(fitting)) if fitting else None
    found = replace(_found(chain), flat=chain.flat, channels=chain.channels)
    return replace(found, shape=shape, example=example)


def _found(chain: _Chain) -> Found:
    return Found(
        features=chain.features,
        axes=None if chain.rank is None else chain.rank - 2,
        embedded=chain.embedded,
        channels_first=bool(chain.channels_first),
    )


def contradicts(layers: Sequence[Layer], shape: Sequence[int | None]) -> bool:
    """Whether the weights do not fit an input of this shape, as far as that can be told."""
    if not _fits(layers, len(shape)):
        return True
    chain = _Chain(len(shape))
    with suppress(_UnknownError):
        _walk(layers, chain)
    lengths = list(shape[1:])
    if not chain.embedded:
        features = lengths.pop(0 if chain.channels_first else -1)
        if chain.features is not None and features not in (None, chain.features):
            return True
    if chain.flat is None or None in lengths:
        return False
    after = [_after(chain, axis, length or 0) for axis, length in enumerate(lengths)]
    return prod(after) * (chain.channels or 0) != chain.flat


def _fits(layers: Sequence[Layer], rank: int) -> bool:
    """Whether every layer gets tensors of the rank that it needs."""
    given = Layer("", "InputLayer", {"batch_shape": [None] * rank})
    for layer, tensors in received(Model("", "sequential", (given, *layers))):
        needed = needed_rank(layer)
        if needed is not None and tensors[0].rank not in (None, needed):
            return False
    return True


def _walk(layers: Sequence[Layer], chain: _Chain) -> None:
    """Fills the chain; raises where a layer's effect is not known."""
    for index, layer in enumerate(layers):
        if layer.class_name == "Flatten":
            chain.flat = _size_of_flat(layers[index + 1 :])
            return
        if _GLOBAL.fullmatch(layer.class_name):
            return
        _follow(layer, chain)
        inner = layer.inner.get("layer", layer)
        if inner.class_name in _RECURRENT and not inner.config.get("return_sequences"):
            return


def _follow(layer: Layer, chain: _Chain) -> None:
    inner = layer.inner.get("layer")
    if layer.class_name == "TimeDistributed" and inner and inner.class_name in EACH_STEP:
        layer = inner
    name, config = layer.class_name, layer.config
    if _CONVOLUTION.fullmatch(name):
        _set_format(chain, config)
        _take(chain, _input_channels(layer))
        chain.channels = _filters(layer)
        chain.steps.append(layer)
    elif _POOLING.fullmatch(name) or _RESIZING.fullmatch(name):
        _set_format(chain, config)
        chain.steps.append(layer)
    elif name == "Dense" and len(layer.weights) > 0 and not chain.channels_first:
        _take(chain, layer.weights[0].shape[0])
        chain.channels = layer.weights[0].shape[-1]
    elif name == "BatchNormalization" and len(layer.weights) > 0:
        _take_normalized(layer, chain)
    elif name in _RECURRENT or name == "Bidirectional":
        _take_recurrent(layer, chain)
    elif name == "Embedding" and chain.channels is None and layer.weights:
        chain.embedded, chain.channels = True, layer.weights[0].shape[-1]
        chain.rank = chain.rank and chain.rank + 1
    elif name not in ELEMENTWISE and name != "InputLayer":
        raise _UnknownError


def _set_format(chain: _Chain, config: Json) -> None:
    first = config.get("data_format") == "channels_first"
    if chain.channels_first not in (None, first):
        raise _UnknownError
    chain.channels_first = first


def _take(chain: _Chain, channels: int) -> None:
    """A layer that takes so many channels; the first of all tells those of the input."""
    if chain.channels is None:
        chain.features = channels
    chain.channels = channels


def _input_channels(layer: Layer) -> int:
    kernel = layer.weights[0].shape if layer.weights else ()
    if len(kernel) < 3:
        raise _UnknownError
    return kernel[-2] * int(layer.config.get("groups") or 1)


def _filters(layer: Layer) -> int:
    """The channels behind a convolution, by its bias or its last kernel."""
    last = layer.weights[-1].shape
    return prod(last[-2:]) if layer.class_name.startswith("Depthwise") else last[-1]


def _take_normalized(layer: Layer, chain: _Chain) -> None:
    axis = layer.config.get("axis", -1)
    axis = axis[0] if isinstance(axis, list) and len(axis) == 1 else axis
    last = (-1, chain.rank and chain.rank - 1)
    if axis not in ((1,) if chain.channels_first else last):
        raise _UnknownError
    _take(chain, layer.weights[0].shape[0])


def _take_recurrent(layer: Layer, chain: _Chain) -> None:
    inner = layer.inner.get("layer", layer)
    is_known = inner.class_name in _RECURRENT and len(inner.weights) > 1
    # The batch is a part of the shape where states are kept from one to the next.
    if not is_known or chain.channels_first or inner.config.get("stateful"):
        raise _UnknownError
    _take(chain, inner.weights[0].shape[0])
    units = inner.weights[1].shape[0]
    both = layer is not inner and layer.config.get("merge_mode", "concat") == "concat"
    chain.channels = 2 * units if both else units


def _size_of_flat(behind: Sequence[Layer]) -> int | None:
    """How long a Flatten's output is; None where no weight depends on it."""
    for layer in behind:
        if layer.class_name in ("Dense", "BatchNormalization") and layer.weights:
            return layer.weights[0].shape[0]
        if layer.class_name not in ELEMENTWISE:
            raise _UnknownError
    return None


def _whole(chain: _Chain, lengths: Sequence[int | None]) -> tuple[int | None, ...]:
    if chain.embedded:
        return (None, *lengths)
    if chain.channels_first:
        return (None, chain.features, *lengths)
    return (None, *lengths, chain.features)


def _fitting(chain: _Chain, axes: int) -> Iterator[tuple[int, ...]]:
    """All lengths that make a Flatten of the right size."""
    if not chain.channels or not chain.flat or chain.flat % chain.channels:
        return
    wanted = chain.flat // chain.channels
    becomes: list[dict[int, list[int]]] = []
    for axis in range(axes):
        lengths: dict[int, list[int]] = {}
        for length in range(1, LONGEST + 1):
            after = _after(chain, axis, length)
            if after > 0 and wanted % after == 0:
                lengths.setdefault(after, []).append(length)
        becomes.append(lengths)
    for sizes in product(*becomes):
        if prod(sizes) == wanted:
            yield from product(
                *(lengths[size] for lengths, size in zip(becomes, sizes, strict=True))
            )


def _plainest(fitting: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """The one whose axes are most alike: pictures are mostly square."""
    return min(fitting, key=lambda lengths: (max(lengths) - min(lengths), lengths))


def _after(chain: _Chain, axis: int, length: int) -> int:
    """How long an axis is behind the chain; 0 where nothing is left."""
    for layer in chain.steps:
        length = max(length_behind(layer, axis, length), 0) if length else 0
    return length


def length_behind(layer: Layer, axis: int, length: int) -> int:
    """How long an axis is behind a convolution, a pooling, a padding, a cropping, an upsampling."""
    config, rank = layer.config, int(layer.class_name[-2])
    if layer.class_name.startswith("UpSampling"):
        return length * numbers(config.get("size", 2), rank)[axis]
    if _RESIZING.fullmatch(layer.class_name):
        padding = layer.class_name.startswith("Zero")
        more = sum(_sides(config.get("padding" if padding else "cropping", 1), rank)[axis])
        return length + more if padding else length - more
    if _POOLING.fullmatch(layer.class_name):
        size = numbers(config.get("pool_size", 2), rank)
        strides = size if config.get("strides") is None else numbers(config["strides"], rank)
        reach = size[axis]
    else:
        strides = numbers(config.get("strides"), rank)
        rate = numbers(config.get("dilation_rate"), rank)[axis]
        reach = (numbers(config.get("kernel_size"), rank)[axis] - 1) * rate + 1
    if config.get("padding", "valid") == "full":
        length += 2 * (reach - 1)
    if config.get("padding", "valid") in ("same", "causal"):
        reach = 1
    return (length - reach) // strides[axis] + 1


def _sides(value: Json, rank: int) -> list[list[int]]:
    """Padding or cropping on both sides of each axis."""
    if isinstance(value, int):
        return [[value, value]] * rank
    if rank == 1 and len(value) == 2:
        return [list(value)]
    return [[each, each] if isinstance(each, int) else list(each) for each in value]
