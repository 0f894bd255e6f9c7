"""Layers that bear the name of an op.

What it sees: a layer named ``concatenate``, ``not_equal``, ``any`` or the like, in a model where
masks are passed; a layer named ``multiply`` where a rule has put the op Multiply into the graph.

Why Keras 3 trips: it names op nodes itself, those too with which it computes masks, and a name may
be used only once ("The name "concatenate" is used 2 times in the model").

What kfix changes: appends ``_layer`` to the layer's name.

Links: https://github.com/keras-team/keras/blob/master/keras/src/layers/merging/concatenate.py
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from converter.dialects.compile_state import rename_outputs
from converter.layouts.archive import snake_case
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

NUMBER = re.compile(r"_\d+$")


def rename(model: Model, context: Context) -> Iterator[ModelChange]:
    """Renames layers whose names Keras 3 may give to ops of its own."""
    taken = {layer.name for layer in model.layers}
    names: dict[str, str] = {}
    ops = {snake_case(layer.class_name) for layer in model.layers if is_op(layer)}
    has_masks = context.writer.generation < 3 and _has_masks(model)
    for layer in model.layers:
        of_mask = has_masks and MASK_OPS.fullmatch(layer.name)
        if not is_op(layer) and (of_mask or NUMBER.sub("", layer.name) in ops):
            names[layer.name] = free_name(f"{layer.name}_layer", taken)
            taken.add(names[layer.name])
    if not names:
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
    summary="layers must not bear the names of ops",
    generations=frozenset({1, 2, 3}),
    model=rename,
)
