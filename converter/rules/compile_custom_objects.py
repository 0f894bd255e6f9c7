"""Losses, metrics and optimizers that are not Keras's.

What it sees: names that stock Keras 3 does not have: the user's own functions and classes, those of
other packages (Addons, segmentation_models), and the removed ones. Also functions under names that
only a later Keras took: ``dice``, ``tversky``, ``recall``, ``f1_score``.

Why Keras 3 trips: "Unknown loss function", "string indices must be integers", and the model does
not load at all.

What kfix changes: what the user's modules provide (``--custom``) is kept by its name, without the
module it came from. Of the others a metric is removed; without its loss or its optimizer a model
cannot be trained on, so the whole compile state is dropped.

Links: https://keras.io/guides/serialization_and_saving/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from converter.knowledge.releases import had
from converter.model.description import CompileState, Json
from converter.model.findings import Severity
from converter.rules._compile_names import function_name
from converter.rules._compile_objects import (
    LOSSES,
    METRICS,
    OPTIMIZERS,
    class_of,
    config_of,
    is_custom,
    judge_loss,
    judge_metric,
    map_losses,
    map_metrics,
    map_optimizer,
    objects_in,
    optimizers_in,
    with_config,
    without_metrics,
)
from converter.rules.base import CompileChange, Context, Rule, Stage

KERAS_MODULES = frozenset(
    {"builtins", "keras", "keras.losses", "keras.metrics", "keras.optimizers", "keras.layers"}
    | {"keras.optimizers.schedules", "keras.activations", "keras.initializers"}
)


LATER: Mapping[str, frozenset[str]] = {
    "losses": frozenset(
        {"circle", "ctc", "dice", "tversky"}
        | {"binary_focal_crossentropy", "categorical_focal_crossentropy"}
    ),
    "metrics": frozenset(
        {"auc", "f1_score", "precision", "r2_score", "recall", "root_mean_squared_error"}
        | {"binary_focal_crossentropy", "categorical_focal_crossentropy"}
        | {f"{which}_{what}" for which in ("true", "false") for what in ("positives", "negatives")}
    ),
}
"""Names of functions that Keras 3 takes for its own, and early releases left to the user."""


def separate(state: CompileState, context: Context) -> Iterator[CompileChange]:
    """Keeps the user's own objects where they are provided, and takes out the others."""
    lost = sorted({*_foreign_losses(state, context), *_foreign_optimizers(state, context)})
    if lost:
        message = f"compiled with {', '.join(lost)}, which is not Keras's own"
        remedy = "the compile state was dropped; give the module with --custom, or compile again"
        yield CompileChange(Severity.NOTICE, message, None, remedy)
        return
    kept = _with_own_names(state, context)
    if kept is not state:
        message = "compiled with objects of the user's own"
        yield CompileChange(Severity.NOTICE, message, kept, "kept by name; loading needs them")
    unknown = sorted({_label(item) for item in _metrics(kept) if _is_foreign_metric(item, context)})
    if unknown:
        new = without_metrics(kept, lambda item: _is_foreign_metric(item, context))
        message = f"compiled with the metric {', '.join(unknown)}, which is not Keras's own"
        yield CompileChange(Severity.NOTICE, message, new, "the metric was removed")


def foreign_names(state: CompileState, context: Context) -> list[str]:
    """The losses, optimizers, schedules and metrics of a state that are neither Keras's nor given.

    Args:
        state: as the rules before this one have left it.
        context: with the names that the user's modules provide.
    """
    metrics = (_label(item) for item in _metrics(state) if _is_foreign_metric(item, context))
    return [*_foreign_losses(state, context), *_foreign_optimizers(state, context), *metrics]


def _foreign_losses(state: CompileState, context: Context) -> list[str]:
    losses = [item for item in objects_in(state.loss) if not is_custom(item, context)]
    later = [class_of(item) for item in losses if _is_of_later(item, "losses", context)]
    return later + [
        class_of(item) for item in losses if class_of(item) not in LOSSES and judge_loss(item)
    ]


def _foreign_optimizers(state: CompileState, context: Context) -> list[str]:
    found: list[str] = []
    for item in optimizers_in(state):
        if class_of(item) not in OPTIMIZERS and not is_custom(item, context):
            found.append(class_of(item))
        rate = config_of(item).get("learning_rate")
        if isinstance(rate, Mapping) and rate.get("module") != "keras.optimizers.schedules":
            found += [] if is_custom(rate, context) else [class_of(rate)]
    return found


def _metrics(state: CompileState) -> list[Json]:
    return [*objects_in(state.metrics), *objects_in(state.weighted_metrics)]


def _is_foreign_metric(item: Json, context: Context) -> bool:
    if is_custom(item, context):
        return False
    if _is_of_later(item, "metrics", context):
        return True
    known = class_of(item) in METRICS and not isinstance(config_of(item).get("fn"), str)
    return not known and bool(judge_metric(item))


def _is_of_later(item: Json, kind: str, context: Context) -> bool:
    """Whether a function of the user's bears a name that Keras took after his file was written."""
    name = function_name(item)
    return (
        context.writer.generation < 3
        and name in LATER[kind]
        and not had(context.writer, kind, name)
    )


def _label(item: Json) -> str:
    return str(config_of(item).get("fn") or class_of(item))


def _with_own_names(state: CompileState, context: Context) -> CompileState:
    def own(item: Json) -> Json:
        return _by_name(item) if is_custom(item, context) else item

    def own_metric(item: Json) -> Json:
        function = config_of(item).get("fn")
        return function if isinstance(function, str) and is_custom(function, context) else own(item)

    def own_optimizer(item: Mapping[str, Json]) -> Json:
        config = config_of(item)
        rate = config.get("learning_rate")
        if isinstance(rate, Mapping) and is_custom(rate, context):
            item = with_config(item, {**config, "learning_rate": _by_name(rate)})
        return own(item)

    return map_optimizer(map_metrics(map_losses(state, own), own_metric), own_optimizer)


def _by_name(item: Json) -> Json:
    """An object of the user's own without the module it came from, so that nothing is imported."""
    name = function_name(item)
    if name or not isinstance(item, Mapping):
        return name or item
    registered = item.get("registered_name") or class_of(item)
    named = {"module": None, "class_name": class_of(item), "config": _scrubbed(item.get("config"))}
    return {**named, "registered_name": registered}


def _scrubbed(value: Json) -> Json:
    if isinstance(value, Mapping):
        inside = {key: _scrubbed(item) for key, item in value.items()}
        if inside.get("module") not in KERAS_MODULES and "module" in inside:
            inside["module"] = None
        return inside
    return [_scrubbed(item) for item in value] if isinstance(value, list) else value


RULE = Rule(
    code="KF418",
    stage=Stage.COMPILE,
    summary="losses, metrics and optimizers that are not Keras's",
    generations=frozenset({1, 2, 3}),
    compile=separate,
)
