"""Layers of libraries that have come to their end, told by their name, arguments and variables.

Anybody may have a class of such a name. One is taken for the library's only where its config holds
exactly the library's arguments, and its weights are the library's in number, rank and name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from converter.model.description import Json

Config = Mapping[str, Json]
Own = tuple[str, bool]
"""The name of a variable, and whether it is trainable."""
Shape = tuple[int, ...]

ANY = "Custom"
"""The package of what was registered without one: of copies in other projects."""
OF_EVERY_LAYER = frozenset({"name", "trainable", "dtype", "batch_input_shape"})


@dataclass(frozen=True)
class WellKnown:
    """A class of a library.

    Attributes:
        library: what it is known as.
        arguments: what its config always holds, besides the arguments of every layer.
        optional: what it may hold, by the release of the library or of Keras.
        variables: those that it creates, in order.
        ranks: of these variables, by their names; 1 where nothing is said.
    """

    library: str
    arguments: frozenset[str]
    variables: Callable[[Config], list[Own]] = lambda config: []
    optional: frozenset[str] = frozenset()
    ranks: Mapping[str, int] | None = None

    def takes(self, config: Config) -> bool:
        """Whether a config holds the arguments of the class and no others."""
        given = frozenset(config) - OF_EVERY_LAYER
        return self.arguments <= given <= self.arguments | self.optional

    def has(self, config: Config, names: Sequence[str], shapes: Sequence[Shape]) -> bool:
        """Whether weights may be those of the class: their names in a file, and their shapes."""
        own = [name for name, _ in self.variables(config)]
        if len(own) != len(names):
            return False
        ranks = self.ranks or {}
        return all(
            _bears(stored, name) and len(shape) == ranks.get(name, 1)
            for name, stored, shape in zip(own, names, shapes, strict=True)
        )


def _bears(stored: str, name: str) -> bool:
    """Whether a name in a file ends in a variable's; archives have numbers for names."""
    last = re.sub(r"_\d+$", "", stored.split(":")[0].split("/")[-1])
    return last == name or last.endswith(f"_{name}") or stored.startswith("vars/")


def _trainable(*names: str) -> Callable[[Config], list[Own]]:
    return lambda config: [(name, True) for name in names]


def _scale_and_center(config: Config) -> list[Own]:
    names = [("gamma", "scale"), ("beta", "center")]
    return [(name, True) for name, key in names if config.get(key, True)]


def _batch_normalization(config: Config) -> list[Own]:
    statistics = [("moving_mean", False), ("moving_variance", False)]
    return _scale_and_center(config) + statistics


def _depthwise(config: Config) -> list[Own]:
    names = ["depthwise_kernel"] + (["bias"] if config.get("use_bias", True) else [])
    return [(name, True) for name in names]


def _self_attention(config: Config) -> list[Own]:
    additive = config.get("attention_type") == "additive"
    names = ["Wt", "Wx", *(["bh"] if config.get("use_additive_bias") else [])] if additive else []
    names += ["Wa", *(["ba"] if config.get("use_attention_bias") else [])]
    return [(f"{'Add' if additive else 'Mul'}_{name}", True) for name in names]


def _weighted_attention(config: Config) -> list[Own]:
    return [("W", True), *([("b", True)] if config.get("use_bias") else [])]


def _spectrogram(config: Config) -> list[Own]:
    trainable = bool(config.get("trainable_kernel"))
    return [("real_kernels", trainable), ("imag_kernels", trainable)]


def _melspectrogram(config: Config) -> list[Own]:
    # Nobody gave its filterbank a name.
    return [*_spectrogram(config), ("Variable", bool(config.get("trainable_fb")))]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_GAMMA_AND_BETA = frozenset(
    f"{weight}_{what}"
    for weight in ("gamma", "beta")
    for what in ("initializer", "regularizer", "constraint")
)
_NORMALIZATION = _GAMMA_AND_BETA | _words("epsilon center scale")
_MOMENTS = _words("momentum moving_mean_initializer moving_variance_initializer")
_BATCH_NORMALIZATION = _NORMALIZATION | _MOMENTS | {"axis"}
_DEPTHWISE = _words(
    "kernel_size strides padding data_format dilation_rate activation use_bias bias_initializer"
    " bias_regularizer activity_regularizer bias_constraint depth_multiplier depthwise_initializer"
    " depthwise_regularizer depthwise_constraint"
)

