"""MultiHeadAttention whose rows may be masked altogether.

What it sees: MultiHeadAttention that gets a mask and has a ``dropout``, returns its scores, or
works along several axes, in files written before Keras 3.10. A row is masked altogether where a
position may look at none: padding does that, as soon as both masks come from an Embedding.

Why it matters: such a row got the mean of all values. Where Keras 3 computes the scores itself,
which it does in these three cases, it gives zeros, without an error.

What kfix changes: the dropout is set to zero, with which Keras 3 takes another way, that returns
the mean still; attention is no longer dropped in further training, which the report says. A layer
that returns its scores, or has more than four axes inside, is refused. A float mask of anything but
ones and zeros is not followed: Keras 2 added a weight of -1e9 in proportion, Keras 3 wants yes or
no.

Links: https://github.com/keras-team/keras/blob/master/keras/src/layers/attention/multi_head_attention.py
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from converter.model.description import Call, Layer, Model, Writer
from converter.model.findings import Severity
from converter.model.masks import masked_calls
from converter.model.tensors import received
from converter.rules.base import Context, ModelChange, Rule, Stage

ZEROS_SINCE = (3, 10)
USES_MASKS_SINCE = (2, 10)
"""From this version on MultiHeadAttention made use of the masks that its inputs carry."""

MASKS = ("attention_mask", "query_mask", "value_mask", "key_mask")


def drop_nothing(model: Model, context: Context) -> Iterator[ModelChange]:
    """Takes the dropout out of such layers of one graph."""
    if context.writer.version >= ZEROS_SINCE:
        return
    ranks = {layer.name: tensors[0].rank for layer, tensors in received(model) if tensors}
    masked = _names_of_masked(model, context.writer)
    for layer in model.layers:
        if layer.class_name != "MultiHeadAttention" or layer.name not in masked:
            continue
        message = "MultiHeadAttention returns zeros in Keras 3 where everything is masked"
        if _shows_scores(layer) or (ranks.get(layer.name) or 3) > 3:
            yield ModelChange(Severity.REFUSED, message, layer=layer.name)
        elif layer.config.get("dropout"):
            new = layer.with_config(dropout=0.0)
            layers = tuple(new if each.name == layer.name else each for each in model.layers)
            model = replace(model, layers=layers)
            remedy = "its dropout is set to 0; it no longer drops anything in training"
            yield ModelChange(Severity.SILENT, message, model, remedy, layer.name)


def _names_of_masked(model: Model, writer: Writer) -> set[str]:
    """The layers of a graph that get a mask with their inputs or as an argument."""
    names = {layer.name for layer in model.layers if any(map(_has_mask, layer.calls))}
    if writer.version < USES_MASKS_SINCE:
        return names
    return names | {found.path for found in masked_calls(model)}


def _has_mask(call: Call) -> bool:
    return any(call.kwargs.get(key) is not None for key in MASKS)


def _shows_scores(layer: Layer) -> bool:
    return any(call.kwargs.get("return_attention_scores") for call in layer.calls)


RULE = Rule(
    code="KF253",
    stage=Stage.GRAPH,
    summary="attention that is masked altogether returns zeros",
    generations=frozenset({2, 3}),
    model=drop_nothing,
)
