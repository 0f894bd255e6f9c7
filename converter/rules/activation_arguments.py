"""Activation layers in Keras 2's words.

What it sees: ``alpha`` on LeakyReLU, and numbers stored as arrays (``{"type": "ndarray", "value":
0.3}``) on LeakyReLU, ELU, ReLU and PReLU.

Why Keras 3 trips: LeakyReLU takes ``negative_slope`` today, and none takes an array.

What kfix changes: renames the argument and unpacks the numbers.

Links: https://keras.io/api/layers/activation_layers/leaky_relu/
"""

from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules._combinators import number
from converter.rules.base import Change, Context, Rule, Stage

KEYS = ("alpha", "negative_slope", "max_value", "threshold")


def rewrite(layer: Layer, context: Context) -> Change | None:
    """Plain numbers, and LeakyReLU's slope under its name of today."""
    values = {key: number(layer.config[key]) for key in KEYS if key in layer.config}
    if layer.class_name == "LeakyReLU" and "alpha" in values:
        values["negative_slope"] = values.pop("alpha")
    new = layer.with_config(drop=KEYS, **values)
    if new.config == layer.config:
        return None
    message = f"{layer.class_name} has its numbers in Keras 2's form"
    return Change(Severity.BREAKS, message, (new,), "written as Keras 3 reads them")


RULE = Rule(
    code="KF123",
    stage=Stage.ARGUMENTS,
    summary="slopes and limits of activation layers",
    generations=frozenset({1, 2}),
    classes=frozenset({"LeakyReLU", "ELU", "ReLU"}),
    layer=rewrite,
)
