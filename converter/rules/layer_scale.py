"""LayerScale.

What it sees: LayerScale, which is in the ConvNeXt models of keras.applications (TensorFlow 2.10 to
2.15).

Why Keras 3 trips: no release makes the class public ("Unknown layer: 'LayerScale'").

What kfix changes: writes it as an EinsumDense that multiplies each feature by its factor, which is
what it computes.

Links: https://arxiv.org/abs/2103.17239
"""

from __future__ import annotations

from dataclasses import replace

from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage


def rewrite(layer: Layer, context: Context) -> Change | None:
    """The layer as an EinsumDense, if it has the one vector of factors that Keras's own has."""
    size = layer.config.get("projection_dim")
    shapes = [weight.shape for weight in layer.weights]
    if "LayerScale" in context.custom or not isinstance(size, int) or shapes != [(size,)]:
        return None
    config = {key: layer.config[key] for key in ("trainable", "dtype") if key in layer.config}
    config |= {"equation": "...d,d->...d", "output_shape": [size], "bias_axes": None}
    weights = (replace(layer.weights[0], name="kernel"),)
    new = replace(layer, class_name="EinsumDense", config=config, weights=weights)
    message = "LayerScale of keras.applications is no public layer"
    return Change(Severity.BREAKS, message, (new,), "written as EinsumDense")


RULE = Rule(
    code="KF163",
    stage=Stage.CLASSES,
    summary="LayerScale of ConvNeXt is an EinsumDense",
    generations=frozenset({2}),
    classes=frozenset({"LayerScale"}),
    layer=rewrite,
)
