"""Recurrent layers that run backwards over masked sequences, in stand-alone Keras.

What it sees: a Bidirectional, or a recurrent layer with ``go_backwards=True``, that receives a mask, in files of stand-alone Keras 2.

Why it matters: stand-alone Keras on TensorFlow turned the sequence round but not its mask, so its models ignore the wrong end of
a padded sequence. Every later Keras turns both: the same file computes something else there, tf_keras included.

What kfix changes: nothing, it refuses; with ``--allow-inexact`` the mask is handled as it is today. Sequences that fill their whole
length are not affected.

Links: https://github.com/keras-team/keras/blob/2.2.4/keras/backend/tensorflow_backend.py
"""

from __future__ import annotations

from collections.abc import Iterator

from converter.model.description import Layer, Model
from converter.model.findings import Severity
from converter.model.masks import RECURRENT, masked_calls
from converter.rules.base import Context, ModelChange, Rule, Stage


def refuse(model: Model, context: Context) -> Iterator[ModelChange]:
    """A finding for each such layer; looks at the whole tree from the top."""
    if context.writer.tf_keras or context.path:
        return
    for found in masked_calls(model):
        if found.layer.class_name in RECURRENT and _runs_backwards(found.layer):
            message = f"{found.layer.class_name} runs backwards over a masked sequence; stand-alone Keras did not turn the mask"
            yield ModelChange(Severity.REFUSED, message, layer=found.path)


def _runs_backwards(layer: Layer) -> bool:
    """Unrolled layers did turn their masks."""
    inner = layer.inner.get("layer", layer)
    backwards = layer.class_name == "Bidirectional" or bool(layer.config.get("go_backwards"))
    return backwards and not inner.config.get("unroll")


RULE = Rule(
    code="KF204",
    stage=Stage.MEANING,
    summary="stand-alone Keras did not turn the mask of layers that run backwards",
    generations=frozenset({2}),
    model=refuse,
)
