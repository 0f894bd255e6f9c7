"""MultiHeadAttention whose rows may be masked altogether.

What it sees: MultiHeadAttention that gets a mask and has a ``dropout``, returns its scores, or
works along several axes, in files written before Keras 3.10. A row is masked altogether where a
position may look at none: padding does that, as soon as both masks come from an Embedding.

Why it matters: such a row got the mean of all values. Where Keras 3 computes the scores itself,
which it does in these three cases, it gives zeros, without an error.

What kfix changes: the dropout is set to zero, with which Keras 3 takes another way, that returns
the mean still; attention is no longer dropped in further training, which the report says. A layer
that returns its scores is written as four EinsumDense layers and op nodes; where its only mask is
not an input of rank 3 of the same graph, and with more than four axes inside, it is refused. A
float mask of anything but ones and zeros is not followed: Keras 2 added a weight of -1e9 in
proportion, Keras 3 wants yes or no.

Links: https://github.com/keras-team/keras/blob/master/keras/src/layers/attention/multi_head_attention.py
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from converter.model.building import GraphBuilder
from converter.model.description import Call, Layer, Model, TensorRef, Weight, Writer
from converter.model.findings import Severity
from converter.model.masks import carried_masks, masked_calls
from converter.model.tensors import received
from converter.rules.base import Context, ModelChange, Rule, Stage

ZEROS_SINCE = (3, 10)
USES_MASKS_SINCE = (2, 10)
"""From this version on MultiHeadAttention made use of the masks that its inputs carry."""

MASKS = ("attention_mask", "query_mask", "value_mask", "key_mask")


def drop_nothing(model: Model, context: Context) -> Iterator[ModelChange]:
    """Takes the dropout out of such layers of one graph."""
    if context.writer.version >= ZEROS_SINCE:
        return
    ranks = {layer.name: tensors[0].rank for layer, tensors in received(model) if tensors}
    masked = _names_of_masked(model, context.writer)
    for layer in model.layers:
        if layer.class_name != "MultiHeadAttention" or layer.name not in masked:
            continue
        message = "MultiHeadAttention returns zeros in Keras 3 where everything is masked"
        shown = _with_scores(model, layer) if _shows_scores(layer) else None
        if shown is not None:
            layers = tuple(shown if each.name == layer.name else each for each in model.layers)
            model = replace(model, layers=layers)
            remedy = "written as EinsumDense layers and op nodes"
            yield ModelChange(Severity.SILENT, message, model, remedy, layer.name)
        elif _shows_scores(layer) or (ranks.get(layer.name) or 3) > 3:
            yield ModelChange(Severity.REFUSED, message, layer=layer.name)
        elif layer.config.get("dropout"):
            new = layer.with_config(dropout=0.0)
            layers = tuple(new if each.name == layer.name else each for each in model.layers)
            model = replace(model, layers=layers)
            remedy = "its dropout is set to 0; it no longer drops anything in training"
            yield ModelChange(Severity.SILENT, message, model, remedy, layer.name)


def _names_of_masked(model: Model, writer: Writer) -> set[str]:
    """The layers of a graph that get a mask with their inputs or as an argument."""
    names = {layer.name for layer in model.layers if any(map(_has_mask, layer.calls))}
    if writer.version < USES_MASKS_SINCE:
        return names
    return names | {found.path for found in masked_calls(model)}


def _has_mask(call: Call) -> bool:
    return any(call.kwargs.get(key) is not None for key in MASKS)


def _shows_scores(layer: Layer) -> bool:
    return any(call.kwargs.get("return_attention_scores") for call in layer.calls)


def _with_scores(model: Model, layer: Layer) -> Layer | None:
    """The layer as a small model that returns its output and its scores."""
    if len(layer.calls) != 1 or len(layer.weights) != 8:
        return None
    tensors = _tensors(model, layer.calls[0])
    if tensors is None or layer.config.get("attention_axes") not in (None, [1], (1,)):
        return None
    graph = GraphBuilder(layer.name)
    pairs = [layer.weights[index : index + 2] for index in (0, 2, 4, 6)]
    features = [pair[0].shape[0] for pair in (pairs[0], pairs[2], pairs[1])]
    query, value, key = (graph.input([None, None, each]) for each in features)
    mask = graph.op("ExpandDims", graph.input([None] * 3, "bool"), axis=1)
    projected = [
        _projection(graph, each, pair, "abc,cde->abde", "de")
        for each, pair in zip((query, key, value), pairs, strict=False)
    ]
    scale = float(layer.config["key_dim"]) ** -0.5
    scaled = graph.layer("Rescaling", projected[0], scale=scale, offset=0.0)
    products = graph.op("Einsum", projected[1], scaled, subscripts="aecd,abcd->acbe")
    scores = graph.layer("Softmax", graph.op("Where", mask, products, -1e9))
    mixed = graph.op("Einsum", scores, projected[2], subscripts="acbe,aecd->abcd")
    output = _projection(graph, mixed, pairs[3], "abcd,cde->abe", "e")
    return replace(graph.instead_of(layer, [output, scores]), calls=(Call((tensors,)),))


def _tensors(model: Model, call: Call) -> list[TensorRef] | None:
    """Query, value, key and mask of a call; None where it takes something else, too."""
    query, value, key = (*call.args, None, None)[:3]
    value = value or call.kwargs.get("value")
    key = key or call.kwargs.get("key") or value
    mask = call.kwargs.get("attention_mask")
    tensors = [query, value, key, mask]
    others = [call.kwargs.get(name) for name in (*MASKS[1:], "use_causal_mask")]
    if any(others) or not isinstance(mask, TensorRef):
        return None
    carried = carried_masks(model)
    if any(carried.get(each) for each in tensors if isinstance(each, TensorRef)):
        return None
    given = next((each for each in model.layers if each.name == mask.layer), None)
    if given is None or len(given.config.get("batch_shape") or ()) != 3:
        return None
    return [each for each in tensors if isinstance(each, TensorRef)] if value else None


def _projection(
    graph: GraphBuilder, x: TensorRef, pair: Sequence[Weight], equation: str, axes: str
) -> TensorRef:
    bias = pair[1].shape
    shape = [None, *bias]
    return graph.layer(
        "EinsumDense", x, weights=pair, equation=equation, output_shape=shape, bias_axes=axes
    )


RULE = Rule(
    code="KF253",
    stage=Stage.GRAPH,
    summary="attention that is masked altogether returns zeros",
    generations=frozenset({2, 3}),
    model=drop_nothing,
)
