"""Layers on tensors with the channels first, written for the same tensors with the channels last.

Kernels are stored alike for both (rows, columns, channels in, channels out), so a convolution only
gets another ``data_format``. Which layers can follow a convolution to its new order of axes, and
what becomes of their axes and weights, is decided here, one layer at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from converter.knowledge import keras3
from converter.model.description import Json, Layer, Model

FIRST, LAST = "channels_first", "channels_last"


@dataclass(frozen=True)
class Layout:
    """The axes of a channels-first tensor: batch, ``leading`` (steps), channels, ``spatial``."""

    leading: int
    spatial: int

    @property
    def rank(self) -> int:
        """How many axes there are, the batch included."""
        return self.leading + self.spatial + 2

    @property
    def to_last(self) -> list[int]:
        """The ``dims`` of the Permute that puts the channels last."""
        channels = self.leading + 1
        return [axis for axis in range(1, self.rank) if axis != channels] + [channels]

    @property
    def to_first(self) -> list[int]:
        """The ``dims`` of the Permute back."""
        return [self.to_last.index(axis) + 1 for axis in range(1, self.rank)]

    def moved_axis(self, axis: int) -> int:
        """Where an axis lies once the channels are last; the last axis is -1."""
        moved = [0, *self.to_last].index(axis % self.rank)
        return -1 if moved == self.rank - 1 else moved


def _ranks(*names: str, ranks: tuple[int, ...] = (1, 2, 3)) -> dict[str, int]:
    return {name.format(rank): rank for name in names for rank in ranks}


CONVOLUTIONS = {
    **_ranks("Conv{}D", "Conv{}DTranspose"),
    **_ranks("DepthwiseConv{}D", "SeparableConv{}D", ranks=(1, 2)),
}
"""Convolutions and how many spatial axes they have."""

CONV_LSTMS = _ranks("ConvLSTM{}D")

FOLLOWING = {
    **_ranks("MaxPooling{}D", "AveragePooling{}D", "GlobalMaxPooling{}D"),
    **_ranks("GlobalAveragePooling{}D", "AdaptiveMaxPooling{}D", "AdaptiveAveragePooling{}D"),
    **_ranks("ZeroPadding{}D"),
    **_ranks("Cropping{}D", "UpSampling{}D", "SpatialDropout{}D", ranks=(2, 3)),
}
"""Layers that Keras 3 computes rightly in either order, by their ``data_format``."""

POINTWISE = frozenset(
    {"ReLU", "LeakyReLU", "ELU", "Identity", "ActivityRegularization"}
    | {"Dropout", "AlphaDropout", "GaussianNoise", "GaussianDropout"}
)
MERGES = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"})
ALONG_AN_AXIS = frozenset(
    {"BatchNormalization", "GroupNormalization", "LayerNormalization", "Softmax", "Concatenate"}
)
WRAPPERS = frozenset({"Bidirectional", "SpectralNormalization"})
"""Layers that take what the layer in them takes."""

OVER_AN_AXIS = frozenset({"softmax", "log_softmax", "sparsemax", "glu"})
POINTWISE_FUNCTIONS = frozenset(keras3.OBJECTS["activations"]) - OVER_AN_AXIS


def convolution_layout(layer: Layer) -> Layout | None:
    """What a convolution with the channels first, or a wrapper of one, takes; None for others."""
    if not _is_stock(layer):
        return None
    name = keras3.class_of(layer.class_name)
    if name in WRAPPERS and "layer" in layer.inner:
        return convolution_layout(layer.inner["layer"])
    if layer.config.get("data_format") != FIRST:
        return None
    if name in CONV_LSTMS:
        return Layout(1, CONV_LSTMS[name])
    return Layout(0, CONVOLUTIONS[name]) if name in CONVOLUTIONS else None


def _is_stock(layer: Layer) -> bool:
    return layer.module == "keras.layers" and layer.registered_name is None


def with_channels_last(layer: Layer) -> Layer:
    """The layer with the other data format, and those in it; its weights stay as they are."""
    inner = {key: with_channels_last(child) for key, child in layer.inner.items()}
    changed = replace(layer, inner=inner, build_config=None)
    is_first = changed.config.get("data_format") == FIRST
    return changed.with_config(data_format=LAST) if is_first else changed


def split_activation(layer: Layer) -> tuple[Layer, Layer | None]:
    """A convolution, and its activation as a layer of its own where that looks along an axis.

    A function of the user's may do so, too.
    """
    name = f"{layer.name}_activation"
    inside = layer.inner.get("activation")
    if inside is not None and not _is_pointwise(inside):
        kept = {key: child for key, child in layer.inner.items() if key != "activation"}
        plain = replace(layer, inner=kept).with_config(activation="linear")
        return plain, replace(inside, name=name)
    if inside is not None or _is_pointwise_function(layer.config.get("activation")):
        return layer, None
    common = {key: layer.config[key] for key in ("dtype",) if key in layer.config}
    config = {**common, "activation": layer.config["activation"]}
    return layer.with_config(activation="linear"), Layer(name, "Activation", config)


def has_pointwise_activations(layer: Layer) -> bool:
    """Whether all activations of a layer, and of those that it wraps, work on each value alone."""
    own = [layer.config.get(key) for key in ("activation", "recurrent_activation")]
    inside = all(
        has_pointwise_activations(child) if key.endswith("layer") else _is_pointwise(child)
        for key, child in layer.inner.items()
    )
    return inside and all(map(_is_pointwise_function, own))


def _is_pointwise_function(name: Json) -> bool:
    return name is None or (isinstance(name, str) and name in POINTWISE_FUNCTIONS)


def _is_pointwise(layer: Layer) -> bool:
    """Whether a layer does to each value the same, wherever it lies in the tensor."""
    if layer.model is not None:
        return _all_pointwise(layer.model)
    if not _is_stock(layer) or layer.inner:
        return False
    if layer.class_name == "Activation":
        return _is_pointwise_function(layer.config.get("activation"))
    if layer.class_name == "Rescaling":
        return all(
            isinstance(layer.config.get(key, 0), (int, float)) for key in ("scale", "offset")
        )
    return layer.class_name in POINTWISE and layer.config.get("noise_shape") is None


def _all_pointwise(model: Model) -> bool:
    return model.kind == "sequential" and all(
        layer.class_name == "InputLayer" or _is_pointwise(layer) for layer in model.layers
    )


def moved(layer: Layer, layout: Layout) -> Layer | None:
    """A layer on channels-first tensors as it has to be on the same tensors with channels last.

    What it gives then is what it gave, with channels last (see ``ends_layout``). None for layers of
    which that is not known.
    """
    name = layer.class_name
    if not _is_stock(layer):
        return None
    bare = replace(layer, build_config=None)
    if _is_pointwise(layer) or name in MERGES:
        return bare
    if name in ALONG_AN_AXIS:
        return _along_moved_axis(bare, layout)
    if name == "PReLU":
        return _moved_prelu(bare, layout)
    if layer.config.get("data_format") != FIRST or layout.leading:
        return None
    fits = name == "Flatten" or FOLLOWING.get(name) == layout.spatial
    return bare.with_config(data_format=LAST) if fits else None


def ends_layout(layer: Layer) -> bool:
    """Whether a moved layer gives the very tensor that it gave before, with no channels to place.

    A Flatten of channels-first tensors has always put them last.
    """
    is_global = layer.class_name.startswith("Global") and not layer.config.get("keepdims")
    return is_global or layer.class_name == "Flatten"


def _along_moved_axis(layer: Layer, layout: Layout) -> Layer | None:
    axis = layer.config.get("axis", -1)
    if isinstance(axis, int):
        return layer.with_config(axis=layout.moved_axis(axis))
    if isinstance(axis, list) and layer.class_name == "Softmax":
        return layer.with_config(axis=[layout.moved_axis(each) for each in axis])
    return None


def _moved_prelu(layer: Layer, layout: Layout) -> Layer | None:
    """Its slopes have the axes of a tensor without the batch."""
    if len(layer.weights) != 1 or len(layer.weights[0].shape) != layout.rank - 1:
        return None
    order = [axis - 1 for axis in layout.to_last]
    shape = tuple(layer.weights[0].shape[axis] for axis in order)
    slopes = layer.weights[0].map(lambda array: np.transpose(array, order), shape=shape)
    new = replace(layer, weights=(slopes,))
    shared = layer.config.get("shared_axes")
    if not shared:
        return new
    return new.with_config(
        shared_axes=sorted(layout.moved_axis(axis) % layout.rank for axis in shared)
    )


def options(layer: Layer) -> Mapping[str, Any]:
    """The config of the recurrent layer itself, also where a Bidirectional is around it."""
    return layer.inner["layer"].config if layer.class_name == "Bidirectional" else layer.config
