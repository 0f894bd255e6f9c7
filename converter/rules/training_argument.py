"""Layers called with ``training=…``.

What it sees: ``training`` among the arguments of a call in the graph.

Why it matters: Keras 2 obeyed it: ``bn(x, training=True)`` normalises with the batch's own
statistics at inference too. Keras 3 replaces it by the mode of the whole model, without an error.

What kfix changes: removes it where it is false or None, which is what inference does, and where the
layer behaves the same in both modes: tf.keras took a frozen BatchNormalization so from 2.2 on. A
true one is left to ``batch-statistics`` on BatchNormalization, and refused on other layers that
behave otherwise in training: Keras 3 obeys it when a model is called, ``predict`` and an export
don't.

Links: https://github.com/keras-team/keras/blob/master/keras/src/ops/function.py
"""

from __future__ import annotations

from dataclasses import replace

from converter.model.description import Call, Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage


def remove(layer: Layer, context: Context) -> Change | None:
    """Removes the argument, or refuses."""
    if not any("training" in call.kwargs for call in layer.calls):
        return None
    asked = [
        call.kwargs["training"]
        for call in layer.calls
        if call.kwargs.get("training") not in (None, False, 0)
    ]
    if asked and layer.class_name == "BatchNormalization" and not _is_frozen(layer, context):
        return None
    if asked and layer.class_name != "BatchNormalization" and _differs_in_training(layer):
        always = f"is always called with training={asked[0]}"
        message = f"{layer.class_name} {always}, which Keras 3 ignores at inference"
        return Change(Severity.REFUSED, message)
    calls = tuple(
        Call(call.args, {key: value for key, value in call.kwargs.items() if key != "training"})
        for call in layer.calls
    )
    reason = "which Keras 3 replaces by the model's mode"
    message = f"{layer.class_name} is called with a training argument, {reason}"
    return Change(
        Severity.NOTICE, message, (replace(layer, calls=calls),), "removed: inference is the same"
    )


def _is_frozen(layer: Layer, context: Context) -> bool:
    """Whether it normalised by its moving averages whatever it was told."""
    writer = context.writer
    obeys_trainable = writer.tf_keras and writer.version >= (2, 3)
    return obeys_trainable and layer.config.get("trainable") is False


def _differs_in_training(layer: Layer) -> bool:
    if layer.model is not None:
        return any(_differs_in_training(each) for each in layer.model.layers)
    if any(_differs_in_training(each) for each in layer.inner.values()):
        return True
    if layer.config.get("dropout") or layer.config.get("recurrent_dropout"):
        return True
    name = layer.class_name
    return any(
        part in name
        for part in ("Dropout", "BatchNormalization", "Noise", "Random", "SpectralNormalization")
    )


RULE = Rule(
    code="KF206",
    stage=Stage.MEANING,
    summary="Keras 3 ignores the training argument of a call",
    generations=frozenset({2}),
    layer=remove,
)
