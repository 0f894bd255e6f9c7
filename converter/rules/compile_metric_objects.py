"""Metric objects of Keras 2.

What it sees: ``MeanMetricWrapper`` with a function's name, which is how tf.keras 2.2 to 2.15 stores
``accuracy`` and every other metric given by name; classes under old names; a ``fn`` beside a class;
arguments that hold nothing.

Why Keras 3 trips: the function is only a string there ("'str' object is not callable" in ``fit``),
and classes such as ``CosineProximity`` or arguments such as ``init_from_logits`` are unknown.

What kfix changes: names the class of the function and keeps the metric's name and dtype.

Links: https://keras.io/api/metrics/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from converter.model.description import CompileState, Json
from converter.model.findings import Severity
from converter.rules._compile_names import FULL_NAMES
from converter.rules._compile_objects import (
    LOSS_FUNCTIONS,
    METRIC_FUNCTIONS,
    METRICS,
    class_of,
    config_of,
    keras_object,
    map_metrics,
    mean_of_function,
    objects_in,
)
from converter.rules.base import CompileChange, Context, Rule, Stage

RENAMED_CLASSES: Mapping[str, str] = {"CosineProximity": "CosineSimilarity"}
WRAPPERS = frozenset({"MeanMetricWrapper", "SumOverBatchSizeMetricWrapper"})


def translate(state: CompileState, context: Context) -> Iterator[CompileChange]:
    """Turns wrapped functions into the classes Keras 3 has for them."""
    new = map_metrics(state, _translated)
    if new is not state:
        stored = (*objects_in(state.metrics), *objects_in(state.weighted_metrics))
        changed = {_label(item) for item in stored if _translated(item) != item}
        message = f"metric {', '.join(sorted(changed))} is stored in Keras 2's way"
        yield CompileChange(Severity.BREAKS, message, new, "its class is named")


def _translated(item: Json) -> Json:
    if not isinstance(item, Mapping):
        return item
    name, config = class_of(item), config_of(item)
    wrapped = config.get("fn")
    function = FULL_NAMES.get(wrapped, wrapped) if isinstance(wrapped, str) else ""
    if name in WRAPPERS and function:
        return _wrapped(item, function)
    name = RENAMED_CLASSES.get(name, name)
    if name not in METRICS:
        return item
    if function and METRIC_FUNCTIONS.get(function) == name:
        del config["fn"]
    accepted = {"name", "dtype", *METRICS[name].split()}
    config = {key: value for key, value in config.items() if value is not None or key in accepted}
    if name == class_of(item) and config == config_of(item):
        return item
    return keras_object(item, name, config, "keras.metrics")


def _wrapped(item: Mapping[str, Json], function: str) -> Json:
    config = {key: value for key, value in config_of(item).items() if key in ("name", "dtype")}
    if function in METRIC_FUNCTIONS:
        return keras_object(item, METRIC_FUNCTIONS[function], config, "keras.metrics")
    if function in LOSS_FUNCTIONS:
        made = mean_of_function(function, function)
        merged = {**config_of(made), **config}
        return keras_object(item, "MeanMetricWrapper", merged, "keras.metrics")
    return item


def _label(item: Json) -> str:
    return str(config_of(item).get("name") or class_of(item))


RULE = Rule(
    code="KF408",
    stage=Stage.COMPILE,
    summary="metric objects",
    generations=frozenset({2}),
    compile=translate,
)
