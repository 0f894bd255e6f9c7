"""Layers in the words of Keras 1.

What it sees: every layer of a file of Keras 1.0 to 1.2: Convolution2D with ``nb_filter``,
``nb_row``, ``border_mode``, ``dim_ordering``; Dense with ``output_dim``, ``init``,
``W_regularizer``; and the like.

Why Keras 3 trips: "Could not locate class", "unexpected keyword argument". Keras 2 still understood
these words, with a warning.

What kfix changes: class and arguments get Keras 2's words: Conv2D with ``filters``,
``kernel_size``, ``padding``, ``data_format``. What has no name today keeps its class; a PReLU gets
the ``shared_axes`` that its weights show, because Keras 1 did not save them.

Links: https://github.com/keras-team/keras/wiki/Keras-2.0-release-notes
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from converter.layouts.keras1 import arrays_of
from converter.model.description import Json, Layer
from converter.model.findings import Severity
from converter.rules import _keras1_objects as objects
from converter.rules.base import Change, Context, Rule, Stage

CLASSES = {
    **dict.fromkeys(["Convolution1D", "AtrousConvolution1D", "AtrousConv1D"], "Conv1D"),
    **dict.fromkeys(["Convolution2D", "AtrousConvolution2D", "AtrousConv2D"], "Conv2D"),
    "Convolution3D": "Conv3D",
    **dict.fromkeys(["Deconvolution2D", "Deconv2D"], "Conv2DTranspose"),
    "SeparableConvolution2D": "SeparableConv2D",
    "TimeDistributedDense": "Dense",
}
"""Classes that go by another name since Keras 2."""

ARGUMENTS = {
    "output_dim": "units",
    "nb_filter": "filters",
    "init": "kernel_initializer",
    "inner_init": "recurrent_initializer",
    "inner_activation": "recurrent_activation",
    "gamma_init": "gamma_initializer",
    "beta_init": "beta_initializer",
    "W_regularizer": "kernel_regularizer",
    "U_regularizer": "recurrent_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "U_constraint": "recurrent_constraint",
    "b_constraint": "bias_constraint",
    "bias": "use_bias",
    "border_mode": "padding",
    "subsample": "strides",
    "subsample_length": "strides",
    "stride": "strides",
    "dim_ordering": "data_format",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
    "p": "rate",
    "sigma": "stddev",
    "pool_length": "pool_size",
    "filter_length": "kernel_size",
    "atrous_rate": "dilation_rate",
    "length": "size",
}
"""Arguments that go by another name since Keras 2, in every class that has them."""

ARGUMENTS_OF: Mapping[str, Mapping[str, str]] = {
    "Embedding": {
        "output_dim": "output_dim",
        "init": "embeddings_initializer",
        "W_regularizer": "embeddings_regularizer",
        "W_constraint": "embeddings_constraint",
    },
    "PReLU": {"init": "alpha_initializer"},
}
"""The same for single classes, where it is another one."""

KERNEL_SIZES = (("nb_row", "nb_col"), ("kernel_dim1", "kernel_dim2", "kernel_dim3"))

WITHOUT_EFFECT = ("consume_less",)
"""It chose between ways to compute the same."""

DATA_FORMATS = {"th": "channels_first", "tf": "channels_last"}

CHANNELS_ALWAYS_LAST = frozenset(
    {"Conv1D", "MaxPooling1D", "AveragePooling1D", "ZeroPadding1D", "Flatten"}
    | {"GlobalMaxPooling1D", "GlobalAveragePooling1D"}
)
"""Layers that take ``data_format`` since Keras 2; before, there was one order only."""

VALUES: Mapping[str, Callable[[Json], Json]] = {
    "_initializer": objects.initializer,
    "_regularizer": objects.regularizer,
    "_constraint": objects.constraint,
    "data_format": lambda value: DATA_FORMATS.get(value, value),
}
"""How values are rewritten, by how Keras 2's argument ends."""


