"""Regularizers of what a layer puts out.

What it sees: ``activity_regularizer``, and ActivityRegularization layers, in compiled models of
Keras 1 and the stand-alone Keras 2.

Why Keras 3 trips: they added up the penalty over all samples of a batch, as tf.keras never did;
Keras 3 takes the mean. Outputs are the same, losses in training are not.

What kfix changes: nothing, since a file does not say the size of the batches. The same training has
the factors of the regularizer multiplied by that size.

Links: https://keras.io/api/layers/regularizers/
"""

from __future__ import annotations

from collections.abc import Iterator

from converter.layouts.legacy import rebuild
from converter.model.description import Layer, Model
from converter.model.findings import Severity
from converter.rules.base import Context, ModelChange, Rule, Stage


def tell(model: Model, context: Context) -> Iterator[ModelChange]:
    """Says which layers are regularized otherwise in training."""
    if context.path or model.compile is None or context.writer.tf_keras:
        return
    found: list[str] = []

    def look(layer: Layer, path: str) -> Layer:
        if layer.class_name == "ActivityRegularization" or layer.config.get("activity_regularizer"):
            found.append(path)
        return layer

    for each in model.layers:
        rebuild(each, each.name, look)
    if found:
        names = ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
        message = f"{names}: the penalty on outputs was a sum over the batch, now it is a mean"
        remedy = "kept; multiply its factors by the batch size to train as before"
        yield ModelChange(Severity.NOTICE, message, None, remedy)


RULE = Rule(
    code="KF421",
    stage=Stage.GATE,
    summary="regularizers of outputs take a mean",
    generations=frozenset({1, 2}),
    model=tell,
)
