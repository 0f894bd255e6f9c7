"""Models of one input or output that are written as a list of one.

What it sees: ``input_layers`` or ``output_layers`` with a single tensor inside a list, in nested
models of Keras 3, and in all models of Keras 3 before 3.4.

Why Keras 3 trips: it gives back a list, where the writer gave the tensor: "'list' object has no
attribute 'shape'" in the next layer of a Sequential.

What kfix changes: writes the tensor by itself. (Models of Keras 2 are read that way already.)

Links: https://github.com/keras-team/keras/issues/20084
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from converter.model.description import Model
from converter.model.findings import Severity
from converter.rules.base import Context, ModelChange, Rule, Stage

KEPT_SINCE = (3, 4)
"""From this release of Keras 3 on, a model that was made with a list gives a list."""


def unwrap(model: Model, context: Context) -> Iterator[ModelChange]:
    """Takes single tensors out of their lists."""
    inputs, outputs = _single(model.inputs), _single(model.outputs)
    if not context.path and context.writer.version >= KEPT_SINCE:
        return
    if inputs is model.inputs and outputs is model.outputs:
        return
    message = "a single input or output is written as a list of one"
    new = replace(model, inputs=inputs, outputs=outputs)
    yield ModelChange(Severity.BREAKS, message, new, "written by itself")


def _single(structure: Any) -> Any:
    return structure[0] if isinstance(structure, list) and len(structure) == 1 else structure


RULE = Rule(
    code="KF306",
    stage=Stage.GRAPH,
    summary="a single input or output written as a list of one",
    generations=frozenset({3}),
    model=unwrap,
)