def translate(layer: Layer, context: Context) -> Change | None:
    """The layer in Keras 2's words."""
    if arrays_of(layer) is None:
        return None
    config = _config(layer)
    class_name = CLASSES.get(layer.class_name, layer.class_name)
    if class_name == layer.class_name and config == layer.config:
        return None
    new = replace(layer, class_name=class_name, config=config)
    return Change(
        Severity.BREAKS, f"{layer.class_name} is in Keras 1's words", (new,), "in Keras 2's words"
    )


def _config(layer: Layer) -> dict[str, Json]:
    names = {**ARGUMENTS, **ARGUMENTS_OF.get(layer.class_name, {})}
    config = {
        names.get(key, key): value
        for key, value in layer.config.items()
        if key not in WITHOUT_EFFECT
    }
    config = {key: _value(key, value) for key, value in config.items()}
    for keys in KERNEL_SIZES:
        if all(key in config for key in keys):
            config["kernel_size"] = [config.pop(key) for key in keys]
    if CLASSES.get(layer.class_name, layer.class_name) in CHANNELS_ALWAYS_LAST:
        config["data_format"] = "channels_last"
    special = _SPECIAL.get(layer.class_name)
    return special(config, layer) if special else config


def _value(key: str, value: Json) -> Json:
    for ending, rewrite in VALUES.items():
        if key.endswith(ending):
            return rewrite(value)
    return value


def _embedding(config: dict[str, Json], layer: Layer) -> dict[str, Json]:
    """It dropped words in training, which no Embedding does since."""
    return {key: value for key, value in config.items() if key != "dropout"}


def _separable(config: dict[str, Json], layer: Layer) -> dict[str, Json]:
    initializer = config.pop("kernel_initializer", None)
    if initializer is None:
        return config
    return config | {
        "depthwise_initializer": initializer,
        "pointwise_initializer": initializer,
    }


def _unit_forget_bias(config: dict[str, Json], layer: Layer) -> dict[str, Json]:
    if "forget_bias_init" in config:
        config["unit_forget_bias"] = config.pop("forget_bias_init") == "one"
    return config


def _batch_normalization(config: dict[str, Json], layer: Layer) -> dict[str, Json]:
    """Mode 0 is what the layer does today; the others stay for the rules that know them."""
    if config.get("mode") == 0:
        del config["mode"]
    return config


def _prelu(config: dict[str, Json], layer: Layer) -> dict[str, Json]:
    """An axis on which the weights are shared is one of length 1."""
    shape = layer.weights[0].shape if layer.weights else ()
    shared = [axis for axis, length in enumerate(shape, start=1) if length == 1]
    return config | {"shared_axes": shared or None}


def _zero_padding1d(config: dict[str, Json], layer: Layer) -> dict[str, Json]:
    padding = config.get("padding")
    if isinstance(padding, Mapping):
        padding = [padding.get(side, 0) for side in ("left_pad", "right_pad")]
    return config | {"padding": padding}


def _zero_padding2d(config: dict[str, Json], layer: Layer) -> dict[str, Json]:
    """Two numbers, or four of them: top, bottom, left, right."""
    padding: Any = config.get("padding")
    if isinstance(padding, Mapping):
        sides = ("top_pad", "bottom_pad", "left_pad", "right_pad")
        padding = [padding.get(side, 0) for side in sides]
    if isinstance(padding, list) and len(padding) == 4:
        padding = [padding[:2], padding[2:]]
    return config | {"padding": padding}


_SPECIAL: Mapping[str, Callable[[dict[str, Json], Layer], dict[str, Json]]] = {
    "Embedding": _embedding,
    "SeparableConvolution2D": _separable,
    "LSTM": _unit_forget_bias,
    "ConvLSTM2D": _unit_forget_bias,
    "BatchNormalization": _batch_normalization,
    "PReLU": _prelu,
    "ZeroPadding1D": _zero_padding1d,
    "ZeroPadding2D": _zero_padding2d,
}

RULE = Rule(
    code="KF140",
    stage=Stage.CLASSES,
    summary="classes and arguments in the words of Keras 1",
    generations=frozenset({1}),
    layer=translate,
)
