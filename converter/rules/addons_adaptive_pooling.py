"""Adaptive pooling of TensorFlow Addons.

What it sees: AdaptiveAveragePooling and AdaptiveMaxPooling of one, two or three dimensions.

Why Keras 3 trips: "Unknown layer: 'Addons>AdaptiveAveragePooling2D'".

What kfix changes: writes Keras's own layers of these names, which Keras has since 3.14. They pool
sizes too that the output does not divide; Addons did not take such.

Links: https://keras.io/api/layers/pooling_layers/
"""

from __future__ import annotations

from dataclasses import replace

from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules._addons import name_in_addons, of_addons, was_in_addons
from converter.rules.base import Change, Context, Rule, Stage

NAMES = tuple(f"Adaptive{kind}Pooling{n}D" for kind in ("Average", "Max") for n in (1, 2, 3))


def rewrite(layer: Layer, context: Context) -> Change | None:
    """Keras's layer of this name."""
    name = name_in_addons(layer, context)
    if not name:
        return None
    size = layer.config.get("output_size")
    size = size[0] if isinstance(size, list) and len(size) == 1 else size
    new = replace(layer.with_config(output_size=size), class_name=name)
    new = replace(new, registered_name=None, build_config=None)
    remedy = f"written as Keras's {name}, which came with Keras 3.14"
    return Change(Severity.BREAKS, was_in_addons(name), (new,), remedy)


RULE = Rule(
    code="KF177",
    stage=Stage.CLASSES,
    summary="adaptive pooling of TensorFlow Addons",
    generations=frozenset({2}),
    classes=of_addons(*NAMES),
    layer=rewrite,
)
