"""Layers of well-known libraries that are nothing but a stock layer.

What it sees: FixedDropout of efficientnet, BatchNorm of Mask_RCNN, BatchNormalization of
keras_resnet, LayerNormalization of keras-layer-normalization, DepthwiseConv2D of MobileNet before
Keras 2.1.5, GroupNormalization of keras_contrib and Mish, as KF169 found them.

Why Keras 3 trips: "Unknown layer: 'FixedDropout'".

What kfix changes: writes the stock layer. A BatchNormalization with ``freeze`` is frozen; it took
no statistics of the batch in training, and does not in Keras 3.

Links: https://github.com/qubvel/efficientnet https://github.com/broadinstitute/keras-resnet
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from converter.layouts.well_known import full_name
from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules._well_known import KEPT
from converter.rules.base import Change, Context, Rule, Stage


def rewrite(layer: Layer, context: Context) -> Change:
    """The stock layer."""
    new = STOCK[layer.class_name](layer)
    message = f"{layer.class_name} has another name in Keras 3"
    return Change(Severity.BREAKS, message, (new,), f"written as {new.class_name}")


def _renamed(class_name: str) -> Callable[[Layer], Layer]:
    return lambda layer: replace(layer, class_name=class_name)


def _frozen_batch_normalization(layer: Layer) -> Layer:
    """Frozen it neither trains nor takes the statistics of the batch, in Keras 3 as there."""
    frozen = bool(layer.config["freeze"])
    new = layer.with_config(drop=("freeze",), **({"trainable": False} if frozen else {}))
    return replace(new, class_name="BatchNormalization")


def _layer_normalization(layer: Layer) -> Layer:
    return replace(layer.with_config(axis=-1), class_name="LayerNormalization")


def _mish(layer: Layer) -> Layer:
    kept = {key: layer.config[key] for key in KEPT if key in layer.config}
    return replace(layer, class_name="Activation", config={**kept, "activation": "mish"})


_BY_NAME: Mapping[str, Callable[[Layer], Layer]] = {
    "FixedDropout": _renamed("Dropout"),
    "DepthwiseConv2D": _renamed("DepthwiseConv2D"),
    "GroupNormalization": _renamed("GroupNormalization"),
    "BatchNorm": _renamed("BatchNormalization"),
    "BatchNormalization": _frozen_batch_normalization,
    "LayerNormalization": _layer_normalization,
    "Mish": _mish,
}
STOCK = {full_name(name): written for name, written in _BY_NAME.items()}
"""What each class becomes, by its name with the library in front."""

RULE = Rule(
    code="KF190",
    stage=Stage.CLASSES,
    summary="layers of well-known libraries that are stock layers",
    generations=frozenset({1, 2}),
    classes=frozenset(STOCK),
    layer=rewrite,
)
