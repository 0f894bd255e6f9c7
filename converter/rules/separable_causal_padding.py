"""SeparableConv1D with causal padding.

What it sees: ``padding="causal"`` on SeparableConv1D (tf.keras 1.13 to 2.15 and tf_keras).

Why Keras 3 trips: only Conv1D knows causal padding there ("Invalid padding").

What kfix changes: puts a ZeroPadding1D before it that adds the steps at the front, and lets the
convolution go without padding, which is what causal padding means.

Links: https://github.com/keras-team/keras/blob/master/keras/src/layers/convolutional/separable_conv1d.py
"""

from converter.model.description import Json, Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage


def pad_in_front(layer: Layer, context: Context) -> Change | None:
    """ZeroPadding1D at the front, and the convolution without padding."""
    if layer.config.get("padding") != "causal":
        return None
    message = "SeparableConv1D has causal padding, which Keras 3 does not know"
    size = _first(layer.config.get("kernel_size"))
    dilation = _first(layer.config.get("dilation_rate", 1))
    if size is None or dilation is None:
        return Change(Severity.REFUSED, f"{message}, and no size of its kernel")
    common = {key: layer.config[key] for key in ("dtype", "data_format") if key in layer.config}
    config = {**common, "padding": [dilation * (size - 1), 0]}
    padding = Layer(f"{layer.name}_padding", "ZeroPadding1D", config)
    new = layer.with_config(padding="valid")
    return Change(Severity.BREAKS, message, (padding, new), "written as ZeroPadding1D before it")


def _first(value: Json) -> int | None:
    first = value[0] if isinstance(value, list) and value else value
    return first if isinstance(first, int) else None


RULE = Rule(
    code="KF211",
    stage=Stage.MEANING,
    summary="SeparableConv1D does not know causal padding",
    generations=frozenset({2}),
    classes=frozenset({"SeparableConv1D"}),
    layer=pad_in_front,
)
