"""Metrics by a name that Keras 3 does not know.

What it sees: ``mse``, ``mae`` and other short names in an ``.h5``; names that are gone or never
were metrics in Keras 3 (``logcosh``, ``kld``, ``kullback_leibler_divergence``,
``cosine_proximity``, ``huber``); functions stored as dictionaries.

Why Keras 3 trips: "Could not deserialize 'keras.metrics.mse'", or "Could not interpret metric
identifier".

What kfix changes: names the class that computes the function's mean, and keeps the name in logs.
The cosine of old releases, which counts down, stays so. ``accuracy`` and ``acc`` stay as they are.

Links: https://keras.io/api/metrics/
"""

from __future__ import annotations

from collections.abc import Iterator

from converter.model.description import CompileState, Json
from converter.model.findings import Severity
from converter.rules._compile_names import FULL_NAMES, cosine_is_negative, function_name
from converter.rules._compile_objects import (
    ACCURACY,
    LOSS_FUNCTIONS,
    METRIC_FUNCTIONS,
    METRIC_NAMES,
    class_of,
    from_h5,
    map_metrics,
    mean_of_function,
    objects_in,
)
from converter.rules.base import CompileChange, Context, Rule, Stage


def rename(state: CompileState, context: Context) -> Iterator[CompileChange]:
    """Replaces the names of metrics that Keras 3 cannot look up by the class behind them."""
    in_h5 = from_h5(state)
    negative = cosine_is_negative(context.writer)

    def renamed(item: Json) -> Json:
        name = function_name(item)
        full = FULL_NAMES.get(name, name)
        if not name or name in ACCURACY:
            return item
        if full == "cosine_similarity" and negative:
            return mean_of_function(name, full)
        if full == name or (name in METRIC_NAMES and not in_h5):
            return _of_function(item, name) if name not in METRIC_NAMES else item
        return _of_class(name, full)

    new = map_metrics(state, renamed)
    if new is not state:
        stored = (*objects_in(state.metrics), *objects_in(state.weighted_metrics))
        names = ", ".join(sorted({class_of(item) for item in stored if renamed(item) != item}))
        message = f"metric {names} cannot be looked up by Keras 3"
        yield CompileChange(Severity.BREAKS, message, new, "its class is named")


def _of_class(name: str, full: str) -> Json:
    if full in METRIC_FUNCTIONS:
        return {"class_name": METRIC_FUNCTIONS[full], "config": {"name": name}}
    return mean_of_function(name, full)


def _of_function(item: Json, name: str) -> Json:
    """A loss function that is no metric class; a name nobody knows is left to the later rules."""
    return mean_of_function(name, name) if name in LOSS_FUNCTIONS else item


RULE = Rule(
    code="KF407",
    stage=Stage.COMPILE,
    summary="names of metrics",
    generations=frozenset({1, 2, 3}),
    compile=rename,
)
