"""CategoryEncoding of TensorFlow 2.3 to 2.5.

What it sees: ``max_tokens`` and the output modes ``binary`` and ``tf-idf`` on CategoryEncoding.

Why Keras 3 trips: the argument is called ``num_tokens`` and the first mode ``multi_hot`` today; it
has no counterpart of the other. ``adapt()`` left the number of tokens in a variable.

What kfix changes: renames both, with the number that was learned. Counts that are weighed by how
frequent a token is become op nodes and an EinsumDense that holds the weights.

Links: https://github.com/tensorflow/tensorflow/releases/tag/v2.6.0
"""

from dataclasses import replace

from converter.layouts.variables import IDF_WEIGHTS
from converter.model.building import NN_OPS, GraphBuilder
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
    if not tokens:
        remedy = "Its file does not hold the number of tokens that it learned."
        return Change(Severity.REFUSED, message, remedy=remedy)
    if mode == "tf-idf":
        return _weighed(layer, tokens, message)
    mode = MODES.get(mode, mode)
    new = layer.with_config(drop=["max_tokens"], num_tokens=tokens, output_mode=mode)
    return Change(Severity.BREAKS, message, (new,), f"written as num_tokens and {mode}")


def _weighed(layer: Layer, tokens: int, message: str) -> Change:
    if [weight.name for weight in layer.weights] != [IDF_WEIGHTS]:
        return Change(Severity.REFUSED, message, remedy="Its file does not hold its weights.")
    (idf,) = layer.weights
    if idf.shape != (tokens,):
        remedy = f"It has {idf.shape[0]} weights in its file."
        return Change(Severity.REFUSED, message, remedy=remedy)
    graph = GraphBuilder(layer.name)
    x = graph.input([None, None], "int64")
    hot = graph.op("OneHot", x, module=NN_OPS, num_classes=tokens)
    counts = graph.op("Sum", hot, axis=1)
    idf = replace(idf, name="kernel")
    new = graph.instead_of(layer, graph.scaled(counts, 2, [1], idf, trainable=False))
    return Change(Severity.BREAKS, message, (new,), "written as op nodes and an EinsumDense")


RULE = Rule(
    code="KF127",
    stage=Stage.ARGUMENTS,
    summary="CategoryEncoding in the words of TensorFlow 2.3 to 2.5",
    generations=frozenset({2}),
    classes=frozenset({"CategoryEncoding"}),
    layer=rename,
)
