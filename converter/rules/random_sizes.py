"""RandomHeight and RandomWidth.

What it sees: the layers of tf.keras that stretched pictures by chance in training.

Why Keras 3 trips: "Unknown layer: RandomHeight".

What kfix changes: at inference they hand pictures on, so they become Identity, or from
TensorFlow 2.8 on, where they turned integers into floats, a Rescaling by 1. Further training no
longer stretches pictures.

Links: https://keras.io/api/layers/preprocessing_layers/image_augmentation/
"""

from __future__ import annotations

from dataclasses import replace

from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage

CASTS_SINCE = (2, 8)


def rewrite(layer: Layer, context: Context) -> Change | None:
    """The layer that does the same at inference."""
    casts = context.writer.version >= CASTS_SINCE
    config = {key: layer.config[key] for key in ("dtype", "trainable") if key in layer.config}
    if casts:
        config |= {"scale": 1.0, "offset": 0.0}
    new = replace(layer, class_name="Rescaling" if casts else "Identity", config=config)
    message = f"{layer.class_name} was removed from Keras"
    remedy = f"written as {new.class_name}, which is the same at inference"
    return Change(Severity.BREAKS, message, (new,), remedy)


RULE = Rule(
    code="KF233",
    stage=Stage.CLASSES,
    summary="RandomHeight and RandomWidth do nothing at inference",
    generations=frozenset({2}),
    classes=frozenset({"RandomHeight", "RandomWidth"}),
    layer=rewrite,
)
