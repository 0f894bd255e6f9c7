"""A Sequential that starts with a Merge of other models: Keras 1's first form of a graph.

The branches are written inside the Merge layer. Keras 1 saved their layers' weights as if they were
layers of the outer model, so the whole becomes one flat graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from converter.errors import NotAModelError
from converter.model.description import Call, Layer, Model, TensorRef
from converter.model.rewriting import as_functional
from converter.model.structures import refs


def joined(name: str, branches: Sequence[Model], merge: Layer, rest: Sequence[Layer]) -> Model:
    """The graph of the branches, the merge layer and what follows it.

    Args:
        name: of the model.
        branches: the models that the Merge layer holds.
        merge: the Merge layer itself.
        rest: the layers behind it.

    Raises:
        NotAModelError: when a branch does not say what its input is, or shares only some of its
            layers with another.
    """
    layers: dict[str, Layer] = {}
    inputs: list[TensorRef] = []
    ends: list[TensorRef] = []
    for branch in branches:
        graph = as_functional(branch)
        if graph is None:
            raise NotAModelError(f"the branch '{branch.name}' does not say what its input is")
        for layer in graph.layers:
            _add(layer, layers)
        inputs += [ref for ref in refs(graph.inputs) if ref not in inputs]
        ends += refs(graph.outputs)
    _add(replace(merge, calls=(Call((ends,)),)), layers)
    return _chain(name, layers, inputs, merge.name, rest)


def behind_inputs(name: str, head: Layer, rest: Sequence[Layer]) -> Model:
    """A Sequential whose first layer is a model with several inputs, as a graph."""
    assert head.model is not None
    inputs = list(refs(head.model.inputs))
    names = {ref.layer for ref in inputs}
    layers = {layer.name: layer for layer in head.model.layers if layer.name in names}
    _add(replace(head, calls=(Call((inputs,)),)), layers)
    return _chain(name, layers, inputs, head.name, rest)


def _chain(
    name: str,
    layers: dict[str, Layer],
    inputs: list[TensorRef],
    last: str,
    rest: Sequence[Layer],
) -> Model:
    """The graph with a chain of layers behind the layer ``last``."""
    for layer in rest:
        _add(replace(layer, calls=(Call((TensorRef(last),)),)), layers)
        last = layer.name
    starts = inputs[0] if len(inputs) == 1 else inputs
    return Model(name, "functional", tuple(layers.values()), starts, TensorRef(last))


def _add(layer: Layer, layers: dict[str, Layer]) -> None:
    """Adds a layer of a branch; a branch may occur twice, and then is the same one."""
    if layers.setdefault(layer.name, layer) != layer:
        raise NotAModelError(f"the branches of a Merge share the layer '{layer.name}'")
