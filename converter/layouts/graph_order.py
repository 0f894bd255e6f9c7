"""The order in which Keras puts the layers of a Functional model.

Keras forgets the order of a config: on loading it sorts layers by their depth in the graph, ties by
a depth-first walk from the outputs. Weights are matched by that order, so a writer must know it.
The algorithm is the same from Keras 2 to Keras 3 (``map_graph`` in keras/src/ops/function.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from converter.layouts.implicit_masks import ImplicitMasks
from converter.model.description import Call, Layer, Model
from converter.model.structures import call_refs, refs

Node = tuple[str, int]
"""A call of a layer: layer name and call index. An input layer's only node is call 0."""


def ordered_layers(model: Model, *, implicit_masks: bool = True) -> tuple[Layer, ...]:
    """The model's layers as ``model.layers`` lists them, without those that no output needs.

    A Sequential keeps its own order.

    Args:
        model: in either generation's words.
        implicit_masks: whether the reader adds op nodes for masks, as Keras 3 does and Keras 2 does
            not.
    """
    if model.kind == "sequential":
        return model.layers
    masks = ImplicitMasks(model) if implicit_masks else None
    parents = _parents(model.layers, masks)
    outputs = [(ref.layer, ref.call) for ref in refs(model.outputs)]
    nodes, first_seen = _depth_first(outputs, parents)
    depth_of_node: dict[Node, int] = {}
    depth_of_layer: dict[str, int] = {}
    for node in reversed(nodes):
        depth = max(depth_of_node.get(node, 0), depth_of_layer.get(node[0], 0))
        depth_of_layer[node[0]] = depth_of_node[node] = depth
        for parent in parents.get(node, ()):
            depth_of_node[parent] = max(depth + 1, depth_of_node.get(parent, 0))
    for ref in refs(model.inputs):
        if ref.layer not in depth_of_layer:
            depth_of_layer[ref.layer], first_seen[ref.layer] = 0, -1
    by_name = {layer.name: layer for layer in model.layers}
    names = sorted(depth_of_layer, key=lambda name: (-depth_of_layer[name], first_seen[name]))
    return tuple(by_name[name] for name in names if name in by_name)


def _parents(layers: Iterable[Layer], masks: ImplicitMasks | None) -> dict[Node, tuple[Node, ...]]:
    parents: dict[Node, tuple[Node, ...]] = dict(masks.parents) if masks else {}
    for layer in layers:
        for index, call in enumerate(layer.calls):
            if masks and (layer.name, index) in masks.arguments:
                call = Call(call.args, {**call.kwargs, **masks.arguments[layer.name, index]})
            parents[layer.name, index] = tuple((ref.layer, ref.call) for ref in call_refs(call))
    return parents


def _depth_first(
    outputs: Sequence[Node], parents: dict[Node, tuple[Node, ...]]
) -> tuple[list[Node], dict[str, int]]:
    """Nodes from inputs to outputs, and for each layer when the walk first met it.

    Written without recursion: graphs of a thousand layers are deeper than Python's stack.
    """
    finished: dict[Node, None] = {}
    first_seen: dict[str, int] = {}
    started: set[Node] = set()
    for output in outputs:
        stack = [(output, False)]
        while stack:
            node, parents_done = stack.pop()
            if parents_done:
                finished[node] = None
            elif node not in started:
                started.add(node)
                first_seen.setdefault(node[0], len(first_seen))
                stack.append((node, True))
                stack += [(parent, False) for parent in reversed(parents.get(node, ()))]
    return list(finished), first_seen
