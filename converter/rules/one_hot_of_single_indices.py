"""CategoryEncoding to one_hot before Keras 3.4.

What it sees: ``output_mode="one_hot"`` on CategoryEncoding of Keras 3.0 to 3.3.

Why it matters: these releases added an axis for the bins always. Since 3.4 an axis of length 1 at
the end gives way to it: of an input of shape (batch, 1) comes (batch, bins), not (batch, 1, bins).

What kfix changes: writes it as the op node OneHot. It is refused where the rank of the input is not
known, and where a mask would be lost.

Links: https://github.com/keras-team/keras/blob/v3.3.3/keras/src/layers/preprocessing/category_encoding.py
"""

from __future__ import annotations

from collections.abc import Iterator

from converter.layouts.implicit_masks import compute_dtype
from converter.model.building import NN_OPS, GraphBuilder
from converter.model.description import Layer, Model
from converter.model.findings import Severity
from converter.rules._rebuilding import Place, Plan, rebuilt
from converter.rules.base import Context, ModelChange, Rule, Stage

SHRINKS = (3, 4)


def rewrite(model: Model, context: Context) -> Iterator[ModelChange]:
    """Writes each such layer as a small model."""
    if context.writer.version < SHRINKS:
        yield from rebuilt(model, context, _plan)


def _plan(layer: Layer, place: Place) -> Plan | None:
    if layer.class_name != "CategoryEncoding" or layer.config.get("output_mode") != "one_hot":
        return None
    message = "CategoryEncoding to one_hot kept an axis of length 1"
    if place.rank is None:
        return Plan(message, None, "The rank of its input is not known.")
    graph = GraphBuilder(layer.name)
    x = graph.input([None] * place.rank, "int64")
    y = graph.op(
        "OneHot",
        x,
        module=NN_OPS,
        num_classes=layer.config["num_tokens"],
        dtype=compute_dtype(layer),
        sparse=bool(layer.config.get("sparse")),
    )
    new = graph.instead_of(layer, y)
    return Plan(message, new, "written as an op node", severity=Severity.SILENT)


RULE = Rule(
    code="KF222",
    stage=Stage.MEANING,
    summary="CategoryEncoding to one_hot before Keras 3.4",
    generations=frozenset({3}),
    model=rewrite,
)
