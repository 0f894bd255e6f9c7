"""Bidirectional layers that return sequences over a mask, in stand-alone Keras.

What it sees: a Bidirectional around a layer with ``return_sequences=True`` that receives a mask, in files of stand-alone Keras 2.

Why it matters: at masked steps stand-alone Keras returned the last output before them. tf.keras and Keras 3 return zeros there as soon as the
layer sits in a Bidirectional (``zero_output_for_mask``), without an error.

What kfix changes: writes the Bidirectional as its forward layer, its backward layer with a Flip behind it, and the layer that merges
them under the old name. In a Sequential this makes the model a Functional one. Inside nested models it refuses.

Links: https://github.com/keras-team/keras/blob/master/keras/src/layers/rnn/bidirectional.py
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from converter.model.description import Call, Layer, Model, TensorRef
from converter.model.findings import Severity
from converter.model.masks import MaskedCall, masked_calls
from converter.model.rewriting import as_functional, op
from converter.rules.base import Context, ModelChange, Rule, Stage

MERGES = {"concat": ("Concatenate", {"axis": -1}), "sum": ("Add", {}), "mul": ("Multiply", {}), "ave": ("Average", {})}


def split(model: Model, context: Context) -> Iterator[ModelChange]:
    """Splits each such layer of the top model; looks at the whole tree from the top."""
    if context.writer.tf_keras or context.path or not any(_is_affected(found) for found in masked_calls(model)):
        return
    graph = as_functional(model) or model
    for found in [each for each in masked_calls(graph) if _is_affected(each)]:
        message = "Bidirectional returns zeros at masked steps, where stand-alone Keras repeated the last output"
        if not _can_be_split(found, graph):
            yield ModelChange(Severity.REFUSED, message, layer=found.path)
            continue
        layers = [each for layer in graph.layers for each in _parts(layer, found)]
        graph = replace(graph, layers=tuple(layers))
        yield ModelChange(Severity.SILENT, message, graph, "written as two layers and their merge", found.path)


def _is_affected(found: MaskedCall) -> bool:
    inner = found.layer.inner.get("layer")
    is_bidirectional = found.layer.class_name == "Bidirectional" and inner is not None
    return is_bidirectional and bool(inner and inner.config.get("return_sequences"))


def _can_be_split(found: MaskedCall, graph: Model) -> bool:
    layer = found.layer
    in_this_graph = graph.kind != "sequential" and "/" not in found.path
    one_output = layer.config.get("merge_mode") in MERGES and not layer.inner["layer"].config.get("return_state")
    return in_this_graph and one_output and len(layer.calls) == 1 and not layer.calls[0].kwargs


def _parts(layer: Layer, found: MaskedCall) -> list[Layer]:
    """The layers that stand for one layer of the graph: itself, unless it is the one that was found."""
    if layer.name != found.layer.name:
        return [layer]
    forward = replace(layer.inner["layer"], name=f"{layer.name}_forward", calls=layer.calls)
    backward = replace(layer.inner["backward_layer"], name=f"{layer.name}_backward", calls=layer.calls)
    # The backward layer returns its sequence from the end; Bidirectional turns it before merging.
    turned = op(f"{layer.name}_turned", "Flip", TensorRef(backward.name), axis=1)
    class_name, config = MERGES[layer.config["merge_mode"]]
    merge = Call(([TensorRef(forward.name), TensorRef(turned.name)],))
    return [forward, backward, turned, Layer(layer.name, class_name, config, calls=(merge,))]


RULE = Rule(
    code="KF204",
    stage=Stage.GRAPH,
    summary="stand-alone Keras repeated the last output at masked steps of a Bidirectional",
    generations=frozenset({2}),
    model=split,
)
