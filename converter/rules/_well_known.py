"""What the rules for layers of well-known libraries share."""

from __future__ import annotations

from collections.abc import Mapping

from converter.layouts import well_known
from converter.model.description import Layer
from converter.rules.base import Context

KEPT = ("dtype", "trainable")
"""Arguments of every layer."""
YOUR_OWN = "Is it your own? Then give its module with --custom."


def library_of(layer: Layer, context: Context) -> str:
    """The library that a layer is taken to be of; empty for others, and for the user's classes."""
    if {layer.class_name, layer.registered_name or ""} & context.custom:
        return ""
    found = well_known.known(layer.class_name, layer.config)
    if found is None:
        return ""
    names = [weight.name for weight in layer.weights]
    shapes = [weight.shape for weight in layer.weights]
    return found.library if found.has(layer.config, names, shapes) else ""


def name_in(library: str, layer: Layer) -> str:
    """What a library calls the class of a layer that was found to be its own; empty for others."""
    prefix = f"{library}>"
    return layer.class_name.removeprefix(prefix) if layer.class_name.startswith(prefix) else ""


GIVE = "Give the module that defines it with --custom."
_DETECTION = "its boxes are no stock layers"


def _all(names: str, library: str, advice: str) -> dict[str, tuple[str, str]]:
    return dict.fromkeys(names.split(), (library, advice))


def _port(why: str) -> str:
    return f"{why[0].upper()}{why[1:]}: give a port of it to Keras 3 with --custom."


_NAMES: Mapping[str, tuple[str, str]] = {
    **_all("CRF", "keras_contrib", _port("it decodes sequences step by step")),
    **_all("CosineConv2D CosineConvolution2D PELU", "keras_contrib", _port("it is gone")),
    **_all(
        "KerasLayer",
        "tensorflow_hub",
        "It loads another model: --custom tensorflow_hub, where it is installed.",
    ),
    **_all(
        "ProposalLayer PyramidROIAlign DetectionLayer DetectionTargetLayer",
        "Mask_RCNN",
        _port(_DETECTION),
    ),
    **_all(
        "AnchorBoxes DecodeDetections DecodeDetectionsFast PriorBox",
        "ssd_keras",
        _port(_DETECTION),
    ),
    **_all(
        "UpsampleLike Anchors RegressBoxes ClipBoxes FilterDetections RoiAlign",
        "keras_retinanet",
        _port(_DETECTION),
    ),
    **_all(
        "InverseSTFT LogmelToMFCC MuLawEncoding ConcatenateFrequencyMap",
        "kapre",
        _port("kapre stopped at TensorFlow 2"),
    ),
    **_all(
        "BilinearUpsampling",
        "deeplab",
        _port("no function of Keras 3 keeps the corners where they are"),
    ),
    **_all(
        "QConv2D QDense QActivation QDepthwiseConv2D QSeparableConv2D QBatchNormalization",
        "qkeras",
        "If it is that one: --custom qkeras, where it is installed.",
    ),
    **_all(
        "PruneLowMagnitude QuantizeWrapper QuantizeWrapperV2 QuantizeLayer",
        "tensorflow_model_optimization",
        "Strip it there (strip_pruning) and save the model again.",
    ),
    **_all("TCN", "keras-tcn", "If it is that one: --custom tcn, where it is installed."),
    **_all(
        "GCNConv GATConv ChebConv",
        "spektral",
        "If it is that one: --custom spektral, where it is installed.",
    ),
    **_all(
        "BertEncoder BertEncoderV2 OnDeviceEmbedding",
        "tf-models-official",
        "If it is that one: --custom official, where it is installed.",
    ),
    **_all(
        "TFBertMainLayer TFDistilBertMainLayer TFRobertaMainLayer TFBertModel",
        "transformers",
        "Load it with transformers and tf_keras; what it needs is not in this file.",
    ),
}
"""Names that many files have, the library that has such a class, and what to do."""
_PACKAGES: Mapping[str, tuple[str, str]] = {
    **_all(
        "keras_nlp keras_hub keras_cv",
        "keras_hub",
        "If it is that one: --custom keras_hub, where it is installed.",
    ),
    **_all("Kapre", "kapre", _port("kapre stopped at TensorFlow 2")),
}
"""The same by the package under which a class is registered."""


def known_elsewhere(layer: Layer) -> tuple[str, str]:
    """The library that has a class of a layer's name, and what to do; empty where none is known."""
    registered = layer.registered_name or layer.class_name
    package, _, name = registered.rpartition(">")
    return _PACKAGES.get(package) or _NAMES.get(name) or ("", GIVE)
