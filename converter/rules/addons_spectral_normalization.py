"""SpectralNormalization of TensorFlow Addons.

What it sees: the wrapper, around a layer with a kernel or an Embedding.

Why Keras 3 trips: "Unknown layer: 'Addons>SpectralNormalization'". Keras 3 has a wrapper of this
name, which is another: it normalises in training only too, but keeps its vector by another rule.

What kfix changes: writes the layer inside. In training the wrapper replaced the kernel by the
normalised one; at inference it did nothing, so the stored kernel is the one to use. Further
training normalises no more.

Links: https://arxiv.org/abs/1802.05957
"""

from __future__ import annotations

from dataclasses import replace

from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules._addons import name_in_addons, of_addons, was_in_addons
from converter.rules.base import Change, Context, Rule, Stage


def rewrite(layer: Layer, context: Context) -> Change | None:
    """The layer inside."""
    name = name_in_addons(layer, context)
    if not name:
        return None
    message = was_in_addons(name)
    if "layer" not in layer.inner:
        return Change(Severity.REFUSED, message, remedy="Its file does not say what it wraps.")
    inner = replace(layer.inner["layer"], name=layer.name, calls=layer.calls)
    if layer.config.get("trainable") is False:
        inner = inner.with_config(trainable=False)
    remedy = f"written as {inner.class_name}, which training normalises no more"
    return Change(Severity.BREAKS, message, (inner,), remedy)


RULE = Rule(
    code="KF173",
    stage=Stage.CLASSES,
    summary="SpectralNormalization of TensorFlow Addons",
    generations=frozenset({2}),
    classes=of_addons("SpectralNormalization"),
    layer=rewrite,
)
