"""Functions of TensorFlow in the graph.

What it sees: TFOpLambda, SlicingOpLambda and TensorFlowOpLayer, in which tf.keras stores functions
of TensorFlow that were called on the tensors of a model: ``x + 1``, ``tf.reduce_mean(x, 1)``,
``x[:, 0]``; ClassMethod, InstanceMethod and InstanceProperty, which are of ragged and sparse
tensors.

Why Keras 3 trips: "Unknown layer: 'TFOpLambda'".

What kfix changes: writes each function that it knows as nodes of ``keras.ops`` that compute the
same, which Keras 3 reads from .keras and, as they are written, from .h5. Nothing is looked up in
TensorFlow and nothing is run. In models without masks, stock layers stand for nodes that compute
the same: Rescaling, Add, Concatenate, Reshape, Permute, poolings and activations. Arithmetic with
shapes needs no nodes where the lengths are known or one of them can be left open. What has no exact
form is refused by name. docs/op-layers.md lists both.

Links: https://www.tensorflow.org/api_docs/python/tf/keras/Model
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from converter.model.description import Call, Layer, Model, TensorRef
from converter.model.findings import Severity
from converter.model.structures import call_refs, calls_in_order, map_refs, refs
from converter.ops.calls import OP_LAYERS, called, written
from converter.ops.layers import given_by
from converter.ops.nodes import Known, Nodes, NoForm, Result, Value
from converter.ops.stock import has_masks, in_stock
from converter.rules import added_losses
from converter.rules._code import holds_code
from converter.rules.base import Context, ModelChange, Rule, Stage


def rewrite(model: Model, context: Context) -> Iterator[ModelChange]:
    """One finding for all op layers of a graph that become nodes, one for each that does not."""
    if not any(layer.class_name in OP_LAYERS and layer.calls for layer in model.layers):
        return
    if any(map(holds_code, model.layers)):
        # Lambdas beside them: lambda_layers writes both in one pass.
        return
    # What is around a nested model is not known here, nor whether it hands a mask in.
    graph = Graph(model, stock=not context.path and not has_masks(model))
    for layer, reason in graph.refused:
        yield ModelChange(Severity.REFUSED, refusal(layer, reason), layer=layer.name)
    if not graph.refused:
        yield ModelChange(Severity.BREAKS, found(graph), graph.model, REMEDY)


REMEDY = "written as functions of Keras"


def refusal(layer: Layer, reason: str) -> str:
    """What is said of an op layer, or of one behind it, that has no exact form."""
    return f"{called(layer)} in a {layer.class_name} has no exact form in Keras 3: {reason}"


def found(graph: Graph) -> str:
    """What is said of the op layers of a graph."""
    return f"functions of TensorFlow in the graph: {', '.join(sorted(graph.functions))}"


Written = Callable[["Graph", Layer, int, Nodes], Result]
"""Adds the nodes for one call of a layer, and gives what stands for its outputs."""


class Graph:
    """One pass over a graph in the order in which it is computed.

    Args:
        model: the graph.
        code: whether a layer is another one that becomes nodes.
        write: how such a layer is written.
        stock: whether stock layers may stand for nodes: where there are no masks.

    Attributes:
        model: the graph with the nodes.
        refused: layers that have no exact form, with the reason.
        functions: what the op layers that have one call.
    """

    def __init__(
        self,
        model: Model,
        code: Callable[[Layer], bool] = lambda layer: False,
        write: Written | None = None,
        *,
        stock: bool = False,
    ) -> None:
        model = _apart_from_losses(model)
        self.refused: list[tuple[Layer, str]] = []
        self.functions: set[str] = set()
        self._code, self._write, self._stock = code, write, stock
        self._known: dict[TensorRef, Known] = {}
        self._instead: dict[TensorRef, TensorRef | Value] = {}
        self._taken = {layer.name for layer in model.layers}
        self._used = _used_outputs(model)
        self._nodes: dict[str, list[Layer]] = {}
        self._anchor = next(iter(refs(model.inputs)), None)
        self._calls = {layer.name: list(layer.calls) for layer in model.layers}
        for layer, index in calls_in_order(model):
            if self._becomes_nodes(layer):
                self._op_layer(layer, index)
            else:
                self._layer(layer, index)
        self.model = self._written(model)

    def _becomes_nodes(self, layer: Layer) -> bool:
        return bool(layer.calls) and (layer.class_name in OP_LAYERS or self._code(layer))

    def _op_layer(self, layer: Layer, index: int) -> None:
        nodes = self._collected(layer.name, self._count(layer, index))
        try:
            result = self._result(layer, index, nodes)
        except NoForm as none:
            self.refused.append((layer, str(none)))
            return
        results = [result] if isinstance(result, TensorRef | Value) else result
        for output, each in enumerate(results):
            self._instead[TensorRef(layer.name, index, output)] = each
        added = list(nodes.layers)
        if index == 0 and added and isinstance(result, TensorRef) and _is_last(result, added):
            # The last node bears the op layer's name where its output is the only result.
            added[-1] = replace(added[-1], name=layer.name)
            self._known[TensorRef(layer.name)] = self._known[result]
            self._instead[TensorRef(layer.name)] = TensorRef(layer.name)
        if self._stock:
            added = [in_stock(each, self._known) for each in added]
        self._nodes[layer.name] = self._nodes.get(layer.name, []) + added

    def _result(self, layer: Layer, index: int, nodes: Nodes) -> Result:
        if self._write is not None and self._code(layer):
            return self._write(self, layer, index, nodes)
        self.functions.add(called(layer))
        return written(layer, self.resolved(_with_list(layer, index)), nodes)

    def _collected(self, prefix: str, count: int = 1) -> Nodes:
        return Nodes(prefix, self._known, self._taken, count, self._anchor)

    def resolved(self, call: Call) -> Call:
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
                return self._tensor(ref, instead, layer)
            return instead

        return Call(map_refs(stands, call.args), map_refs(stands, call.kwargs))

    def _tensor(self, ref: TensorRef, value: Value, layer: Layer) -> TensorRef:
        """A node that gives what no node was needed for so far."""
        nodes = self._collected(ref.layer)
        try:
            made = nodes.constant(value)
        except NoForm as none:
            self.refused.append((layer, f"it gets a shape where a tensor has to be: {none}"))
            return ref
        self._nodes[ref.layer] = self._nodes.get(ref.layer, []) + nodes.layers
        self._instead[ref] = made
        return made

    def _written(self, model: Model) -> Model:
        """The graph with the nodes, and without op layers that need none."""
        outputs = self._on_tensors(model.layers[-1], Call((model.outputs,))).args[0]
        layers: list[Layer] = []
        for layer in model.layers:
            if self._becomes_nodes(layer):
                layers += self._nodes.get(layer.name, [])
            else:
                layers.append(replace(layer, calls=tuple(self._calls[layer.name])))
        return replace(model, layers=tuple(layers), outputs=outputs)

    def _count(self, layer: Layer, index: int) -> int:
        return self._used.get((layer.name, index), 0) + 1


def _is_last(result: TensorRef, nodes: Sequence[Layer]) -> bool:
    return TensorRef(nodes[-1].name) == result


def _apart_from_losses(model: Model) -> Model:
    """Without what only added losses need; those hang on an output until a rule takes them out."""
    if not any(layer.class_name in added_losses.CLASSES for layer in model.layers):
        return model
    kept = added_losses.needed(model)
    end = Call((next(iter(refs(model.outputs))),))
    layers = [
        layer if layer.name in kept else replace(layer, calls=(end,))
        for layer in model.layers
        if layer.name in kept or layer.class_name in added_losses.CLASSES
    ]
    return replace(model, layers=tuple(layers))


def _with_list(layer: Layer, index: int) -> Call:
    """A call of an op layer; the tensors of a TensorFlowOpLayer are a list even if it is one."""
    call = layer.calls[index]
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
