"""Functions of TensorFlow in the graph.

What it sees: TFOpLambda, SlicingOpLambda and TensorFlowOpLayer, in which tf.keras stores functions
of TensorFlow that were called on the tensors of a model: ``x + 1``, ``tf.reduce_mean(x, 1)``,
``x[:, 0]``; ClassMethod, InstanceMethod and InstanceProperty, which are of ragged and sparse
tensors.

Why Keras 3 trips: "Unknown layer: 'TFOpLambda'".

What kfix changes: writes each function that it knows as nodes of ``keras.ops`` that compute the
same, which Keras 3 reads from .keras and, as they are written, from .h5. Nothing is looked up in
TensorFlow and nothing is run. Arithmetic with shapes needs no nodes where the lengths are known or
one of them can be left open. What has no exact form is refused by name. docs/op-layers.md lists
both.

Links: https://www.tensorflow.org/api_docs/python/tf/keras/Model
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from converter.model.description import Call, Layer, Model, TensorRef
from converter.model.findings import Severity
from converter.model.structures import call_refs, calls_in_order, map_refs, refs
from converter.ops.calls import OP_LAYERS, called, written
from converter.ops.layers import given_by
from converter.ops.nodes import Known, Nodes, NoForm, Value
from converter.rules.base import Context, ModelChange, Rule, Stage


def rewrite(model: Model, context: Context) -> Iterator[ModelChange]:
    """One finding for all op layers of a graph that become nodes, one for each that does not."""
    if not any(layer.class_name in OP_LAYERS and layer.calls for layer in model.layers):
        return
    graph = _Graph(model)
    for layer, reason in graph.refused:
        message = f"{called(layer)} in a {layer.class_name} has no exact form in Keras 3: {reason}"
        yield ModelChange(Severity.REFUSED, message, layer=layer.name)
    if not graph.refused:
        message = f"functions of TensorFlow in the graph: {', '.join(sorted(graph.functions))}"
        yield ModelChange(Severity.BREAKS, message, graph.model, "written as functions of Keras")


class _Graph:
    """One pass over a graph in the order in which it is computed."""

    def __init__(self, model: Model) -> None:
        self.refused: list[tuple[Layer, str]] = []
        self.functions: set[str] = set()
        self._known: dict[TensorRef, Known] = {}
        self._instead: dict[TensorRef, TensorRef | Value] = {}
        self._taken = {layer.name for layer in model.layers}
        self._used = _used_outputs(model)
        self._nodes: dict[str, list[Layer]] = {}
        self._calls = {layer.name: list(layer.calls) for layer in model.layers}
        for layer, index in calls_in_order(model):
            if layer.class_name in OP_LAYERS and layer.calls:
                self._op_layer(layer, index)
            else:
                self._layer(layer, index)
        self.model = self._written(model)

    def _op_layer(self, layer: Layer, index: int) -> None:
        if index > 0:
            return
        nodes = Nodes(layer.name, self._known, self._taken, self._count(layer, index))
        try:
            if len(layer.calls) > 1:
                raise NoForm("it is called several times")
            result = written(layer, self._resolved(_with_list(layer)), nodes)
        except NoForm as none:
            self.refused.append((layer, str(none)))
            return
        self.functions.add(called(layer))
        self._nodes[layer.name] = self._named(nodes.layers, result, layer.name)
        results = [result] if isinstance(result, TensorRef | Value) else result
        for output, each in enumerate(results):
            self._instead[TensorRef(layer.name, index, output)] = each
        if isinstance(result, TensorRef) and nodes.layers and nodes.layers[-1].name == result.layer:
            self._known[TensorRef(layer.name)] = self._known[result]
            self._instead[TensorRef(layer.name)] = TensorRef(layer.name)

    def _named(self, layers: Sequence[Layer], result: Any, name: str) -> list[Layer]:
        """The nodes; the last bears the op layer's name where its output is the only result."""
        if layers and isinstance(result, TensorRef) and layers[-1].name == result.layer:
            return [*layers[:-1], replace(layers[-1], name=name)]
        return list(layers)

    def _resolved(self, call: Call) -> Call:
        """The call on what stands in place of its tensors: sizes and constants by themselves."""

        def stands(ref: TensorRef) -> Any:
            instead = self._instead.get(ref, ref)
            return instead.value if isinstance(instead, Value) else instead

        return Call(map_refs(stands, call.args), map_refs(stands, call.kwargs))

    def _layer(self, layer: Layer, index: int) -> None:
        """A layer that is no op: it needs tensors where a size or a constant stands."""
        if layer.calls:
            self._calls[layer.name][index] = self._on_tensors(layer, layer.calls[index])
        call = layer.calls[index] if layer.calls else Call()
        tensors = [self._known_of(ref) for ref in refs(call.args)]
        found = given_by(layer, tensors, self._count(layer, index))
        self._known.update({TensorRef(layer.name, index, n): each for n, each in enumerate(found)})

    def _known_of(self, ref: TensorRef) -> Known:
        instead = self._instead.get(ref, ref)
        return (
            Known(instead.dtype)
            if isinstance(instead, Value)
            else self._known.get(instead, Known())
        )

    def _on_tensors(self, layer: Layer, call: Call) -> Call:
        def stands(ref: TensorRef) -> TensorRef:
            instead = self._instead.get(ref, ref)
            if isinstance(instead, Value):
                self.refused.append((layer, "it gets a shape where a tensor has to be"))
                return ref
            return instead

        return Call(map_refs(stands, call.args), map_refs(stands, call.kwargs))

    def _written(self, model: Model) -> Model:
        """The graph with the nodes, and without op layers that need none."""
        layers: list[Layer] = []
        for layer in model.layers:
            if layer.name in self._nodes:
                layers += self._nodes[layer.name]
            else:
                layers.append(replace(layer, calls=tuple(self._calls[layer.name])))
        outputs = self._on_tensors(model.layers[-1], Call((model.outputs,))).args[0]
        return replace(model, layers=tuple(layers), outputs=outputs)

    def _count(self, layer: Layer, index: int) -> int:
        return self._used.get((layer.name, index), 0) + 1


def _with_list(layer: Layer) -> Call:
    """The call of an op layer; the tensors of a TensorFlowOpLayer are a list even if it is one."""
    (call,) = layer.calls
    if layer.class_name == "TensorFlowOpLayer" and not isinstance(call.args[0], list):
        return replace(call, args=([call.args[0]],))
    return call


def _used_outputs(model: Model) -> dict[tuple[str, int], int]:
    """The last output of each call that something uses."""
    used: dict[tuple[str, int], int] = {}
    calls = [call for layer in model.layers for call in layer.calls]
    for ref in [*(ref for call in calls for ref in call_refs(call)), *refs(model.outputs)]:
        key = (ref.layer, ref.call)
        used[key] = max(used.get(key, 0), ref.output)
    return used


RULE = Rule(
    code="KF162",
    stage=Stage.CLASSES,
    summary="functions of TensorFlow in the graph are functions of Keras today",
    generations=frozenset({2}),
    model=rewrite,
)
