"""Lambda layers.

What it sees: Lambda, a TimeDistributed that holds one, and a Merge of Keras 1 whose mode is a
function. A file keeps the function as bytecode of the writer's Python, or its name alone.

Why Keras 3 trips: it refuses to run code of a file ("Requested the deserialization of a `Lambda`
layer whose function is a Python lambda"), and bytecode of another Python would not run.

What kfix changes: nothing is run. The bytecode is read as text, what it computes is followed on the
symbols of the graph, and each function of Keras, TensorFlow or NumPy that it calls is written as
nodes of ``keras.ops`` that compute the same, which hand on no mask, as the Lambda did. A Sequential
becomes a Functional model. Values of variables outside the function are those that the file holds:
where the variable had changed since the layer was called, the model that was saved computed
something else than the file says (https://github.com/keras-team/keras/issues/13697). What has no
exact form, or calls what is not in the file, is refused with the readable function; ``--lambda
LAYER=FILE.py:FUNCTION`` puts a function in its place. docs/lambda-layers.md lists what is known.

Links: https://keras.io/api/layers/core_layers/lambda/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from converter.lambdas.errors import UnsafeCode
from converter.lambdas.layer import Place, written
from converter.lambdas.steps import per_step
from converter.lambdas.stored import Stored, described, stored_in
from converter.lambdas.supplied import written_from
from converter.model.description import Call, Layer, Model, TensorRef
from converter.model.findings import Severity
from converter.model.masks import Origin, carried_masks
from converter.model.rewriting import as_functional
from converter.model.structures import refs
from converter.ops.nodes import Nodes, NoForm, Result
from converter.rules._code import code_of, hides_code, holds_code, inside
from converter.rules.base import Context, ModelChange, Rule, Stage
from converter.rules.op_layers import REMEDY, Graph, found, refusal

SUPPLY = "Give a function for it: --lambda {name}=FILE.py:FUNCTION."


def rewrite(model: Model, context: Context) -> Iterator[ModelChange]:
    """A finding for each Lambda of a graph, and one for op layers beside them."""
    for layer in model.layers:
        if hides_code(layer):
            reason = f"it stands inside a {layer.class_name}"
            yield _refused(layer, reason, context)
    if not any(map(holds_code, model.layers)):
        return
    graph = as_functional(model)
    if graph is None:
        for layer in filter(holds_code, model.layers):
            yield _refused(layer, "the file does not say what the model's input is", context)
        return
    lambdas = _Lambdas(graph, context)
    try:
        done = Graph(graph, holds_code, lambdas.write)
    except UnsafeCode as error:
        message = f"a Lambda holds code that no Python has compiled: {error}"
        yield ModelChange(Severity.UNSAFE, message)
        return
    reasons = {layer.name: (layer, reason) for layer, reason in reversed(done.refused)}
    for layer, reason in reversed(reasons.values()):
        yield _refused(layer, reason, context)
    if done.refused:
        return
    for name, message in lambdas.messages.items():
        yield ModelChange(Severity.BREAKS, message, done.model, REMEDY, name)
    if done.functions:
        yield ModelChange(Severity.BREAKS, found(done), done.model, REMEDY)


def _refused(layer: Layer, reason: str, context: Context) -> ModelChange:
    code = code_of(layer) or next(inside(layer), None)
    if code is None:
        return ModelChange(Severity.REFUSED, refusal(layer, reason), layer=layer.name)
    path = f"{context.path}/{layer.name}" if context.path else layer.name
    message = f"{described(code)}, and has no exact form in Keras 3: {reason}"
    return ModelChange(Severity.REFUSED, message, None, SUPPLY.format(name=path), layer.name)


class _Lambdas:
    """Writes the Lambdas of one graph, and keeps what is to be said of them."""

    def __init__(self, model: Model, context: Context) -> None:
        self.model = model
        self.context = context
        self.messages: dict[str, str] = {}

    def write(self, graph: Graph, layer: Layer, index: int, nodes: Nodes) -> Result:
        """The nodes for one call."""
        code = code_of(layer)
        assert code is not None
        call = layer.calls[index]
        path = f"{self.context.path}/{layer.name}" if self.context.path else layer.name
        if path in self.context.lambdas:
            inputs = graph.resolved(call).args[0]
            self.messages[layer.name] = f"{code.class_name} is given by its owner"
            if code is not layer:
                raise NoForm("it stands in a wrapper, which a function can't be given for")
            return written_from(code, inputs, nodes, self.context.lambdas[path])
        stored = stored_in(code)
        given = graph.resolved(call)
        if {*given.kwargs} - {"mask", "training"} or given.kwargs.get("training"):
            raise NoForm("it is called with more than its inputs")
        inputs, told = given.args[0], given.kwargs.get("mask")

        def mask(into: Nodes) -> TensorRef | None:
            return told if isinstance(told, TensorRef) else self._mask(graph, refs(call.args), into)

        place = Place(
            self.context.writer, _data_format(self.model), mask, self._may_be_masked(call)
        )
        made = (
            written(layer, stored, inputs, nodes, place)
            if code is layer
            else per_step(layer, code, stored, inputs, nodes, place)
        )
        self.messages[layer.name] = ", ".join([_message(code, stored), *sorted(place.notes)])
        return made

    def _may_be_masked(self, call: Call) -> bool:
        carried = carried_masks(self.model)
        return bool(self.context.path) or any(carried.get(ref) for ref in refs(call.args))

    def _mask(self, graph: Graph, inputs: Iterator[TensorRef], nodes: Nodes) -> TensorRef | None:
        """The mask that a call gets with its input."""
        carried = carried_masks(self.model)
        masks = [carried.get(ref) for ref in inputs]
        if self.context.path:
            raise NoForm("it takes a mask, which may come into the model from outside")
        if not any(masks):
            return None
        if len(masks) > 1 or masks[0] is None or not masks[0].origins:
            raise NoForm("it takes a mask that can't be told from the file")
        parts = [_unmasked(origin, graph, nodes) for origin in masks[0].origins]
        whole = parts[0]
        for each in parts[1:]:
            whole = nodes.op("LogicalAnd", whole, each, gives="bool", sized=nodes.shape(whole))
        return whole


def _unmasked(origin: Origin, graph: Graph, nodes: Nodes) -> TensorRef:
    """Where a tensor, or any of its features, is not what masked places hold."""
    (tensor,) = graph.resolved(Call((origin.tensor,))).args
    sized = nodes.shape(tensor)
    found = nodes.op("NotEqual", tensor, origin.value, gives="bool", sized=sized)
    if not origin.over_features:
        return found
    return nodes.op("Any", found, gives="bool", sized=sized and sized[:-1], axis=-1, keepdims=False)


def _message(code: Layer, stored: Stored) -> str:
    """What a Lambda computes; with the values that came from outside its function."""
    message = described(code)
    outside = stored.variables()
    if outside:
        values = ", ".join(f"{name} = {value!r}" for name, value in outside.items())
        message = f"{message} with {values} as the file has it"
    return message


def _data_format(model: Model) -> str:
    """Where the layers of a model have the channels, empty where they don't agree."""
    formats = {_format(layer) for layer in _every(model)} - {""}
    return formats.pop() if len(formats) == 1 else ""


def _every(model: Model) -> Iterator[Layer]:
    for layer in model.layers:
        yield layer
        yield from layer.inner.values()
        if layer.model is not None:
            yield from _every(layer.model)


def _format(layer: Layer) -> str:
    stored: Any = layer.config.get("data_format", layer.config.get("dim_ordering"))
    return {"th": "channels_first", "tf": "channels_last"}.get(stored, stored or "")


RULE = Rule(
    code="KF164",
    stage=Stage.CLASSES,
    summary="Lambda layers, whose functions are read and never run",
    generations=frozenset({1, 2, 3}),
    model=rewrite,
)
