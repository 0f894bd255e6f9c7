"""Call arguments that Keras 3's class does not take.

What it sees: keyword arguments of calls that the layer's ``call`` does not know, such as
``constants`` on a recurrent layer.

Why Keras 3 trips: "got an unexpected keyword argument".

What kfix changes: removes those that are None; any other is refused.

Links: https://keras.io/api/layers/base_layer/
"""

from __future__ import annotations

from dataclasses import replace

from converter.knowledge import keras3
from converter.model.description import Call, Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage


def judge(layer: Layer, context: Context) -> Change | None:
    """Compares the keyword arguments of each call with the signature of the class."""
    if (
        layer.class_name not in keras3.LAYERS
        or layer.class_name in context.custom
        or layer.module != "keras.layers"
    ):
        return None
    known = keras3.call_arguments(layer.class_name)
    unknown = {
        key: value for call in layer.calls for key, value in call.kwargs.items() if key not in known
    }
    if not unknown:
        return None
    said = ", ".join(unknown)
    if any(value is not None for value in unknown.values()):
        return Change(
            Severity.REFUSED,
            f"{layer.class_name} is called with {said}, which Keras 3 does not take",
        )
    calls = tuple(
        Call(call.args, {key: value for key, value in call.kwargs.items() if key in known})
        for call in layer.calls
    )
    message = f"{layer.class_name} is called with {said}=None, which Keras 3 does not take"
    return Change(
        Severity.BREAKS, message, (replace(layer, calls=calls),), "removed, it has no effect"
    )


RULE = Rule(
    code="KF905",
    stage=Stage.GATE,
    summary="call arguments that Keras 3 does not take",
    generations=frozenset({1, 2}),
    layer=judge,
)
