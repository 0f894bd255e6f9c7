"""The variables of the layers of TensorFlow Addons, in the order of their creation.

The wrappers hold a variable of the layer inside as their own: ``HELD`` says what becomes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from converter.model.description import Json, Layer

PACKAGE = "Addons>"
WEIGHT_NORMALIZATION = f"{PACKAGE}WeightNormalization"
SPECTRAL_NORMALIZATION = f"{PACKAGE}SpectralNormalization"
CLONE = "_naked_clone_layer"
"""What Addons calls the copy that data_init normalises with."""

OPTIMIZERS = {f"{PACKAGE}AdamW": "AdamW", f"{PACKAGE}SGDW": "SGD"}
"""Optimizers with a decay of their own, by those of Keras that keep the same variables."""

_OF_WEIGHTS = frozenset(
    f"{weight}_{what}"
    for weight in ("gamma", "beta")
    for what in ("initializer", "regularizer", "constraint")
)
_NORMALIZATION = _OF_WEIGHTS | {"groups", "axis", "epsilon", "center", "scale"}
_TAU = frozenset({"tau_initializer", "tau_regularizer", "tau_constraint", "affine"})
ARGUMENTS: Mapping[str, frozenset[str]] = {
    "WeightNormalization": frozenset({"layer", "data_init"}),
    "InstanceNormalization": _NORMALIZATION,
    "TLU": _TAU,
}
"""The arguments of some layers, besides those of every layer."""
_OF_EVERY_LAYER = frozenset({"name", "trainable", "dtype", "batch_input_shape"})

Config = Mapping[str, Json]
Own = tuple[str, bool]
"""The name of a variable, and whether it is trainable."""


def _trainable(*names: str) -> list[Own]:
    return [(name, True) for name in names]


def _scale_and_center(config: Config) -> list[Own]:
    names = [("gamma", "scale"), ("beta", "center")]
    return _trainable(*(name for name, key in names if config.get(key, True)))


def _response_normalization(config: Config) -> list[Own]:
    epsilon = ["learned_epsilon"] if config.get("learned_epsilon") else []
    return _trainable(*epsilon, "gamma", "beta")


def _tlu(config: Config) -> list[Own]:
    return _trainable("tau", *(["alpha"] if config.get("affine") else []))


def _polynomial_crossing(config: Config) -> list[Own]:
    kernels = ["kernel"] if config.get("projection_dim") is None else ["kernel_u", "kernel_v"]
    return _trainable(*kernels, *(["bias"] if config.get("use_bias", True) else []))


def _noisy_dense(config: Config) -> list[Own]:
    of = ["kernel", "bias"] if config.get("use_bias", True) else ["kernel"]
    learned = [f"{part}_{name}" for name in of for part in ("sigma", "mu")]
    return _trainable(*learned) + [(f"eps_{name}", False) for name in of]


def _multi_head_attention(config: Config) -> list[Own]:
    kernels = [f"{name}_kernel" for name in ("query", "key", "value", "projection")]
    bias = ["projection_bias"] if config.get("use_projection_bias", True) else []
    return _trainable(*kernels, *bias)


_TABLE: dict[str, Callable[[Config], list[Own]]] = {
    "GroupNormalization": _scale_and_center,
    "InstanceNormalization": _scale_and_center,
    "FilterResponseNormalization": _response_normalization,
    "SpectralNormalization": lambda config: [("sn_u", False)],
    "TLU": _tlu,
    "Snake": lambda config: _trainable("frequency"),
    "PolynomialCrossing": _polynomial_crossing,
    "NoisyDense": _noisy_dense,
    "MultiHeadAttention": _multi_head_attention,
    "EmbeddingBag": lambda config: _trainable("embeddings"),
    **dict.fromkeys(
        [
            *("GELU", "Sparsemax", "Maxout", "StochasticDepth", "PoincareNormalize"),
            *(f"Adaptive{kind}Pooling{n}D" for kind in ("Average", "Max") for n in (1, 2, 3)),
            *("SpatialPyramidPooling2D", "CorrelationCost", "MaxUnpooling2D", "MaxUnpooling2DV2"),
        ],
        lambda config: [],
    ),
}


def variables_of(layer: Layer, count_of_clone: Callable[[Layer], int | None]) -> list[Own] | None:
    """The variables that a layer of Addons itself creates; None where they are not known.

    Args:
        layer: any layer.
        count_of_clone: how many variables a layer of Keras has.
    """
    if layer.class_name == WEIGHT_NORMALIZATION and "layer" in layer.inner:
        copied = count_of_clone(layer.inner["layer"]) if layer.config.get("data_init", True) else 0
        own = [("g", True), ("initialized", False)]
        return None if copied is None else own + [(CLONE, False)] * copied
    table = _TABLE.get(layer.class_name.removeprefix(PACKAGE))
    return table(layer.config) if table and layer.class_name.startswith(PACKAGE) else None


def wrapped_name(class_name: str, config: Config) -> str:
    """The class of a layer in a wrapper; there TensorFlow before 2.3 leaves out the package.

    It is taken for one of Addons where its arguments are exactly those.
    """
    is_of_addons = class_name in ARGUMENTS and _arguments(config) == ARGUMENTS[class_name]
    return f"{PACKAGE}{class_name}" if is_of_addons else class_name


def is_group_normalization(class_name: str, config: Config) -> bool:
    """Whether a layer is the GroupNormalization that Addons had, and Keras took over.

    Name and arguments stayed the same, so both compute the same.
    """
    return class_name == "GroupNormalization" and _arguments(config) == _NORMALIZATION


def _arguments(config: Config) -> frozenset[str]:
    return frozenset(config) - _OF_EVERY_LAYER


RECURRENT = frozenset({"LSTM", "GRU", "SimpleRNN"})

Place = TypeVar("Place")


def in_order(
    layer: Layer, own: Sequence[Place], inside: Sequence[Place], *, frozen: bool
) -> list[Place]:
    """The variables of a WeightNormalization in an .h5; the kernel counts as the wrapper's own.

    Args:
        layer: the wrapper.
        own: what it creates itself, in order.
        inside: those of the layer that it wraps, in order.
        frozen: whether the wrapper is frozen; what it has is then in the order of its objects.
    """
    g, initialized, *clone = own
    held = inside[held_index(layer)]
    others = [each for each in inside if each is not held]
    if frozen:
        return [g, held, initialized, *others, *clone]
    return [g, held, *others, initialized, *clone]


def held_index(layer: Layer) -> int:
    """Which variable of the layer inside a WeightNormalization holds: of cells, the recurrent."""
    return 1 if layer.inner["layer"].class_name in RECURRENT else 0
