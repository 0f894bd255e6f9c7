"""The removed layer ThresholdedReLU.

What it sees: ThresholdedReLU(theta) of any Keras 2.

Why Keras 3 trips: the layer is gone ("Unknown layer: 'ThresholdedReLU'").

What kfix changes: it becomes ReLU(threshold=theta), which is the same function.

Links: https://github.com/keras-team/keras/issues/20830
"""

from dataclasses import replace

from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules._combinators import number
from converter.rules.base import Change, Context, Rule, Stage


def to_relu(layer: Layer, context: Context) -> Change | None:
    """ReLU with the same threshold; both pass x where x is greater than it, else 0."""
    theta = number(layer.config.get("theta", 1.0))
    if not isinstance(theta, (int, float)):
        return Change(
            Severity.REFUSED, f"ThresholdedReLU has theta={theta!r:.40}, which is no number"
        )
    theta = float(theta)
    new = replace(layer, class_name="ReLU").with_config(drop=["theta"], threshold=theta)
    return Change(
        Severity.BREAKS,
        "ThresholdedReLU was removed",
        (new,),
        f"written as ReLU(threshold={theta})",
    )


RULE = Rule(
    code="KF102",
    stage=Stage.CLASSES,
    summary="ThresholdedReLU is ReLU with a threshold",
    generations=frozenset({1, 2}),
    classes=frozenset({"ThresholdedReLU"}),
    layer=to_relu,
)
