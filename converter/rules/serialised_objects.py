"""Initializers, regularizers and constraints in Keras 2's form.

What it sees: ``{"class_name": …, "config": …}`` without a module, initializers with a ``dtype``
(every file of TensorFlow 1), classes that Keras 3 does not have.

Why Keras 3 trips: "GlorotUniform.__init__() got an unexpected keyword argument 'dtype'", "Could not
locate class".

What kfix changes: writes Keras 3's form and drops arguments it does not take. None of these objects
matters for the outputs of a model whose weights are stored, so one that does not exist any more is
replaced by the layer's default, with a notice.

Links: https://github.com/keras-team/keras/issues/19898
"""

from __future__ import annotations

from collections.abc import Mapping

from converter.knowledge import keras3
from converter.model.description import Json, Layer
from converter.model.findings import Severity
from converter.rules._combinators import number
from converter.rules.base import Change, Context, Rule, Stage

SUFFIXES = {
    "_initializer": "initializers",
    "_regularizer": "regularizers",
    "_constraint": "constraints",
}
NORMAL = {"normal": "truncated_normal"}
"""VarianceScaling's distribution: Keras 2's ``normal`` is truncated."""


def rewrite(layer: Layer, context: Context) -> Change | None:
    """Writes every such object of a layer as Keras 3 does."""
    changed: dict[str, Json] = {}
    dropped: list[str] = []
    for key, value in layer.config.items():
        kind = next((kind for suffix, kind in SUFFIXES.items() if key.endswith(suffix)), None)
        if kind is None or value is None or _is_custom(value, context):
            continue
        new = _known(value, kind)
        if new is None:
            dropped.append(key)
        elif new != value:
            changed[key] = new
    if not changed and not dropped:
        return None
    new_layer = layer.with_config(drop=dropped, **changed)
    if dropped:
        unknown = ", ".join(f"{key}={_name(layer.config[key])}" for key in dropped)
        message = f"{layer.class_name} has {unknown}, unknown to Keras 3"
        return Change(
            Severity.NOTICE, message, (new_layer,), "removed: it only matters for training"
        )
    message = f"{layer.class_name} has {', '.join(changed)} in Keras 2's form"
    rejected = any(_loses_something(layer.config[key], new) for key, new in changed.items())
    severity = Severity.BREAKS if rejected else Severity.NOTICE
    return Change(severity, message, (new_layer,), "written in Keras 3's form")


def _loses_something(old: Json, new: Json) -> bool:
    """Whether Keras 3 would have stumbled over an argument; it does not mind a missing module."""
    return not isinstance(old, Mapping) or old.get("config") != new["config"]


def _is_custom(value: Json, context: Context) -> bool:
    return _name(value) in context.custom


def _name(value: Json) -> str:
    return str(value.get("class_name")) if isinstance(value, Mapping) else str(value)


def _known(value: Json, kind: str) -> Json:
    """The object in Keras 3's form, None when Keras 3 does not have it."""
    known = keras3.OBJECTS[kind]
    if isinstance(value, str):
        return value if value in known else None
    if not isinstance(value, Mapping):
        return None
    class_name = str(value.get("class_name"))
    if class_name not in known:
        return None
    config = value.get("config")
    config = config if isinstance(config, Mapping) else {}
    accepted = {key: number(each) for key, each in config.items() if key in known[class_name]}
    if "distribution" in accepted:
        told = accepted["distribution"]
        accepted["distribution"] = NORMAL.get(str(told), told)
    return {
        "module": f"keras.{kind}",
        "class_name": class_name,
        "config": accepted,
        "registered_name": None,
    }


RULE = Rule(
    code="KF130",
    stage=Stage.ARGUMENTS,
    summary="initializers, regularizers and constraints in Keras 2's form",
    generations=frozenset({1, 2}),
    layer=rewrite,
)
