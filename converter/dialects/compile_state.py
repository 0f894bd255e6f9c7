"""The compile state of a model: how files store what ``compile()`` was told, and Keras 3's form.

Two dialects say the same thing. A legacy ``.h5`` has ``training_config``: the optimizer is under
``optimizer_config`` and has no module. A ``.keras`` archive has ``compile_config``: every object
names its module. Parsing changes no words, so the rules of the compile stage can tell the two apart
by the module of the optimizer; writing adds or removes what the form asks for.

Only names are written that Keras itself exports: a module name of a file never reaches the output.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from converter.model.description import CompileState, Json

OPTIONS = ("run_eagerly", "steps_per_execution", "jit_compile", "auto_scale_loss")
"""Arguments of Keras 3's ``compile()`` besides the objects."""

SHORT_NAMES: Mapping[str, str] = {
    "mse": "mean_squared_error",
    "MSE": "mean_squared_error",
    "mae": "mean_absolute_error",
    "MAE": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "MAPE": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error",
    "MSLE": "mean_squared_logarithmic_error",
    "kld": "kl_divergence",
    "KLD": "kl_divergence",
    "bce": "binary_crossentropy",
    "BCE": "binary_crossentropy",
}
"""Names that Keras 3 takes in ``compile()`` and in a ``.keras``, but cannot find in an ``.h5``."""

SHORT_METRIC_CLASSES: Mapping[str, str] = {
    "mean_squared_error": "MeanSquaredError",
    "mean_absolute_error": "MeanAbsoluteError",
    "mean_absolute_percentage_error": "MeanAbsolutePercentageError",
    "mean_squared_logarithmic_error": "MeanSquaredLogarithmicError",
    "kl_divergence": "KLDivergence",
    "binary_crossentropy": "BinaryCrossentropy",
}

_OBJECT_KEYS = ("module", "class_name", "config", "registered_name")
_OBJECTS = ("loss", "metrics", "weighted_metrics")
_KNOWN = {"optimizer", "optimizer_config", "loss_weights", *_OBJECTS}


def parse_training_config(config: Json) -> CompileState | None:
    """Reads ``training_config`` of an ``.h5`` or ``compile_config`` of a ``.keras``.

    None means that the model was not compiled.
    """
    if not isinstance(config, Mapping) or not config:
        return None
    plain = _plain(config)
    options = {key: value for key, value in plain.items() if key not in _KNOWN}
    return CompileState(
        optimizer=plain.get("optimizer_config", plain.get("optimizer")),
        loss=plain.get("loss"),
        loss_weights=plain.get("loss_weights"),
        metrics=plain.get("metrics"),
        weighted_metrics=plain.get("weighted_metrics"),
        options=options,
    )


def to_compile_config(state: CompileState) -> Json:
    """``compile_config`` of a ``.keras`` archive, for a state in Keras 3's words."""
    optimizer = _with_module(state.optimizer, "keras.optimizers")
    config: dict[str, Json] = {
        **({} if optimizer is None else {"optimizer": optimizer}),
        "loss": map_objects(state.loss, _in_losses),
        "loss_weights": state.loss_weights,
        "metrics": map_objects(state.metrics, _in_metrics),
        "weighted_metrics": map_objects(state.weighted_metrics, _in_metrics),
    }
    return config | _options(state)


def to_training_config(state: CompileState) -> Json:
    """``training_config`` of an ``.h5`` that Keras 3 reads, for a state in Keras 3's words."""
    optimizer = state.optimizer
    if not isinstance(optimizer, Mapping):
        # Keras 3 takes rmsprop where a .keras names no optimizer; an .h5 has to name one.
        optimizer = {"class_name": optimizer or "rmsprop", "config": {}}
    config: dict[str, Json] = {
        "loss": map_objects(state.loss, _spelled_loss),
        "loss_weights": state.loss_weights,
        "metrics": map_objects(state.metrics, _spelled_metric),
        "weighted_metrics": map_objects(state.weighted_metrics, _spelled_metric),
    }
    return config | _options(state) | {"optimizer_config": _without_module(optimizer)}


def rename_outputs(state: CompileState, names: Mapping[str, str]) -> CompileState:
    """The state for a model whose outputs have new names; ``names`` maps old to new.

    Losses, weights and metrics that are stored by output name follow; those stored in the order of
    the outputs need nothing.
    """
    changed = {name: _renamed(getattr(state, name), names) for name in (*_OBJECTS, "loss_weights")}
    return replace(state, **changed)


def is_object(value: Json) -> bool:
    """Whether a value is one loss, metric or optimizer: a name, or a dictionary with its class."""
    return isinstance(value, str) or (isinstance(value, Mapping) and "class_name" in value)


def map_objects(value: Json, function: Callable[[Json], Json]) -> Json:
    """Applies ``function`` to each object in a loss or metrics, nested and by output or not."""
    if is_object(value):
        return function(value)
    if isinstance(value, Mapping):
        return {key: map_objects(item, function) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [map_objects(item, function) for item in value]
    return value


def _plain(value: Any) -> Json:
    """JSON without the wrappers old releases put around NumPy values and tuples."""
    if isinstance(value, Mapping):
        if value.get("type") == "ndarray" and "value" in value:
            return _plain(value["value"])
        if value.get("class_name") == "__tuple__" and isinstance(value.get("items"), list):
            return [_plain(item) for item in value["items"]]
        # Beside an object only its book-keeping can stand, which would make Keras build it.
        is_made = "class_name" in value and "config" in value
        keys = [key for key in value if key in _OBJECT_KEYS or not is_made]
        return {key: _plain(value[key]) for key in keys}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _options(state: CompileState) -> dict[str, Json]:
    return {key: state.options[key] for key in OPTIONS if state.options.get(key) is not None}


def _renamed(value: Json, names: Mapping[str, str]) -> Json:
    if isinstance(value, Mapping) and not is_object(value):
        return {names.get(key, key): item for key, item in value.items()}
    return value


def _in_losses(item: Json) -> Json:
    return _with_module(item, "keras.losses")


def _in_metrics(item: Json) -> Json:
    return _with_module(item, "keras.metrics")


def _with_module(item: Json, module: str) -> Json:
    if not isinstance(item, Mapping) or {"module", "config"} <= set(item):
        return item
    named = {"class_name": item["class_name"], "config": item.get("config")}
    return {"module": module, **named, "registered_name": None}


def _without_module(item: Json) -> Json:
    """The form of an ``.h5``; an object of the user's keeps the name it was registered under."""
    if not isinstance(item, Mapping) or item.get("module") is None:
        return item
    return {"class_name": item["class_name"], "config": item.get("config")}


def _spelled_loss(item: Json) -> Json:
    if isinstance(item, str):
        return SHORT_NAMES.get(item, item)
    return item["config"] if item["class_name"] == "function" else _without_module(item)


def _spelled_metric(item: Json) -> Json:
    """A metric for an ``.h5``, where a short name is not found and a function becomes a class.

    The class behind a short name is called as before, so that logs keep their keys.
    """
    if isinstance(item, str):
        if item not in SHORT_NAMES:
            return item
        class_name = SHORT_METRIC_CLASSES[SHORT_NAMES[item]]
        return {"class_name": class_name, "config": {"name": item}}
    if item["class_name"] == "function":
        return {"class_name": "MeanMetricWrapper", "config": {"name": item["config"], "fn": item}}
    return _without_module(item)
