"""Arguments that Keras 3's class does not take.

What it sees: any config key that no rule has dealt with and that the class of Keras 3 does not
know.

Why Keras 3 trips: "Unrecognized keyword arguments passed to …".

What kfix changes: nothing; an argument that is not understood may change the numbers, so it is
refused. It is often a custom class that bears a stock layer's name: give its module with
``--custom``.

Links: https://keras.io/api/layers/
"""

from converter.knowledge import keras3
from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage
from converter.rules.unknown_class import CODE_CARRIERS, JUDGED


def judge(layer: Layer, context: Context) -> Change | None:
    """A finding for arguments beyond those of the class."""
    known = (
        layer.class_name in keras3.LAYERS
        and layer.class_name not in context.custom
        and layer.module == "keras.layers"
    )
    if not known or layer.model is not None or layer.class_name in CODE_CARRIERS | JUDGED:
        return None
    unknown = sorted(set(layer.config) - keras3.accepted(layer.class_name))
    if not unknown:
        return None
    said = ", ".join(f"{key}={layer.config[key]!r:.40}" for key in unknown)
    message = f"{layer.class_name} has {said}, which Keras 3 does not take"
    remedy = "If it is a class of your own with this name, give its module with --custom."
    return Change(Severity.REFUSED, message, remedy=remedy)


RULE = Rule(
    code="KF904",
    stage=Stage.GATE,
    summary="arguments that Keras 3 does not take",
    generations=frozenset({1, 2, 3}),
    layer=judge,
)
