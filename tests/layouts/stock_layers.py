"""Every stock layer of the installed Keras 3 in a model of its own, defaults and otherwise.

Imports Keras, so only child processes may import this module.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import keras
from keras import layers

from tests.layouts.classes import NOT_BUILT

Build = Callable[[], Any]
SEQUENCE, IMAGE, VOLUME, FILM = (5, 4), (8, 8, 4), (6, 6, 6, 4), (3, 8, 8, 4)

REQUIRED: dict[str, dict[str, Any]] = {
    **{f"AdaptiveAveragePooling{n}D": {"output_size": 2} for n in (1, 2, 3)},
    **{f"AdaptiveMaxPooling{n}D": {"output_size": 2} for n in (1, 2, 3)},
    **{f"AveragePooling{n}D": {"pool_size": 2} for n in (1, 2, 3)},
    **{f"SpatialDropout{n}D": {"rate": 0.1} for n in (1, 2, 3)},
    "Activation": {"activation": "relu"},
    "AlphaDropout": {"rate": 0.1},
    "CategoryEncoding": {"num_tokens": 9},
    "CenterCrop": {"height": 4, "width": 4},
    "Discretization": {"bin_boundaries": [0.0, 1.0]},
    "Dot": {"axes": 2},
    "Dropout": {"rate": 0.1},
    "Embedding": {"input_dim": 9, "output_dim": 3},
    "GaussianDropout": {"rate": 0.1},
    "GaussianNoise": {"stddev": 0.1},
    "GroupNormalization": {"groups": 2},
    "GroupQueryAttention": {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2},
    "HashedCrossing": {"num_bins": 3},
    "Hashing": {"num_bins": 3},
    "IntegerLookup": {"vocabulary": [3, 5]},
    "MelSpectrogram": {"fft_length": 64, "sequence_stride": 32},
    "Permute": {"dims": (2, 1)},
    "RandomContrast": {"factor": 0.1},
    "RandomCrop": {"height": 4, "width": 4},
    "RandomHue": {"factor": 0.1},
    "RandomRotation": {"factor": 0.1},
    "RandomTranslation": {"height_factor": 0.1, "width_factor": 0.1},
    "RandomZoom": {"height_factor": 0.1},
    "RepeatVector": {"n": 2},
    "Rescaling": {"scale": 2.0},
    "Reshape": {"target_shape": (-1,)},
    "Resizing": {"height": 4, "width": 4},
    "ReversibleEmbedding": {"input_dim": 9, "output_dim": 3},
    "RandomGaussianBlur": {"kernel_size": 3},
    "STFTSpectrogram": {"frame_length": 16, "frame_step": 8, "window": None},
    "StringLookup": {"vocabulary": ["a", "b"]},
    "TextVectorization": {"vocabulary": ["a", "b"]},
}
"""What the constructors insist on, beside the usual filters, kernel_size and units."""

USUAL = {"units": 3, "filters": 3, "kernel_size": 2, "num_heads": 2, "key_dim": 3}

OTHERWISE: dict[str, list[dict[str, Any]]] = {
    "AdditiveAttention": [{"use_scale": False}],
    "Attention": [{"use_scale": True}, {"score_mode": "concat", "use_scale": True}],
    "BatchNormalization": [{"scale": False}, {"center": False}, {"renorm": True}],
    "Dense": [{"use_bias": False}, {"activation": "relu"}, {"lora_rank": 2}],
    "EinsumDense": [{"bias_axes": None}, {"lora_rank": 2}],
    "Embedding": [{"mask_zero": True}, {"lora_rank": 2}],
    "GroupNormalization": [{"scale": False}, {"center": False}],
    "GroupQueryAttention": [{"use_bias": False}, {"use_gate": True}],
    "LayerNormalization": [{"scale": False}, {"center": False}, {"axis": [1, 2]}],
    "MultiHeadAttention": [
        {"use_bias": False},
        {"value_dim": 5, "output_shape": 6},
        {"use_gate": True},
    ],
    "Normalization": [{"mean": 1.0, "variance": 2.0}, {"axis": None}],
    "PReLU": [{"shared_axes": [1]}],
    "RMSNormalization": [{"axis": [1, 2]}],
    "ReversibleEmbedding": [{"tie_weights": False}],
    "STFTSpectrogram": [{"mode": "stft"}, {"mode": "real"}, {"mode": "imag"}],
}
BIASED = ("Conv", "SeparableConv", "DepthwiseConv", "LSTM", "GRU", "SimpleRNN")


def variants(name: str) -> list[dict[str, Any]]:
    """Constructor arguments to try on a class."""
    taken = inspect.signature(getattr(layers, name)).parameters
    required = {key: value for key, value in USUAL.items() if key in taken} | REQUIRED.get(name, {})
    if name == "EinsumDense":
        required = {"equation": "abc,cd->abd", "output_shape": (None, 3), "bias_axes": "d"}
    otherwise = list(OTHERWISE.get(name, []))
    if name.startswith(BIASED):
        otherwise.append({"use_bias": False})
    if name == "GRU":
        otherwise.append({"reset_after": False})
    return [required, *({**required, **each} for each in otherwise)]


def input_shapes(name: str) -> list[tuple[int | None, ...]]:
    """Shapes that a class takes, without the batch."""
    merges = ("Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract")
    if name in (*merges, "Attention", "AdditiveAttention", "MultiHeadAttention"):
        return [SEQUENCE, SEQUENCE]
    if name == "GroupQueryAttention":
        return [SEQUENCE, SEQUENCE]
    if name == "HashedCrossing":
        return [(1,), (1,)]
    if name in ("TextVectorization", "StringLookup", "IntegerLookup", "CategoryEncoding"):
        return [(1,)]
    if name in ("STFTSpectrogram",):
        return [(64, 1)]
    if name in ("MelSpectrogram",):
        return [(256,)]
    if name == "RepeatVector":
        return [(4,)]
    if name.startswith("ConvLSTM"):
        return [(3, *[8] * int(name[8]), 4)]
    if name.endswith("3D"):
        return [VOLUME]
    if name.startswith(
        ("Random", "Cent", "Resiz", "CLAHE", "Contrast", "Auto", "Aug", "Cut", "Mix")
    ):
        return [IMAGE[:2] + (3,)]
    if name.endswith(("2D", "2DTranspose")) or name in (
        "Equalization",
        "RandAugment",
        "Solarization",
    ):
        return [IMAGE if name.endswith(("2D", "2DTranspose")) else IMAGE[:2] + (3,)]
    return [VOLUME] if name.endswith("3DTranspose") else [SEQUENCE]


def input_dtype(name: str) -> str:
    if name in ("TextVectorization", "StringLookup"):
        return "string"
    integers = ("Embedding", "ReversibleEmbedding", "IntegerLookup", "CategoryEncoding", "Hash")
    return "int32" if name.startswith(integers) else "float32"


def model_of(layer: Any, shapes: list[tuple[int | None, ...]], dtype: str = "float32") -> Any:
    """A model that calls one layer."""
    inputs = [keras.Input(shape, dtype=dtype) for shape in shapes]
    takes_a_list = not type(layer).__name__.endswith(("HeadAttention", "QueryAttention"))
    outputs = (
        layer(*inputs) if not takes_a_list else layer(inputs[0] if len(inputs) == 1 else inputs)
    )
    return keras.Model(inputs, outputs)


def public_classes() -> list[str]:
    """Every layer class that Keras exports, by one name each."""
    found: dict[type, str] = {}
    for name in sorted(dir(layers)):
        value = getattr(layers, name)
        if inspect.isclass(value) and issubclass(value, layers.Layer):
            better = name == value.__name__ or value not in found
            found[value] = name if better else found[value]
    return sorted(found.values())


def single_layers() -> Iterator[tuple[str, Build]]:
    """One model for each class and variant."""
    for name in public_classes():
        if name in NOT_BUILT or name in SPECIAL or name.endswith("Cell"):
            continue
        for index, arguments in enumerate(variants(name)):
            lora = " lora" if "lora_rank" in arguments else ""
            yield f"{name} {index}{lora}", _maker(name, arguments)


def _maker(name: str, arguments: dict[str, Any]) -> Build:
    def make() -> Any:
        plain = {key: value for key, value in arguments.items() if key != "lora_rank"}
        layer = getattr(layers, name)(**plain)
        model = model_of(layer, input_shapes(name), input_dtype(name))
        if "lora_rank" in arguments:
            layer.enable_lora(arguments["lora_rank"])
        return model

    return make


def _one_cell(index: int) -> Any:
    return layers.RNN(_cells()[index])


def _wrapped(layer: Any, shape: tuple[int, ...] = SEQUENCE) -> Build:
    return lambda: model_of(layer(), [shape])


def _cells() -> list[Any]:
    return [
        layers.LSTMCell(3),
        layers.GRUCell(3, use_bias=False),
        layers.SimpleRNNCell(3),
        layers.LSTMCell(3),
    ]


SPECIAL: dict[str, list[Build]] = {
    "Bidirectional": [
        _wrapped(lambda: layers.Bidirectional(layers.LSTM(3))),
        _wrapped(lambda: layers.Bidirectional(layers.GRU(3, use_bias=False), merge_mode=None)),
        _wrapped(
            lambda: layers.Bidirectional(
                layers.LSTM(3, return_sequences=True),
                backward_layer=layers.GRU(3, return_sequences=True, go_backwards=True),
            )
        ),
        _wrapped(lambda: layers.Bidirectional(layers.RNN(_cells()))),
    ],
    "RNN": [_wrapped(partial(_one_cell, index)) for index in range(4)]
    + [_wrapped(lambda: layers.RNN(_cells()))],
    "SpectralNormalization": [
        _wrapped(lambda: layers.SpectralNormalization(layers.Dense(3))),
        _wrapped(lambda: layers.SpectralNormalization(layers.Conv2D(3, 2)), IMAGE),
        _wrapped(lambda: layers.SpectralNormalization(layers.Embedding(9, 3))),
    ],
    "StackedRNNCells": [_wrapped(lambda: layers.RNN(layers.StackedRNNCells(_cells())))],
    "TimeDistributed": [
        _wrapped(lambda: layers.TimeDistributed(layers.Dense(3))),
        _wrapped(lambda: layers.TimeDistributed(layers.BatchNormalization())),
        _wrapped(lambda: layers.TimeDistributed(layers.Conv2D(3, 2)), FILM),
        _wrapped(lambda: layers.TimeDistributed(_functional((8, 8, 4))), FILM),
        _wrapped(lambda: layers.TimeDistributed(_sequential())),
    ],
}


def _sequential() -> Any:
    return keras.Sequential(
        [keras.Input((4,)), layers.Dense(4), layers.BatchNormalization(), layers.Dense(4)]
    )


def _functional(shape: tuple[int, ...] = (4,)) -> Any:
    given = keras.Input(shape)
    left, right = layers.Dense(4)(given), layers.Dense(4)(given)
    merged = layers.BatchNormalization()(layers.Add()([left, right]))
    return keras.Model(given, layers.Dense(4)(merged))


def containers() -> Iterator[tuple[str, Build]]:
    """Wrappers, cells, nested models, and frozen parts of all of them."""
    for name, builds in SPECIAL.items():
        for index, build in enumerate(builds):
            yield f"{name} {index}", build
            yield f"{name} {index} frozen", _frozen(build)
    yield (
        "wrapper frozen around trainable layers",
        _wrapped(lambda: layers.TimeDistributed(_sequential(), trainable=False)),
    )
    yield "nested", _nested
    yield "nested frozen", _frozen(_nested)
    yield "nested partly frozen", _partly_frozen
    yield "sequential", _sequential
    yield "sequential partly frozen", _partly_frozen_sequential
    yield "shared", _shared


def _frozen(build: Build) -> Build:
    def make() -> Any:
        model = build()
        for layer in model.layers:
            layer.trainable = False
        return model

    return make


def _nested() -> Any:
    given = keras.Input((4,))
    deep = keras.Sequential([keras.Input((4,)), _functional(), layers.Dense(4), _sequential()])
    return keras.Model(given, layers.Add()([deep(given), _functional()(given)]))


def _partly_frozen() -> Any:
    model = _nested()
    for layer in list(model._flatten_layers())[2::3]:
        layer.trainable = False
    return model


def _partly_frozen_sequential() -> Any:
    model = _sequential()
    model.layers[0].trainable = False
    return model


def _shared() -> Any:
    given = keras.Input((4,))
    shared, other = _functional(), layers.Dense(4)
    return keras.Model(given, layers.Add()([shared(other(shared(given))), other(given)]))