_SELF_ATTENTION = _words(
    "units attention_width attention_type return_attention history_only use_additive_bias"
    " use_attention_bias attention_activation attention_regularizer_weight kernel_initializer"
    " kernel_regularizer kernel_constraint bias_initializer bias_regularizer bias_constraint"
)

_SPECTROGRAM = _words(
    "n_dft n_hop padding power_spectrogram return_decibel_spectrogram trainable_kernel"
    " image_data_format"
)
_MELSPECTROGRAM = _SPECTROGRAM | _words(
    "sr n_mels fmin fmax trainable_fb power_melgram return_decibel_melgram htk norm"
)
_KERNELS = {"real_kernels": 4, "imag_kernels": 4}

CLASSES: Mapping[str, WellKnown] = {
    "InstanceNormalization": WellKnown(
        "keras_contrib", _NORMALIZATION | {"axis"}, _scale_and_center
    ),
    "GroupNormalization": WellKnown(
        "keras_contrib", _NORMALIZATION | {"axis", "groups"}, _scale_and_center
    ),
    "SubPixelUpscaling": WellKnown("keras_contrib", _words("scale_factor data_format")),
    "FixedDropout": WellKnown("efficientnet", _words("rate noise_shape seed")),
    "DepthwiseConv2D": WellKnown(
        "keras.applications.mobilenet", _DEPTHWISE, _depthwise, ranks={"depthwise_kernel": 4}
    ),
    "BatchNorm": WellKnown("Mask_RCNN", _BATCH_NORMALIZATION, _batch_normalization),
    "BatchNormalization": WellKnown(
        "keras_resnet", _BATCH_NORMALIZATION | {"freeze"}, _batch_normalization
    ),
    "LayerNormalization": WellKnown("keras_layer_normalization", _NORMALIZATION, _scale_and_center),
    "Scale": WellKnown("cnn_finetune", _words("momentum axis"), _trainable("gamma", "beta")),
    "L2Normalization": WellKnown(
        "ssd_keras", _words("gamma_init"), _trainable("gamma"), optional=_words("axis")
    ),
    "PixelShuffler": WellKnown("faceswap", _words("size data_format")),
    "Mish": WellKnown("Mish", frozenset()),
    "SeqSelfAttention": WellKnown(
        "keras_self_attention",
        _SELF_ATTENTION,
        _self_attention,
        ranks={"Add_Wt": 2, "Add_Wx": 2, "Add_Wa": 2, "Mul_Wa": 2},
    ),
    "SeqWeightedAttention": WellKnown(
        "keras_self_attention",
        _words("use_bias return_attention"),
        _weighted_attention,
        ranks={"W": 2},
    ),
    "Spectrogram": WellKnown("Kapre", _SPECTROGRAM, _spectrogram, ranks=_KERNELS),
    "Melspectrogram": WellKnown(
        "Kapre", _MELSPECTROGRAM, _melspectrogram, ranks={**_KERNELS, "Variable": 2}
    ),
    "STFT": WellKnown(
        "Kapre",
        _words(
            "n_fft win_length hop_length window_name pad_begin pad_end input_data_format"
            " output_data_format"
        ),
    ),
    "Magnitude": WellKnown("Kapre", frozenset()),
    "Phase": WellKnown("Kapre", frozenset(), optional=_words("approx_atan_accuracy")),
    "MagnitudeToDecibel": WellKnown("Kapre", _words("ref_value amin dynamic_range")),
    "ApplyFilterbank": WellKnown("Kapre", _words("type filterbank_kwargs data_format")),
}
"""The classes by name."""


def known(class_name: str, config: Config) -> WellKnown | None:
    """The class of a library that a layer may be of: its name and its arguments are the class's.

    Args:
        class_name: as a file has it, or with the library in front (see ``full_name``).
        config: of the layer.
    """
    package, _, name = class_name.rpartition(">")
    found = CLASSES.get(name)
    if found is None or package not in ("", ANY, found.library):
        return None
    return found if found.takes(config) else None


def full_name(class_name: str) -> str:
    """The class with its library in front: ``keras_contrib>InstanceNormalization``."""
    name = class_name.rpartition(">")[2]
    return f"{CLASSES[name].library}>{name}"
