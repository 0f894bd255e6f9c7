"""Masks that are made inside a TimeDistributed.

What it sees: TimeDistributed around Embedding(mask_zero=True), Masking, or a model that ends in
one, with a layer behind it that uses masks.

Why it matters: Keras 2 put the masks of the steps together and handed them on. Keras 3 drops them
without an error, and the padding is computed like content.

What kfix changes: nothing; such masks have an axis more than Keras 3 expects, so it refuses.

Links: https://github.com/keras-team/keras/blob/master/keras/src/layers/rnn/time_distributed.py
"""

from __future__ import annotations

from collections.abc import Iterator

from converter.model.description import Layer, Model
from converter.model.findings import Severity
from converter.model.masks import (
    ATTENTIONS,
    RECURRENT,
    masked_calls,
    wraps_a_mask_maker,
)
from converter.rules.base import Context, ModelChange, Rule, Stage

USERS = RECURRENT | ATTENTIONS | {"GlobalAveragePooling1D", "MultiHeadAttention"}


def refuse(model: Model, context: Context) -> Iterator[ModelChange]:
    """A finding for each such layer of a graph whose masks are used."""
    makers = [layer for layer in model.layers if wraps_a_mask_maker(layer)]
    if makers and any(not call.mask.origins and _uses(call.layer) for call in masked_calls(model)):
        for layer in makers:
            message = "TimeDistributed makes masks inside, which Keras 3 does not hand on"
            yield ModelChange(Severity.REFUSED, message, layer=layer.name)


def _uses(layer: Layer) -> bool:
    return layer.class_name in USERS or any(map(_uses, layer.inner.values()))


RULE = Rule(
    code="KF214",
    stage=Stage.MEANING,
    summary="masks that are made inside a TimeDistributed get lost",
    generations=frozenset({2}),
    model=refuse,
)
