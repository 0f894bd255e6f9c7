"""CategoryEncoding of TensorFlow 2.3 to 2.5.

What it sees: ``max_tokens`` and the output mode ``binary`` on CategoryEncoding.

Why Keras 3 trips: the argument is called ``num_tokens`` and the mode ``multi_hot`` today.

What kfix changes: renames both. A layer that learned its number of tokens, or weighs them by their
frequency, is refused.

Links: https://github.com/tensorflow/tensorflow/releases/tag/v2.6.0
"""

from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage

MODES = {"binary": "multi_hot"}


def rename(layer: Layer, context: Context) -> Change | None:
    """Today's words for the number of tokens and the mode."""
    if "max_tokens" not in layer.config:
        return None
    tokens, mode = layer.config["max_tokens"], layer.config.get("output_mode", "binary")
    message = f"CategoryEncoding has max_tokens={tokens} and output_mode={mode}"
    if tokens is None or mode not in ("binary", "count"):
        return Change(Severity.REFUSED, f"{message}, which Keras 3 cannot do")
    mode = MODES.get(mode, mode)
    new = layer.with_config(drop=["max_tokens"], num_tokens=tokens, output_mode=mode)
    return Change(Severity.BREAKS, message, (new,), f"written as num_tokens and {mode}")


RULE = Rule(
    code="KF127",
    stage=Stage.ARGUMENTS,
    summary="CategoryEncoding in the words of TensorFlow 2.3 to 2.5",
    generations=frozenset({2}),
    classes=frozenset({"CategoryEncoding"}),
    layer=rename,
)
