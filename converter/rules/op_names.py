"""Layers that bear the name of an op.

What it sees: a layer named ``concatenate``, ``not_equal``, ``any`` or the like, in a model where
masks are passed.

Why Keras 3 trips: it computes masks with op nodes that it names itself, and a name may be used only
once ("The name "concatenate" is used 2 times in the model").

What kfix changes: appends ``_layer`` to the layer's name.

Links: https://github.com/keras-team/keras/blob/master/keras/src/layers/merging/concatenate.py
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from converter.dialects.compile_state import rename_outputs
from converter.layouts.variables import is_op
from converter.model.description import Model
from converter.model.findings import Severity
from converter.model.masks import masked_calls
from converter.model.rewriting import free_name, rename_layers
from converter.rules.base import Context, ModelChange, Rule, Stage

MASK_OPS = re.compile(
    r"(any|all|concatenate|not_equal|equal|expand_dims|squeeze|logical_(and|or|not)|convert_to_tensor"
    r"|(ones|zeros)_like|broadcast_to|repeat|cast|reshape|get_item|flip|transpose|stack)(_\d+)?"
)
"""Names that Keras gives to the ops with which its layers compute masks."""


def rename(model: Model, context: Context) -> Iterator[ModelChange]:
    """Renames layers whose names Keras 3 may give to ops of its own."""
    taken = {layer.name for layer in model.layers}
    names: dict[str, str] = {}
    for layer in model.layers:
        if MASK_OPS.fullmatch(layer.name) and not is_op(layer):
            names[layer.name] = free_name(f"{layer.name}_layer", taken)
            taken.add(names[layer.name])
    if not names or not _has_masks(model):
        return
    new = rename_layers(model, names)
    if new.compile is not None:
        new = replace(new, compile=rename_outputs(new.compile, names))
    yield ModelChange(
        Severity.BREAKS,
        f"names that Keras 3 gives to ops: {', '.join(names)}",
        new,
        "_layer is appended",
    )


def _has_masks(model: Model) -> bool:
    return next(iter(masked_calls(model)), None) is not None


RULE = Rule(
    code="KF302",
    stage=Stage.GRAPH,
    summary="layers must not bear the names of the ops that compute masks",
    generations=frozenset({1, 2}),
    model=rename,
)
