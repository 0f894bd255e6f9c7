"""Dot on tensors of rank 4 and more.

What it sees: Dot on two tensors of the same rank, 4 or higher, in files of stand-alone Keras before
2.3 and of TensorFlow 1: attention with heads, written by hand. With Theano as its backend, Keras
computed what Keras 3 does.

Why it matters: there it was one matrix product over the last two axes, with the axes in front kept
in common: (batch, 2, 3, 4) with (batch, 2, 5, 4) gave (batch, 2, 3, 5). Keras 3 combines every axis
with every other, (batch, 2, 3, 2, 5), without an error.

What kfix changes: writes the product with op nodes; ``axes`` that name none of the last two axes
counted as the one before the last. With ``normalize`` a UnitNormalization stands in front of each.
Ranks that differ, and those that are not known, are refused; so are files of tf.keras that say
2.2.4, as those of TensorFlow 1.13 to 1.15 (the old product) and 2.0 (today's) do, unless the user
says which it was: ``--writer tf-1.15``.

Links: https://github.com/keras-team/keras/blob/2.2.4/keras/backend/tensorflow_backend.py#L1206
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from converter.model.description import Call, Json, Layer, Model, TensorRef
from converter.model.findings import Severity
from converter.model.rewriting import op
from converter.model.structures import refs
from converter.model.tensors import received
from converter.rules._asking import which_writer
from converter.rules.base import Context, ModelChange, Rule, Stage

OUTER_PRODUCTS_SINCE = (2, 3)
"""From this version on Dot combined every axis. tf.keras did from TensorFlow 2.0 on, which gives
the same version as 1.13, 2.2.4."""


def write_out(model: Model, context: Context) -> Iterator[ModelChange]:
    """Replaces each such Dot of one graph by op nodes."""
    writer = context.writer
    told = writer.backend_version if writer.tf_keras else ()
    if writer.backend == "theano" or writer.version >= OUTER_PRODUCTS_SINCE or told >= (2,):
        return
    for layer, tensors in list(received(model)):
        ranks = [each.rank for each in tensors]
        if layer.class_name != "Dot" or max((rank or 4 for rank in ranks), default=0) < 4:
            continue
        message = "Dot on tensors of rank 4 and more is another product in Keras 3"
        axes = _axes(layer.config.get("axes"), ranks)
        if writer.tf_keras and not told:
            remedy = which_writer("tf-1.15", "tf-2.0")
            yield ModelChange(Severity.REFUSED, message, layer=layer.name, remedy=remedy)
            continue
        if axes is None or len(layer.calls) != 1:
            yield ModelChange(Severity.REFUSED, message, layer=layer.name)
            continue
        nodes = _nodes(layer, axes, ranks[0] or 0)
        layers = [each for old in model.layers for each in (nodes if old is layer else [old])]
        model = replace(model, layers=tuple(layers))
        yield ModelChange(Severity.SILENT, message, model, "written as a Matmul", layer.name)


def _axes(axes: Json, ranks: Sequence[int | None]) -> list[int] | None:
    """The two axes counted from the front; None where the ranks differ or are not known."""
    if len(ranks) != 2 or ranks[0] is None or ranks[0] != ranks[1]:
        return None
    rank = ranks[0]
    both = [axes, axes] if isinstance(axes, int) else axes
    return [axis % rank for axis in both] if both else None


def _nodes(layer: Layer, axes: Sequence[int], rank: int) -> list[Layer]:
    """The layers and nodes that stand for a Dot; the last one has its name."""
    nodes: list[Layer] = []
    factors: list[TensorRef] = []
    swapped = [*range(rank - 2), rank - 1, rank - 2]
    # The first factor is turned unless it is multiplied along its last axis, the second if it is.
    turned = (axes[0] != rank - 1, axes[1] == rank - 1)
    for index, ref in enumerate(refs(layer.calls[0].args)):
        name = f"{layer.name}_{index}"
        if layer.config.get("normalize"):
            config = {"axis": axes[index]}
            nodes.append(Layer(f"{name}_unit", "UnitNormalization", config, calls=(Call((ref,)),)))
            ref = TensorRef(nodes[-1].name)
        if turned[index]:
            nodes.append(op(f"{name}_turned", "Transpose", ref, axes=swapped))
            ref = TensorRef(nodes[-1].name)
        factors.append(ref)
    return [*nodes, op(layer.name, "Matmul", *factors)]


RULE = Rule(
    code="KF251",
    stage=Stage.MEANING,
    summary="Dot on tensors of rank 4 and more was another product",
    generations=frozenset({1, 2}),
    model=write_out,
    tf_keras_agrees=False,
)
