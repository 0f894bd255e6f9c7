"""Losses by a name that Keras 3 does not know.

What it sees: ``mse``, ``mae``, ``kld`` and other short names in an ``.h5``; names that are gone
(``logcosh``, ``kullback_leibler_divergence``, ``cosine_proximity``, ``huber_loss``); functions
stored as dictionaries.

Why Keras 3 trips: "Could not deserialize 'keras.metrics.mse' because it is not a KerasSaveable
subclass", or an unknown name. Its own ``.h5`` files have this too.

What kfix changes: writes the name that Keras 3 has for the same function. Where an old release
computed something else under the name, a notice says what.

Links: https://github.com/keras-team/keras/issues/19441
"""

from __future__ import annotations

from collections.abc import Iterator

from converter.model.description import CompileState, Json, Writer
from converter.model.findings import Severity
from converter.rules._compile_names import FULL_NAMES, RENAMED, function_name
from converter.rules._compile_objects import (
    class_of,
    from_h5,
    map_losses,
    objects_in,
)
from converter.rules.base import CompileChange, Context, Rule, Stage

COSINE = frozenset({"cosine", "cosine_proximity", "cosine_similarity", "CosineSimilarity"})
HINGE = frozenset({"hinge", "squared_hinge"})


def rename(state: CompileState, context: Context) -> Iterator[CompileChange]:
    """Spells every loss function as Keras 3 does."""
    names = FULL_NAMES if from_h5(state) else RENAMED
    stored = [class_of(item) for item in objects_in(state.loss)]
    keep_functions = context.writer.generation >= 3 and not from_h5(state)

    def renamed(item: Json) -> Json:
        name = function_name(item)
        if not name or (keep_functions and not isinstance(item, str)):
            return item
        return names.get(name, name)

    new = map_losses(state, renamed)
    if new is not state:
        changed = [item for item in objects_in(state.loss) if renamed(item) != item]
        old = ", ".join(sorted({class_of(item) for item in changed}))
        message = f"loss {old} goes by another name in Keras 3"
        yield CompileChange(Severity.BREAKS, message, new, "renamed")
    yield from _notices(new, set(stored), context.writer)


def _notices(state: CompileState, stored: set[str], writer: Writer) -> Iterator[CompileChange]:
    if stored & COSINE and writer.generation < 3:
        yield from _cosine(state, writer)
    if stored & HINGE and _keeps_labels(writer):
        message = "hinge loss: Keras 3 turns labels 0 and 1 into -1 and 1, this writer did not"
        yield CompileChange(Severity.NOTICE, message, state, "labels of -1 and 1 are as before")


def _cosine(state: CompileState, writer: Writer) -> Iterator[CompileChange]:
    if not writer.tf_keras and writer.version < (2, 1):
        message = "cosine loss: Keras 3 sums over the last axis where this writer took the mean"
        remedy = "for the old steps divide the learning rate by the length of that axis"
        yield CompileChange(Severity.NOTICE, message, state, remedy)
    if writer.tf_keras and writer.version[:2] == (2, 2):
        message = "cosine loss: TensorFlow 1.14 and 1.15 had it with the other sign"
        yield CompileChange(Severity.NOTICE, message, state, "Keras 3 goes down as vectors align")


def _keeps_labels(writer: Writer) -> bool:
    """Whether hinge losses took the labels as they were; TensorFlow 1.14 began to convert them."""
    return writer.version < ((2, 2) if writer.tf_keras else (2, 3))


RULE = Rule(
    code="KF404",
    stage=Stage.COMPILE,
    summary="names of losses",
    generations=frozenset({1, 2, 3}),
    compile=rename,
)
