"""Convolutions with the channels first.

What it sees: ``data_format="channels_first"`` on convolutions, transposed, depthwise and separable
ones, ConvLSTM layers, and Bidirectional, TimeDistributed and SpectralNormalization around them:
models from Theano (``dim_ordering="th"``), and those trained on a GPU.

Why it matters: whether TensorFlow computes them without a GPU, and what, depends on the machine.
They fail ("only supports the NHWC tensor format on the CPU") unless TensorFlow uses oneDNN, as its
builds for x86 do. Keras 3.15 adds their bias along the **last** axis where that is as long as there
are filters (Conv2D(6, 1) on 6 columns), without an error. docs/channels-first.md has the table.

What kfix changes: they become ``channels_last`` between Permute layers. Kernels are stored alike
for both, so their weights stay; so does the layout of the model's inputs and outputs. Layers behind
a convolution follow it (pooling, BatchNormalization with its axis, merges, PReLU with its slopes, a
Flatten), so that a network has one Permute in front and one where its layout is asked for again. A
softmax in a convolution stays on the axis that it had, behind a Permute. A Bidirectional that joins
along the last axis gets a Concatenate for that. A ConvLSTM that gets a mask, or whose activation
looks along an axis, is refused.

Links: https://github.com/keras-team/keras/issues/20414
"""

from __future__ import annotations

from collections.abc import Iterator

from converter.layouts.channels import (
    CONV_LSTMS,
    convolution_layout,
    has_pointwise_activations,
)
from converter.layouts.channels_last import has_channels_first, needs_graph, with_channels_last
from converter.model.description import Layer, Model
from converter.model.findings import Severity
from converter.model.masks import masked_calls
from converter.model.rewriting import as_functional
from converter.rules.base import Context, ModelChange, Rule, Stage


def turn(model: Model, context: Context) -> Iterator[ModelChange]:
    """Turns the convolutions of one graph; nested models have been turned before."""
    found = [layer for layer in model.layers if has_channels_first(layer)]
    if not found:
        return
    refusals = [(layer, why) for layer in found for why in _obstacles(layer, model)]
    for layer, why in refusals:
        yield ModelChange(Severity.REFUSED, f"{layer.class_name} has {why}", layer=layer.name)
    if refusals:
        return
    graph = as_functional(model) if any(map(needs_graph, found)) else model
    assert graph is not None
    names = ", ".join(layer.name for layer in found[:3])
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    message = f"convolutions with the channels first, which a CPU gets wrong: {names}{more}"
    new = with_channels_last(graph, keep_output_names=not context.path)
    yield ModelChange(Severity.SILENT, message, new, "channels_last between Permute layers")


def _obstacles(layer: Layer, model: Model) -> Iterator[str]:
    """Why a layer can't be turned."""
    if layer.class_name == "TimeDistributed":
        inner = layer.inner["layer"]
        if needs_graph(inner):
            yield "a Bidirectional with channels first in it"
        else:
            yield from _obstacles(inner, Model(inner.name, "sequential", (inner,)))
        return
    if ("layer" in layer.inner or layer.class_name in CONV_LSTMS) and not has_pointwise_activations(
        layer
    ):
        yield "channels first and an activation that looks along an axis"
    if _has_steps(layer) and any(c.layer.name == layer.name for c in masked_calls(model)):
        yield "channels first and gets a mask"
    if needs_graph(layer) and as_functional(model) is None:
        yield "channels first, and the model does not say what its input is"


def _has_steps(layer: Layer) -> bool:
    """Whether a layer makes use of masks."""
    layout = convolution_layout(layer)
    return layout is not None and layout.leading > 0


RULE = Rule(
    code="KF310",
    stage=Stage.GRAPH,
    summary="convolutions with the channels first do not run, or run wrongly, on a CPU",
    generations=frozenset({1, 2, 3}),
    model=turn,
    tf_keras_agrees=False,
)
