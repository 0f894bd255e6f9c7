"""Activations that are layers with variables of their own.

What it sees: a PReLU layer as the ``activation`` of another layer, such as
``Dense(8, activation=PReLU())``.

Why Keras 3 trips: it does not build such a layer before its first call, so it has no variables when
the weights are loaded: an archive fails ("Layer 'p_re_lu' was never built"), an .h5 has too many
weights.

What kfix changes: the layer gets a linear activation, and the PReLU becomes the layer behind it.
Inside recurrent layers, which apply their activation at every step, it refuses.

Links: https://github.com/keras-team/keras/blob/master/keras/src/layers/activations/prelu.py
"""

from dataclasses import replace

from converter.layouts.variables import variables_of
from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage


def split(layer: Layer, context: Context) -> Change | None:
    """Puts the activation behind the layer, under the layer's name."""
    keys = [key for key in layer.inner if key.endswith("activation")]
    holders = [key for key in keys if variables_of(layer.inner[key])]
    if not holders:
        return None
    inside = layer.inner[holders[0]]
    message = f"{layer.class_name} has an activation with variables ({inside.class_name})"
    # Recurrent layers apply their activations step by step, inside.
    if "recurrent_kernel_initializer" in layer.config or "recurrent_activation" in layer.config:
        return Change(Severity.REFUSED, f"{message}, which Keras 3 cannot load")
    others = {key: child for key, child in layer.inner.items() if key != "activation"}
    first = replace(layer, name=f"{layer.name}_linear", inner=others)
    last = replace(inside, name=layer.name, calls=layer.calls)
    first = first.with_config(activation="linear")
    return Change(Severity.BREAKS, message, (first, last), "the activation becomes the next layer")


RULE = Rule(
    code="KF210",
    stage=Stage.MEANING,
    summary="activations with variables become layers of their own",
    generations=frozenset({2}),
    layer=split,
)
