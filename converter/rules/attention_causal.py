"""Attention layers with a ``causal`` argument.

What it sees: ``causal`` on Attention and AdditiveAttention, written by tf.keras 1.14 to 2.9.

Why Keras 3 trips: a causal mask is asked for at the call today (``use_causal_mask=True``), the
constructor does not take it.

What kfix changes: removes ``causal=False``; ``causal=True`` moves to every call of the layer.

Links: https://github.com/tensorflow/tensorflow/releases/tag/v2.10.0
"""

from dataclasses import replace

from converter.model.description import Call, Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage


def move_to_calls(layer: Layer, context: Context) -> Change | None:
    """Drops ``causal`` and, where it was true, gives every call ``use_causal_mask=True``."""
    if "causal" not in layer.config:
        return None
    causal = layer.config["causal"]
    message = f"{layer.class_name} has causal={causal}, which Keras 3 does not take"
    new = layer.with_config(drop=["causal"])
    if not causal:
        return Change(Severity.BREAKS, message, (new,), "removed, it has no effect")
    calls = tuple(Call(call.args, {**call.kwargs, "use_causal_mask": True}) for call in layer.calls)
    return Change(
        Severity.BREAKS,
        message,
        (replace(new, calls=calls),),
        "moved to the calls as use_causal_mask",
    )


RULE = Rule(
    code="KF117",
    stage=Stage.ARGUMENTS,
    summary="attention layers take the causal mask at the call",
    generations=frozenset({2}),
    classes=frozenset({"Attention", "AdditiveAttention"}),
    layer=move_to_calls,
)
