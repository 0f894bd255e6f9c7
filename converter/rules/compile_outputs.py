"""Losses, weights and metrics of models with several outputs.

What it sees: a flat list of metrics, a dictionary that leaves outputs out, or one loss with a
weight for each output, in a model with several outputs; keys that are names with a slash; metrics
whose stored name already starts with the name of the output.

Why Keras 3 trips: a flat list is for all outputs in Keras 2, but Keras 3 gives each output one
entry of it, or fails in ``fit``. It wants every output in a dictionary of losses, and a loss for
each weight. Names with a slash are changed on the way.

What kfix changes: writes one entry for each output, in the order of the outputs. Keras 2's meaning
stays: no loss for an output that was left out, and a weight of 1.

Links: https://keras.io/api/models/model_training_apis/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from converter.dialects.compile_state import is_object, map_objects
from converter.model.description import CompileState, Json, Model, TensorRef
from converter.model.findings import Severity
from converter.rules._compile_objects import config_of, objects_in, with_config
from converter.rules.base import Context, ModelChange, Rule, Stage


def conform(model: Model, context: Context) -> Iterator[ModelChange]:
    """Gives every output of the model its own loss, weight and metrics where Keras 3 needs that."""
    names = output_names(model)
    if model.compile is None or context.path or not names:
        return
    state = _metrics_by_output(_losses_by_output(model.compile, names), names)
    if state != model.compile:
        message = "the compile state means all outputs, or leaves some out, in Keras 2's way"
        remedy = "written for each output, in the order of the outputs"
        yield ModelChange(Severity.BREAKS, message, replace(model, compile=state), remedy)


def output_names(model: Model) -> list[str]:
    """The names Keras 2 gives to the outputs; none where they are nested and keep their keys."""
    if model.kind == "sequential":
        return [layer.name for layer in model.layers[-1:]]
    refs = [model.outputs] if isinstance(model.outputs, TensorRef) else model.outputs
    if not isinstance(refs, (list, tuple)):
        return []
    if not all(isinstance(ref, TensorRef) for ref in refs):
        return []
    names: list[str] = []
    for ref in refs:
        names.append(_unique(ref.layer, names))
    return names


def _unique(name: str, taken: Sequence[str]) -> str:
    """A layer that makes several outputs lends its name with a number, from the second on."""
    candidate, number = name, 1
    while candidate in taken:
        candidate, number = f"{name}_{number}", number + 1
    return candidate


def _losses_by_output(state: CompileState, names: Sequence[str]) -> CompileState:
    loss, weights = state.loss, state.loss_weights
    if _must_be_listed(loss, names):
        loss = [loss.get(name) for name in names]
    if _must_be_listed(weights, names) or isinstance(weights, Mapping) and loss is not state.loss:
        weights = _in_order(weights, names)
    if weights is not None and is_object(loss) and len(names) > 1:
        loss = [loss for _ in names]
        weights = _in_order(weights, names)
    return replace(state, loss=_single(loss, names, state.loss), loss_weights=weights)


def _in_order(weights: Json, names: Sequence[str]) -> Json:
    """Weights by output in the order of the outputs; one that was left out is 1."""
    if not isinstance(weights, Mapping):
        return weights
    return [weights.get(name, 1.0) for name in names]


def _must_be_listed(value: Json, names: Sequence[str]) -> bool:
    """Whether a dictionary by output leaves some out, or has keys that will not be names."""
    if not isinstance(value, Mapping) or is_object(value) or not set(value) <= set(names):
        return False
    return set(value) != set(names) or any("/" in name for name in names)


def _single(loss: Json, names: Sequence[str], stored: Json) -> Json:
    return loss[0] if loss is not stored and len(names) == 1 else loss


def _metrics_by_output(state: CompileState, names: Sequence[str]) -> CompileState:
    return replace(
        state,
        metrics=_metrics(state.metrics, names),
        weighted_metrics=_metrics(state.weighted_metrics, names),
    )


def _metrics(metrics: Json, names: Sequence[str]) -> Json:
    if not any(True for _ in objects_in(metrics)):
        return metrics
    if _must_be_listed(metrics, names):
        metrics = [_as_list(metrics.get(name)) for name in names]
    elif len(names) > 1 and isinstance(metrics, list) and all(map(is_object, metrics)):
        metrics = [list(metrics) for _ in names]
    if len(names) > 1 and isinstance(metrics, list) and len(metrics) == len(names):
        metrics = [_unprefixed(item, name) for item, name in zip(metrics, names, strict=True)]
    return metrics


def _as_list(value: Json) -> Json:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _unprefixed(metrics: Json, output: str) -> Json:
    """Metrics without the output's name in front of theirs, which Keras 3 puts there itself."""

    def unprefixed(item: Json) -> Json:
        config = config_of(item)
        name = config.get("name")
        if not isinstance(name, str) or not name.startswith(f"{output}_"):
            return item
        return with_config(item, {**config, "name": name.removeprefix(f"{output}_")})

    return map_objects(metrics, unprefixed)


RULE = Rule(
    code="KF401",
    # Before any rule renames a layer, so that the keys are still the names of the outputs.
    stage=Stage.CLASSES,
    summary="compile state of models with several outputs",
    generations=frozenset({1, 2}),
    model=conform,
)
