"""What Bidirectional layers return at masked steps.

What it sees: a Bidirectional that receives a mask, in files of stand-alone Keras 2 and of
TensorFlow 1.13.

Why it matters: where the layer in it returns sequences, Keras 3 makes it return zeros at masked
steps (``zero_output_for_mask``). Stand-alone Keras repeated the last output before them, and
TensorFlow 1.13 returned zeros also where only the last step is returned. No reader says an error.

What kfix changes: writes the Bidirectional as its forward layer, its backward layer with a Flip
behind it where sequences are returned, and the layer that merges them under the old name. In a
Sequential this makes the model a Functional one. Inside nested models it refuses.

Links: https://github.com/keras-team/keras/blob/master/keras/src/layers/rnn/bidirectional.py
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from converter.model.description import Call, Layer, Model, TensorRef, Writer
from converter.model.findings import Severity
from converter.model.masks import MaskedCall, masked_calls
from converter.model.rewriting import as_functional, op
from converter.rules.base import Context, ModelChange, Rule, Stage

MERGES = {
    "concat": ("Concatenate", {"axis": -1}),
    "sum": ("Add", {}),
    "mul": ("Multiply", {}),
    "ave": ("Average", {}),
}


def split(model: Model, context: Context) -> Iterator[ModelChange]:
    """Splits each such layer of the top model; looks at the whole tree from the top."""
    writer = context.writer
    if context.path or not any(_is_affected(found, writer) for found in masked_calls(model)):
        return
    graph = as_functional(model) or model
    for found in [each for each in masked_calls(graph) if _is_affected(each, writer)]:
        message = (
            "Bidirectional returns something else at masked steps than it did where it was written"
        )
        if not _can_be_split(found, graph):
            yield ModelChange(Severity.REFUSED, message, layer=found.path)
            continue
        layers = [each for layer in graph.layers for each in _parts(layer, found)]
        graph = replace(graph, layers=tuple(layers))
        yield ModelChange(
            Severity.SILENT, message, graph, "written as two layers and their merge", found.path
        )


def _is_affected(found: MaskedCall, writer: Writer) -> bool:
    """Whether writer and Keras 3 differ in what they return at masked steps."""
    inner = found.layer.inner.get("layer")
    if found.layer.class_name != "Bidirectional" or inner is None:
        return False
    sequences = bool(inner.config.get("return_sequences"))
    return (
        bool(inner.config.get("zero_output_for_mask", writer.tf_keras and sequences)) != sequences
    )


def _can_be_split(found: MaskedCall, graph: Model) -> bool:
    layer = found.layer
    in_this_graph = graph.kind != "sequential" and "/" not in found.path
    one_output = layer.config.get("merge_mode") in MERGES and not layer.inner["layer"].config.get(
        "return_state"
    )
    return in_this_graph and one_output and len(layer.calls) == 1 and not layer.calls[0].kwargs


def _parts(layer: Layer, found: MaskedCall) -> list[Layer]:
    """The layers that stand for one of the graph: itself, unless it is the one found."""
    if layer.name != found.layer.name:
        return [layer]
    forward = replace(layer.inner["layer"], name=f"{layer.name}_forward", calls=layer.calls)
    backward = replace(
        layer.inner["backward_layer"], name=f"{layer.name}_backward", calls=layer.calls
    )
    parts = [forward, backward]
    if forward.config.get("return_sequences"):
        # The backward layer returns its sequence from the end; Bidirectional turns it before
        # merging.
        parts.append(op(f"{layer.name}_turned", "Flip", TensorRef(backward.name), axis=1))
    class_name, config = MERGES[layer.config["merge_mode"]]
    merge = Call(([TensorRef(forward.name), TensorRef(parts[-1].name)],))
    return [*parts, Layer(layer.name, class_name, config, calls=(merge,))]


RULE = Rule(
    code="KF204",
    stage=Stage.GRAPH,
    summary="Bidirectional layers return something else at masked steps",
    generations=frozenset({1, 2}),
    model=split,
    tf_keras_agrees=False,
)
