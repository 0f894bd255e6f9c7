"""A function of the user's in place of that of a Lambda, as the graph that it makes of symbols."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from converter.model.description import Layer, Model, TensorRef
from converter.model.structures import map_call, refs
from converter.ops.nodes import Known, Nodes, NoForm, Result


@dataclass(frozen=True)
class Followed:
    """What a function of the user's makes of symbols.

    Attributes:
        model: the graph, without weights.
        outputs: what is known of its outputs.
    """

    model: Model
    outputs: tuple[Known, ...]


Supplied = Callable[[Sequence[Known], bool, Mapping[str, Any]], Followed]
"""Follows a function: what is known of its inputs, whether they are a list, its arguments."""


def written_from(code: Layer, inputs: Any, nodes: Nodes, follow: Supplied) -> Result:
    """Adds the nodes of the graph that a function of the user's makes.

    Args:
        code: the Lambda, whose own arguments the function gets too.
        inputs: the tensor that it gets, or a list of them.
        nodes: collects the nodes.
        follow: follows the function.

    Raises:
        NoForm: when too little is known of its inputs.
    """
    as_list = isinstance(inputs, list | tuple)
    given = list(inputs) if as_list else [inputs]
    if not all(isinstance(each, TensorRef) for each in given):
        raise NoForm("one of its inputs is no tensor")
    known = [nodes.known.get(each, Known()) for each in given]
    followed = follow(known, as_list, dict(code.config.get("arguments") or {}))
    found = _inlined(followed.model, given, nodes)
    nodes.known.update(zip(found, followed.outputs, strict=True))
    if len(found) > 1:
        return found
    is_last = bool(nodes.layers) and found[0] == TensorRef(nodes.layers[-1].name)
    return found[0] if is_last else nodes.copied(found[0])


def _inlined(model: Model, given: Sequence[TensorRef], nodes: Nodes) -> list[TensorRef]:
    """The graph's layers among the nodes; its outputs there."""
    starts = dict(zip((ref.layer for ref in refs(model.inputs)), given, strict=True))
    inner = [layer for layer in model.layers if layer.name not in starts]
    names = {layer.name: nodes.claimed(layer.name) for layer in inner}

    def there(ref: TensorRef) -> TensorRef:
        return starts[ref.layer] if ref.layer in starts else replace(ref, layer=names[ref.layer])

    for layer in inner:
        calls = tuple(map_call(there, call) for call in layer.calls)
        nodes.layers.append(replace(layer, name=names[layer.name], calls=calls))
    return [there(ref) for ref in refs(model.outputs)]
