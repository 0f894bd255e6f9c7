"""Recurrent layers that get a mask together with an initial state.

What it sees: an RNN, LSTM, GRU or Bidirectional that is called with ``initial_state`` on a tensor
that carries a mask, as in a sequence-to-sequence decoder behind ``Embedding(mask_zero=True)``.

Why it matters: Keras 3 passes a mask on only when a layer is called with a single tensor. Here it
drops the mask, without an error, and the padding is computed like content.

What kfix changes: computes the mask with op nodes from the tensor it came from, and passes it as
``mask=``. Where it can't be followed to one tensor, it refuses.

Links: https://github.com/keras-team/keras/blob/master/keras/src/layers/layer.py
"""

from __future__ import annotations

from collections.abc import Iterator

from converter.model.description import Model
from converter.model.findings import Severity
from converter.model.masks import RECURRENT, MaskedCall, masked_calls
from converter.model.rewriting import with_explicit_mask
from converter.rules.base import Context, ModelChange, Rule, Stage


def pass_on(model: Model, context: Context) -> Iterator[ModelChange]:
    """Adds explicit masks to the calls of a graph where Keras 3 would drop implicit ones."""
    if model.kind == "sequential":
        return
    for found in masked_calls(model):
        if "/" in found.path or not _drops_mask(found):
            continue
        message = (
            f"{found.layer.class_name} gets a mask and an initial state; Keras 3 drops the mask"
        )
        if not found.mask.origins:
            yield ModelChange(
                Severity.REFUSED,
                message,
                layer=found.path,
                remedy="The mask comes from more than one tensor.",
            )
            continue
        model = with_explicit_mask(model, found)
        yield ModelChange(
            Severity.SILENT,
            message,
            model,
            "the mask is computed and passed explicitly",
            found.path,
        )


def _drops_mask(found: MaskedCall) -> bool:
    call = found.layer.calls[found.call]
    return (
        found.layer.class_name in RECURRENT
        and "initial_state" in call.kwargs
        and call.kwargs.get("mask") is None
    )


RULE = Rule(
    code="KF205",
    stage=Stage.GRAPH,
    summary="a mask beside an initial state is dropped by Keras 3",
    generations=frozenset({1, 2}),
    model=pass_on,
)
