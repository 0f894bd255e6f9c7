"""Activations in Keras 2's form.

What it sees: activations stored as functions (``{"class_name": "function", …}``, tf.keras 2.13 to
2.15), as ``softmax_v2``, and names of functions that are not Keras's.

Why Keras 3 trips: "Unknown activation function". A name that only the user's code knows can't be
guessed.

What kfix changes: writes the plain name. An unknown name is reported with the layer that has it;
``--custom`` gives the module that defines it. Those of TensorFlow Addons have a rule of their own.
Under some names a file has its owner's function, for a later Keras took the name: ``swish`` of
efficientnet, ``relu6`` of MobileNet, ``leaky_relu`` of TensorFlow. Those that everybody computes
alike are taken for Keras 3's, and the finding says so. Others are not: ``gelu`` was exact or an
approximation, ``hard_swish`` was made with either hard_sigmoid.

Links: https://github.com/keras-team/keras/issues/20833
https://github.com/qubvel/efficientnet/issues/62
"""

from collections.abc import Mapping

from converter.knowledge import keras3
from converter.knowledge.releases import had
from converter.layouts.addons import PACKAGE
from converter.model.description import Json, Layer
from converter.model.findings import Severity
from converter.rules._well_known import YOUR_OWN
from converter.rules.base import Change, Context, Rule, Stage

ALIASES = {"softmax_v2": "softmax", "log_softmax_v2": "log_softmax", "exp": "exponential"}


ALIKE = {
    "leaky_relu": "tf.nn.leaky_relu, with a slope of 0.2",
    "log_softmax": "the logarithm of softmax",
    "log_sigmoid": "the logarithm of sigmoid",
    "mish": "x * tanh(softplus(x))",
    "relu6": "MobileNet's, min(max(x, 0), 6)",
    "silu": "x * sigmoid(x)",
    "swish": "efficientnet's, x * sigmoid(x)",
}
"""Functions that were the same in every project before Keras had them."""
REGISTERED = "Custom>"
"""Begins the names of functions that were registered without a package."""


def rewrite(layer: Layer, context: Context) -> Change | None:
    """Plain names for Keras's functions, a finding for the others."""
    changed: dict[str, Json] = {}
    guesses: list[str] = []
    for key, value in layer.config.items():
        if not key.endswith("activation") or value is None:
            continue
        name = name_of(value)
        if name in context.custom and _is_object(value):
            continue
        if name.startswith(PACKAGE) and name not in context.custom:
            continue
        if name not in context.custom and name.removeprefix(REGISTERED) in ALIKE:
            name = name.removeprefix(REGISTERED)
        own = name not in context.custom and not had(context.writer, "activations", name)
        if own and name in keras3.OBJECTS["activations"]:
            if name not in ALIKE:
                return _ambiguous(layer, name, context)
            guesses.append(name)
        if name not in keras3.OBJECTS["activations"] and name not in context.custom:
            message = (
                f"{layer.class_name} uses the activation '{name}', which is not one of Keras's"
            )
            return Change(
                Severity.CUSTOM, message, remedy="Give the module that defines it with --custom."
            )
        if name != value:
            changed[key] = name
    if guesses:
        taken = ", ".join(f"{name} is taken for {ALIKE[name]}" for name in dict.fromkeys(guesses))
        message = f"{layer.class_name} has an activation that is not Keras's own: {taken}"
        return Change(Severity.NOTICE, message, (layer.with_config(**changed),), YOUR_OWN)
    if not changed:
        return None
    message = f"{layer.class_name} has {', '.join(changed)} in tf.keras's form"
    return Change(Severity.BREAKS, message, (layer.with_config(**changed),), "written by name")


def _ambiguous(layer: Layer, name: str, context: Context) -> Change:
    writer = f"Keras {context.writer.label}" if context.writer.label else "Keras 1"
    message = (
        f"{layer.class_name} uses the activation '{name}', which {writer} did not have, and which"
        " others defined in several ways"
    )
    return Change(Severity.CUSTOM, message, remedy="Give the module that defines it with --custom.")


def _is_object(value: Json) -> bool:
    return isinstance(value, Mapping) and value.get("class_name") != "function"


def name_of(value: Json) -> str:
    """The name of an activation, however it is stored."""
    if isinstance(value, Mapping):
        value = (
            value.get("config")
            if value.get("class_name") == "function"
            else value.get("class_name")
        )
    return ALIASES.get(str(value), str(value))


RULE = Rule(
    code="KF131",
    stage=Stage.ARGUMENTS,
    summary="activations in Keras 2's form, and those of the user",
    generations=frozenset({1, 2, 3}),
    layer=rewrite,
)
