"""What code that uses TensorFlow Addons can use instead: Addons has come to its end.

https://github.com/tensorflow/addons/issues/2807
"""

from __future__ import annotations

from collections.abc import Iterator

from converter.porting.source import Source

PACKAGE = "tensorflow_addons"

FORMS = {
    "": "keras",
    "activations": "AddonsActivations",
    **{
        f"activations.{name}": f"AddonsActivations.{name}"
        for name in ("gelu", "hardshrink", "lisht", "mish", "snake", "softshrink", "tanhshrink")
    },
    "layers": "keras.layers",
    "layers.GroupNormalization": "keras.layers.GroupNormalization",
    "layers.InstanceNormalization": "AddonsInstanceNormalization",
}
"""Where its names are today: in Keras, or among the words of ``engines/keras2_words.py``."""

_WRITE = "write it in your module"
ADVICE = {
    "layers.MultiHeadAttention": "keras.layers.MultiHeadAttention takes other arguments",
    "layers.SpectralNormalization": "keras.layers.SpectralNormalization, or the layer inside alone",
    "layers.StochasticDepth": "at inference shortcut + survival_probability * residual",
    "layers.WeightNormalization": "use the layer inside, with the kernel g * v / |v|",
    "optimizers.AdamW": "keras.optimizers.AdamW, weight_decay divided by the learning rate",
    "optimizers.SGDW": "keras.optimizers.SGD, weight_decay divided by the learning rate",
    "metrics.F1Score": "keras.metrics.F1Score",
    "metrics.FBetaScore": "keras.metrics.FBetaScore",
    "metrics.RSquare": "keras.metrics.R2Score",
}
"""What to write for those that have no form with the same arguments."""


def advice(name: str) -> str:
    """What to do about a name below the package, ``layers.CRF``."""
    return ADVICE.get(name, _WRITE)


def form(path: str) -> str:
    """The name of today for a full name in Addons; empty where there is none."""
    return FORMS.get(path.removeprefix(PACKAGE).removeprefix("."), "")


def uses(source: Source) -> Iterator[tuple[int, str, str]]:
    """What a module uses of Addons: the line, the full name, and the name of today or nothing."""
    for each in source.imports:
        if each.path.startswith(f"{PACKAGE}.") and not each.guarded:
            yield each.line, each.path, form(each.path)
    for use in source.uses(PACKAGE):
        if not use.guarded and use.path != PACKAGE:
            yield use.line, use.path, form(use.path)
