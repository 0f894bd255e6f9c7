"""Metrics called accuracy or crossentropy, which each Keras resolves in its own way.

What it sees: ``accuracy`` or ``acc`` together with a binary crossentropy, from Keras 1, the
stand-alone Keras 2 and TensorFlow before 2.2; ``crossentropy`` or ``ce`` from any Keras 2.

Why Keras 3 trips: those writers went by the loss: with a binary crossentropy accuracy is binary,
whatever the shape. Keras 3 goes by the shape alone and reports another number for several labels at
once. It does not know the metric ``crossentropy`` at all.

What kfix changes: names the class that the writer meant; the metric keeps its name in logs.
Elsewhere ``accuracy`` stays as it is.

Links: https://keras.io/api/metrics/accuracy_metrics/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from converter.dialects.compile_state import is_object, map_objects
from converter.model.description import CompileState, Json, Writer
from converter.model.findings import Severity
from converter.rules._compile_names import FULL_NAMES
from converter.rules._compile_objects import ACCURACY, BY_SHAPE, class_of
from converter.rules.base import CompileChange, Context, Rule, Stage

CROSSENTROPIES = {
    "binary_crossentropy": "BinaryCrossentropy",
    "categorical_crossentropy": "CategoricalCrossentropy",
    "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
}


def resolve(state: CompileState, context: Context) -> Iterator[CompileChange]:
    """Names the metric class that the writer chose by the loss."""
    by_loss = goes_by_loss(context.writer)

    def resolved(item: Json, loss: str) -> Json:
        name = item if isinstance(item, str) else ""
        if by_loss and name in ACCURACY and loss == "BinaryCrossentropy":
            return {"class_name": "BinaryAccuracy", "config": {"name": name}}
        if name in BY_SHAPE and loss:
            return {"class_name": loss, "config": {"name": name}}
        return item

    new = replace(
        state,
        metrics=_by_output(state.metrics, state.loss, resolved),
        weighted_metrics=_by_output(state.weighted_metrics, state.loss, resolved),
    )
    if new != state:
        message = "this writer chose the kind of accuracy and crossentropy metrics by the loss"
        yield CompileChange(Severity.SILENT, message, new, "the kind is written down")


def goes_by_loss(writer: Writer) -> bool:
    """Whether the writer chose the kind of accuracy by the loss; TensorFlow 2.2 stopped that."""
    return writer.version < ((2, 3) if writer.tf_keras else (2, 4))


def _by_output(metrics: Json, loss: Json, resolved: Callable[[Json, str], Json]) -> Json:
    """Applies ``resolved`` to each metric and the crossentropy class of its output's loss."""
    if is_object(loss) or loss is None:
        kind = _crossentropy(loss)
        return map_objects(metrics, lambda item: resolved(item, kind))
    if isinstance(loss, list) and len(loss) == 1:
        return _by_output(metrics, loss[0], resolved)
    if isinstance(loss, list) and isinstance(metrics, list) and len(loss) == len(metrics):
        pairs = zip(metrics, loss, strict=True)
        return [_by_output(own, one, resolved) for own, one in pairs]
    if isinstance(loss, dict) and isinstance(metrics, dict):
        return {key: _by_output(own, loss.get(key), resolved) for key, own in metrics.items()}
    return metrics


def _crossentropy(loss: Json) -> str:
    name = FULL_NAMES.get(class_of(loss), class_of(loss))
    return CROSSENTROPIES.get(name, name if name in CROSSENTROPIES.values() else "")


RULE = Rule(
    code="KF406",
    stage=Stage.COMPILE,
    summary="the kind of accuracy went by the loss",
    generations=frozenset({1, 2}),
    compile=resolve,
)
