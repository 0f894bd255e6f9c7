"""What rules share that put a small graph of stock layers and op nodes in place of a layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from converter.model.description import Layer, Model
from converter.model.findings import Severity
from converter.model.masks import masked_calls
from converter.model.tensors import Tensor, received, wrapped
from converter.rules.base import Context, ModelChange


@dataclass(frozen=True)
class Place:
    """Where a layer stands.

    Attributes:
        rank: of what it receives, with the batch axis; None where that is not known.
        wrapped: whether a TimeDistributed holds it.
    """

    rank: int | None
    wrapped: bool


@dataclass(frozen=True)
class Plan:
    """What becomes of a layer.

    Attributes:
        message: what was found.
        new: what stands in its place; None where that can't be.
        remedy: how it is written now, or why it can't be.
        keeps_mask: whether a mask that it gets comes out of it as before.
        severity: what the old state meant.
    """

    message: str
    new: Layer | None
    remedy: str = ""
    keeps_mask: bool = False
    severity: Severity = Severity.BREAKS


Build = Callable[[Layer, Place], Plan | None]
"""The plan for a layer, None for one that stays."""

LOSES_MASK = "It hands on a mask, which nothing in its place would."


def rebuilt(model: Model, context: Context, build: Build) -> Iterator[ModelChange]:
    """Puts what ``build`` plans in place of layers, nested and wrapped ones too.

    Looks at the whole tree from the top, where it can be seen which layers get masks.
    """
    if context.path:
        return
    masked = {found.path for found in masked_calls(model)}
    plans: list[tuple[str, Plan]] = []

    def visit(graph: Model, path: str) -> Model:
        tensors = {layer.name: found for layer, found in received(graph)}
        return replace(
            graph,
            layers=tuple(
                one(layer, next(iter(tensors.get(layer.name, ())), Tensor()), path)
                for layer in graph.layers
            ),
        )

    def one(layer: Layer, tensor: Tensor, path: str) -> Layer:
        where = f"{path}/{layer.name}" if path else layer.name
        if layer.model is not None:
            return replace(layer, model=visit(layer.model, where))
        inner, inner_tensor = wrapped(layer, tensor)
        plan = build(inner, Place(inner_tensor.rank, inner is not layer))
        if plan is None:
            return layer
        if plan.new and where in masked and not plan.keeps_mask:
            plan = replace(plan, new=None, remedy=LOSES_MASK)
        plans.append((where, plan))
        return _innermost(layer, plan.new) if plan.new else layer

    new = visit(model, "")
    for where, plan in plans:
        if plan.new is None:
            yield ModelChange(Severity.REFUSED, plan.message, remedy=plan.remedy, layer=where)
        else:
            yield ModelChange(plan.severity, plan.message, new, plan.remedy, where)


def _innermost(layer: Layer, new: Layer) -> Layer:
    """The layer, or the wrappers around it, with ``new`` at its place."""
    if layer.class_name != "TimeDistributed":
        return new
    return replace(layer, inner={**layer.inner, "layer": _innermost(layer.inner["layer"], new)})
