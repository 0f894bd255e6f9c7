"""LayerNormalization with ``rms_scaling``.

What it sees: ``rms_scaling=True`` on LayerNormalization of Keras 3 before 3.15.

Why Keras 3 trips: the argument was taken out. It scaled by the variance and kept the mean,
which neither LayerNormalization nor RMSNormalization does today.

What kfix changes: nothing, it refuses.

Links: https://keras.io/api/layers/normalization_layers/layer_normalization/
"""

from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage


def refuse(layer: Layer, context: Context) -> Change | None:
    """A finding for layers that really scaled that way."""
    if not layer.config.get("rms_scaling"):
        return None
    return Change(Severity.REFUSED, "LayerNormalization has rms_scaling, which no layer does today")


RULE = Rule(
    code="KF209",
    stage=Stage.MEANING,
    summary="LayerNormalization no longer scales by the variance alone",
    generations=frozenset({3}),
    classes=frozenset({"LayerNormalization"}),
    layer=refuse,
)
