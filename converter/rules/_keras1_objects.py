"""Initializers, regularizers and constraints of Keras 1, in Keras 2's form."""

from __future__ import annotations

from collections.abc import Mapping

from converter.model.description import Json

INITIALIZERS: Mapping[str, Json] = {
    "uniform": {"class_name": "RandomUniform", "config": {"minval": -0.05, "maxval": 0.05}},
    "normal": {"class_name": "RandomNormal", "config": {"mean": 0.0, "stddev": 0.05}},
    "orthogonal": {"class_name": "Orthogonal", "config": {"gain": 1.1}},
    "zero": "zeros",
    "one": "ones",
}
"""Those with other names or other scales than today's."""

REGULARIZERS = frozenset({"WeightRegularizer", "ActivityRegularizer", "L1L2Regularizer"})

CONSTRAINT_ARGUMENTS = {"m": "max_value", "low": "min_value", "high": "max_value"}


def initializer(value: Json) -> Json:
    """Keras 1 stored the name of a function."""
    return INITIALIZERS.get(value, value) if isinstance(value, str) else value


def regularizer(value: Json) -> Json:
    """``{"name": "WeightRegularizer", "l1": …}`` as a class with a config."""
    return _object(value, "L1L2", {}) if _name(value) in REGULARIZERS else _object(value)


def constraint(value: Json) -> Json:
    """``{"name": "MaxNorm", "m": …}`` as a class with a config."""
    return _object(value, renamed=CONSTRAINT_ARGUMENTS)


def _object(value: Json, class_name: str = "", renamed: Mapping[str, str] | None = None) -> Json:
    if not isinstance(value, Mapping) or "name" not in value:
        return value
    renamed = renamed or {}
    config = {renamed.get(key, key): each for key, each in value.items() if key != "name"}
    return {"class_name": class_name or value["name"], "config": config}


def _name(value: Json) -> str:
    return str(value.get("name")) if isinstance(value, Mapping) else ""
