"""The weights of Keras 1: which arrays its layers stored, and how they become Keras 2's.

A recurrent layer stored an array for each gate, convolutions in ``th`` ordering stored theirs with
the filters first, and a one-dimensional convolution was a two-dimensional one. After binding, the
weights of every layer that Keras 2 kept have Keras 2's names, shapes and order; those of the layers
it dropped (MaxoutDense, Highway, SReLU, ParametricSoftplus) keep Keras 1's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from converter.layouts import legacy, well_known
from converter.layouts.combining import of_several
from converter.layouts.legacy import Stored
from converter.layouts.variables import Variable
from converter.model.description import Json, Layer, Model, Weight

Config = Mapping[str, Json]
Names = Callable[[Config], Sequence[str]]

LSTM_GATES = "icfo"
"""The order in which Keras 1 stored the gates of an LSTM; since Keras 2 it is i, f, c, o."""
GRU_GATES = "zrh"

STATISTICS = frozenset({"running_mean", "running_std"})


def _with_bias(*names: str) -> Names:
    return lambda config: [*names, "b"] if config.get("bias", True) else names


def _always(*names: str) -> Names:
    return lambda config: names


def _gates(gates: str) -> Names:
    every = [f"{array}_{gate}" for gate in gates for array in "WUb"]
    return lambda config: ("W", "U", "b") if config.get("consume_less") == "gpu" else every


ARRAYS: Mapping[str, Names] = {
    **dict.fromkeys(["Dense", "TimeDistributedDense", "MaxoutDense"], _with_bias("W")),
    **dict.fromkeys(["Convolution1D", "Convolution2D", "Convolution3D"], _with_bias("W")),
    **dict.fromkeys(["Conv1D", "Conv2D", "Conv3D"], _with_bias("W")),
    **dict.fromkeys(["AtrousConvolution1D", "AtrousConvolution2D"], _with_bias("W")),
    **dict.fromkeys(["AtrousConv1D", "AtrousConv2D"], _with_bias("W")),
    **dict.fromkeys(["Deconvolution2D", "Deconv2D"], _with_bias("W")),
    **dict.fromkeys(["LocallyConnected1D", "LocallyConnected2D"], _with_bias("W")),
    **dict.fromkeys(
        ["SeparableConvolution2D", "SeparableConv2D"],
        _with_bias("depthwise_kernel", "pointwise_kernel"),
    ),
    "Highway": lambda config: (
        ("W", "W_carry", "b", "b_carry") if config.get("bias", True) else ("W", "W_carry")
    ),
    "Embedding": _always("W"),
    "BatchNormalization": _always("gamma", "beta", "running_mean", "running_std"),
    "SimpleRNN": _always("W", "U", "b"),
    "LSTM": _gates(LSTM_GATES),
    "GRU": _gates(GRU_GATES),
    "ConvLSTM2D": lambda config: _gates(LSTM_GATES)({}),
    "PReLU": _always("alphas"),
    "ParametricSoftplus": _always("alphas", "betas"),
    "SReLU": _always("t_left", "a_left", "t_right", "a_right"),
}
"""The arrays that each layer of Keras 1 stored, in the order of the file."""

WITHOUT_ARRAYS = frozenset(
    {
        *("Functional", "Sequential", "InputLayer", "Merge", "Lambda", "Masking", "Activation"),
        *("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"),
        *("GaussianNoise", "GaussianDropout", "ActivityRegularization"),
        *("Reshape", "Permute", "Flatten", "RepeatVector"),
        *("UpSampling1D", "UpSampling2D", "UpSampling3D"),
        *("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D"),
        *("Cropping1D", "Cropping2D", "Cropping3D"),
        *("MaxPooling1D", "MaxPooling2D", "MaxPooling3D"),
        *("AveragePooling1D", "AveragePooling2D", "AveragePooling3D"),
        *("GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D"),
        *("GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D"),
        *("LeakyReLU", "ELU", "ThresholdedReLU", "TimeDistributed", "Bidirectional"),
    }
)
"""The other classes of Keras 1."""


def arrays_of(layer: Layer) -> list[Variable] | None:
    """What a layer of Keras 1 stored, in order; None for classes that Keras 1 did not have.

    Those of well-known libraries count as its own.
    """
    library = well_known.known(layer.class_name, layer.config)
    if library is not None:
        return [Variable(name, trainable) for name, trainable in library.variables(layer.config)]
    names = ARRAYS.get(layer.class_name)
    if names is None:
        return [] if layer.class_name in WITHOUT_ARRAYS else None
    return [Variable(name, trainable=name not in STATISTICS) for name in names(layer.config)]


def bind(model: Model, groups: Mapping[str, Stored]) -> tuple[Model, list[Exception]]:
    """Gives every layer of a model that Keras 1 wrote its weights, in Keras 2's layout.

    Args:
        model: as parsed, in Keras 1's words.
        groups: see ``legacy.bind``.

    Returns:
        See ``legacy.bind``.
    """
    groups = legacy.by_layer(model, groups, False, arrays_of)
    named = {layer.name: _by_names(layer, groups.get(layer.name, ())) for layer in model.layers}
    bound, problems = legacy.bind(model, named, implicit_masks=False, variables=arrays_of)
    layers = (
        legacy.rebuild(layer, layer.name, lambda each, path: canonical(each))
        for layer in bound.layers
    )
    return replace(bound, layers=tuple(layers)), problems


def _by_names(layer: Layer, stored: Stored) -> Stored:
    """The arrays of a nested model in the order that its flags ask for, where their names tell it.

    Up to Keras 1.0.5 a layer that was frozen kept its place among the others.
    """
    if layer.model is None:
        return stored
    try:
        places = legacy.slots(layer, implicit_masks=False, variables=arrays_of)
    except legacy.UnknownVariablesError:
        return stored
    names = [f"{slot.path.rpartition('layers/')[2]}_{slot.name}" for slot in places]
    found = {name.split(":")[0]: (name, dataset) for name, dataset in stored}
    if sorted(names) != sorted(found) or len(found) != len(stored):
        return stored
    return [found[name] for name in names]


def canonical(layer: Layer) -> Layer:
    """A layer of Keras 1 with its weights as Keras 2 has them."""
    rewrite, own = _LAYOUTS.get(layer.class_name), arrays_of(layer)
    # What did not fit while binding stays as it is.
    if rewrite is None or own is None or len(own) != len(layer.weights):
        return layer
    return replace(layer, weights=tuple(rewrite(layer)))


def _renamed(*names: str) -> Callable[[Layer], list[Weight]]:
    def weights(layer: Layer) -> list[Weight]:
        pairs = zip(layer.weights, names, strict=False)
        return [replace(weight, name=name) for weight, name in pairs]

    return weights


def _convolution(layer: Layer) -> list[Weight]:
    return _with_kernel(layer, _channels_last)


def _deconvolution(layer: Layer) -> list[Weight]:
    """The kernel was that of a convolution; today input and output channels are swapped."""

    def swapped(weight: Weight, first: bool) -> Weight:
        return _transposed(_channels_last(weight, first), (0, 1, 3, 2))

    return _with_kernel(layer, swapped)


def _with_kernel(layer: Layer, kernel: Callable[[Weight, bool], Weight]) -> list[Weight]:
    first, *bias = _renamed("kernel", "bias")(layer)
    return [kernel(first, _is_channels_first(layer)), *bias]


def _separable(layer: Layer) -> list[Weight]:
    named = _renamed("depthwise_kernel", "pointwise_kernel", "bias")(layer)
    return [_channels_last(each, _is_channels_first(layer)) for each in named]


def _convolution1d(layer: Layer) -> list[Weight]:
    """Stored as (steps, 1, channels, filters), once as (filters, channels, steps, 1)."""
    length, filters = layer.config.get("filter_length"), layer.config.get("nb_filter")

    def kernel(weight: Weight, first: bool) -> Weight:
        shape = weight.shape
        if len(shape) != 4:
            return weight
        old = shape[:2] != (length, 1) or shape[3] != filters
        return _without_axis_1(_channels_last(weight, old))

    return _with_kernel(layer, kernel)


def _recurrent(gates: str, today: str) -> Callable[[Layer], list[Weight]]:
    def weights(layer: Layer) -> list[Weight]:
        names = ("kernel", "recurrent_kernel", "bias")
        if len(layer.weights) == len(names):
            return _renamed(*names)(layer)
        first = _is_channels_first(layer)
        found = []
        for index, name in enumerate(names):
            by_gate = dict(zip(gates, layer.weights[index::3], strict=True))
            parts = [_channels_last(by_gate[gate], first) for gate in today]
            found.append(side_by_side(name, parts))
        return found

    return weights


def _is_channels_first(layer: Layer) -> bool:
    return layer.config.get("dim_ordering") == "th"


def _channels_last(weight: Weight, first: bool) -> Weight:
    """A kernel (filters, channels, *steps) as (*steps, channels, filters)."""
    if not first or len(weight.shape) < 3:
        return weight
    return _transposed(weight, (*range(2, len(weight.shape)), 1, 0))


def _transposed(weight: Weight, axes: tuple[int, ...]) -> Weight:
    shape = tuple(weight.shape[axis] for axis in axes)
    return weight.map(lambda values: values.transpose(axes), shape=shape)


def _without_axis_1(weight: Weight) -> Weight:
    shape = (weight.shape[0], *weight.shape[2:])
    return weight.map(lambda values: values[:, 0], shape=shape)


def side_by_side(name: str, parts: Sequence[Weight]) -> Weight:
    """Several weights as one, along the last axis."""
    last = sum(part.shape[-1] for part in parts)
    shape = (*parts[0].shape[:-1], last)
    return of_several(name, parts, lambda *values: np.concatenate(values, axis=-1), shape)


def _highway(layer: Layer) -> list[Weight]:
    """Up to Keras 1.1 each bias was stored behind its matrix."""
    matrices = [each for each in layer.weights if len(each.shape) == 2]
    biases = [each for each in layer.weights if len(each.shape) == 1]
    names = ("W", "W_carry", "b", "b_carry")
    pairs = zip([*matrices, *biases], names, strict=False)
    return [replace(weight, name=name) for weight, name in pairs]


_LAYOUTS: Mapping[str, Callable[[Layer], list[Weight]]] = {
    **dict.fromkeys(["Dense", "TimeDistributedDense"], _renamed("kernel", "bias")),
    **dict.fromkeys(["LocallyConnected1D", "LocallyConnected2D"], _renamed("kernel", "bias")),
    **dict.fromkeys(["Convolution2D", "Conv2D", "Convolution3D", "Conv3D"], _convolution),
    **dict.fromkeys(["AtrousConvolution2D", "AtrousConv2D"], _convolution),
    **dict.fromkeys(["Deconvolution2D", "Deconv2D"], _deconvolution),
    **dict.fromkeys(["SeparableConvolution2D", "SeparableConv2D"], _separable),
    **dict.fromkeys(["Convolution1D", "Conv1D"], _convolution1d),
    **dict.fromkeys(["AtrousConvolution1D", "AtrousConv1D"], _convolution1d),
    "Embedding": _renamed("embeddings"),
    "BatchNormalization": _renamed("gamma", "beta", "moving_mean", "moving_variance"),
    "SimpleRNN": _renamed("kernel", "recurrent_kernel", "bias"),
    "LSTM": _recurrent(LSTM_GATES, "ifco"),
    "GRU": _recurrent(GRU_GATES, GRU_GATES),
    "ConvLSTM2D": _recurrent(LSTM_GATES, "ifco"),
    "PReLU": _renamed("alpha"),
    "Highway": _highway,
}
