"""The few shapes that most argument rules have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from converter.model.description import Json, Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, LayerRule


def drop_harmless(harmless: Mapping[str, Sequence[Json]]) -> LayerRule:
    """A layer rule that removes arguments which Keras 3 does not take and which do nothing.

    Args:
        harmless: for each argument the values that change nothing. Any other value is refused:
            dropping it would change what the layer computes.
    """

    def rule(layer: Layer, context: Context) -> Change | None:
        present = [key for key in harmless if key in layer.config]
        if not present:
            return None
        harmful = [key for key in present if layer.config[key] not in harmless[key]]
        if harmful:
            return Change(
                Severity.REFUSED,
                f"{layer.class_name} has {_values(layer, harmful)}, which Keras 3 cannot do",
            )
        message = f"{layer.class_name} has {_values(layer, present)}, which Keras 3 does not take"
        return Change(
            Severity.BREAKS,
            message,
            (layer.with_config(drop=present),),
            "removed, it has no effect",
        )

    return rule


def drop_any(keys: Sequence[str], reason: str) -> LayerRule:
    """A layer rule that removes arguments which never mattered for the numbers."""

    def rule(layer: Layer, context: Context) -> Change | None:
        present = [key for key in keys if key in layer.config]
        if not present:
            return None
        message = f"{layer.class_name} has {', '.join(present)}, which Keras 3 does not take"
        return Change(
            Severity.BREAKS, message, (layer.with_config(drop=present),), f"removed: {reason}"
        )

    return rule


def rename_class(names: Mapping[str, str]) -> LayerRule:
    """A layer rule for classes that only go by another name today."""

    def rule(layer: Layer, context: Context) -> Change | None:
        new = names.get(layer.class_name)
        if new is None:
            return None
        return Change(
            Severity.BREAKS,
            f"class {layer.class_name} is called {new} today",
            (renamed(layer, new),),
        )

    return rule


def renamed(layer: Layer, class_name: str) -> Layer:
    """The layer under another class name."""
    from dataclasses import replace

    return replace(layer, class_name=class_name)


def number(value: Json) -> Json:
    """A number that may be stored as a serialised array (``{"type": "ndarray", "value": 0.3}``)."""
    while isinstance(value, Mapping) and "value" in value:
        value = value["value"]
    return value


def map_config(layer: Layer, function: Callable[[str, Json], Json]) -> Layer:
    """The layer with ``function(key, value)`` for every config value; itself if none changes."""
    config = {key: function(key, value) for key, value in layer.config.items()}
    changed = {key: value for key, value in config.items() if value is not layer.config[key]}
    return layer.with_config(**changed) if changed else layer


def _values(layer: Layer, keys: Sequence[str]) -> str:
    return ", ".join(f"{key}={_short(layer.config[key])}" for key in keys)


def _short(value: Json) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
