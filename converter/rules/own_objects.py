"""Activations, initializers, regularizers and constraints of the user's own.

What it sees: their names in stock layers, where the user's modules provide them: as Keras 1 and 2
wrote them, a plain name (``"swish2"``, ``"Custom>swish2"``) or a class without a module.

Why Keras 3 trips: "Could not interpret activation function identifier: swish2". It takes plain
names for its own objects only, also when the user hands it his.

What kfix changes: writes Keras 3's form, which is looked for among custom objects.

Links: https://keras.io/guides/serialization_and_saving/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from converter.knowledge import keras3
from converter.model.description import Json, Layer
from converter.model.findings import Severity
from converter.rules.activation_names import name_of
from converter.rules.base import Change, Context, Rule, Stage

KINDS = {
    "activation": "activations",
    "_initializer": "initializers",
    "_regularizer": "regularizers",
    "_constraint": "constraints",
}


def rewrite(layer: Layer, context: Context) -> Change | None:
    """The user's objects in a stock layer in Keras 3's form."""
    if layer.class_name not in keras3.LAYERS or layer.class_name in context.custom:
        return None
    changed: dict[str, Json] = {}
    for key, value in layer.config.items():
        kind = next((kind for ending, kind in KINDS.items() if key.endswith(ending)), None)
        new = _own(value, kind, context) if kind else None
        if new is not None and new != value:
            changed[key] = new
    if not changed:
        return None
    message = f"{layer.class_name} has {', '.join(changed)} of the user's own in Keras 2's form"
    return Change(
        Severity.BREAKS, message, (layer.with_config(**changed),), "written in Keras 3's form"
    )


def own_activations(layer: Layer) -> Iterator[str]:
    """Names of a stock layer's activations that are not Keras's."""
    if layer.class_name not in keras3.LAYERS:
        return
    for key, value in layer.config.items():
        if key.endswith("activation") and value is not None:
            name = name_of(value)
            if name not in keras3.OBJECTS["activations"]:
                yield name


def _own(value: Json, kind: str, context: Context) -> Json:
    """The object in Keras 3's form, None where it is not the user's."""
    if isinstance(value, str):
        is_own = value in context.custom and value not in keras3.OBJECTS[kind]
        return _function(value) if is_own else None
    if not isinstance(value, Mapping):
        return None
    name = str(value.get("class_name"))
    if name == "function":
        function = value.get("registered_name") or ""
        function = function if ">" in str(function) else str(value.get("config"))
        return _own(function, kind, context)
    registered = str(value.get("registered_name") or name)
    if context.custom.isdisjoint({name, registered}):
        return None
    return {
        "module": None,
        "class_name": name.rpartition(">")[2],
        "config": value.get("config") or {},
        "registered_name": registered,
    }


def _function(name: str) -> Json:
    return {
        "module": "builtins",
        "class_name": "function",
        "config": name,
        "registered_name": "function",
    }


RULE = Rule(
    code="KF137",
    stage=Stage.GATE,
    summary="activations, initializers, regularizers and constraints of the user's own",
    generations=frozenset({1, 2, 3}),
    layer=rewrite,
)
