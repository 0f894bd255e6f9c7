"""Masks that meet in a merge layer.

What it sees: Add, Concatenate and the other merge layers on tensors of which some carry a mask,
with a layer behind them that uses it, in files of Keras 2 and of Keras 3 before 3.4.

Why it matters: in Keras 2 a position was unmasked when it was so in all masks. Since Keras 3.4 one
is enough, and a tensor without mask counts as unmasked everywhere: the padding of a sequence is
computed like content as soon as its embedding is concatenated with another feature. Keras 3.0 to
3.3 lost the mask altogether. No error says so.

What kfix changes: computes the mask as it was with op nodes, and passes it to the layers that use
it. Where it can't be followed to tensors of the same graph, it refuses.

Links: https://github.com/keras-team/keras/blob/master/keras/src/layers/merging/base_merge.py
"""

from __future__ import annotations

from collections.abc import Iterator

from converter.model.description import Layer, Model
from converter.model.findings import Severity
from converter.model.masks import ATTENTIONS, RECURRENT, MaskedCall, masked_calls
from converter.model.rewriting import with_explicit_mask
from converter.rules.base import Context, ModelChange, Rule, Stage

EFFECTIVE_SINCE = (3, 4)
"""Before this release of Keras 3, merge layers handed no mask on."""

TAKES_MASK = RECURRENT | {"GlobalAveragePooling1D"}
USES_MASK = TAKES_MASK | ATTENTIONS | {"MultiHeadAttention"}


def pass_on(model: Model, context: Context) -> Iterator[ModelChange]:
    """Gives the layers behind such a merge the mask they had; looks at the whole tree."""
    loses_masks = (3,) < context.writer.version < EFFECTIVE_SINCE
    if context.path or (context.writer.generation >= 3 and not loses_masks):
        return
    for found in list(masked_calls(model)):
        affected = found.mask.merged if loses_masks else found.mask.merged_otherwise
        if not affected or not _uses_mask(found.layer) or _has_own_mask(found):
            continue
        message = f"{found.layer.class_name} gets a mask that Keras 3 merges in another way"
        if "/" in found.path or not found.mask.origins or found.layer.class_name not in TAKES_MASK:
            remedy = "The mask can't be followed to where it was made."
            yield ModelChange(Severity.REFUSED, message, layer=found.path, remedy=remedy)
            continue
        model = with_explicit_mask(model, found, all_unmasked=loses_masks)
        remedy = "the mask is computed and passed explicitly"
        yield ModelChange(Severity.SILENT, message, model, remedy, found.path)


def _uses_mask(layer: Layer) -> bool:
    return layer.class_name in USES_MASK or any(map(_uses_mask, layer.inner.values()))


def _has_own_mask(found: MaskedCall) -> bool:
    calls = found.layer.calls
    return bool(calls) and calls[found.call].kwargs.get("mask") is not None


RULE = Rule(
    code="KF208",
    stage=Stage.GRAPH,
    summary="masks that meet in a merge layer are merged in another way",
    generations=frozenset({1, 2, 3}),
    model=pass_on,
)
