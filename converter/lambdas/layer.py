"""A Lambda layer, or a Merge of Keras 1 by a function: what is stored of it, and its nodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from converter.lambdas.evaluate import accepts, evaluated
from converter.lambdas.stored import Stored, decoded
from converter.lambdas.values import At, holds_size, is_tensor, listed
from converter.model.description import Layer, TensorRef, Writer
from converter.ops.layers import policy_dtype
from converter.ops.nodes import FLOATS, Nodes, NoForm, Result, Value


@dataclass(frozen=True)
class Place:
    """What is known where a Lambda is called.

    Attributes:
        writer: who wrote the file.
        data_format: where the model's layers have the channels.
        mask: gives the mask that reaches the call, which only some functions take.
    """

    writer: Writer
    data_format: str
    mask: Callable[[Nodes], TensorRef | None]


def written(layer: Layer, stored: Stored, inputs: Any, nodes: Nodes, place: Place) -> Result:
    """Adds the nodes for one call of a Lambda.

    Args:
        layer: the Lambda, or the Merge.
        stored: its function.
        inputs: the tensor that it gets, or a list of them.
        nodes: collects the nodes.
        place: what is known around it.

    Raises:
        NoForm: why it has no exact form.
    """
    if layer.weights:
        raise NoForm("it has weights of its own")
    if layer.config.get("mask") is not None:
        raise NoForm("it hands on a mask of its own making")
    at = At(nodes, place.writer, stored.function.python, place.data_format)
    inputs = _cast(inputs, layer, at)
    keywords = {**stored.arguments(), **_given(layer)}
    if accepts(stored.function, "mask"):
        keywords["mask"] = place.mask(nodes)
    if accepts(stored.function, "training") and place.writer.tf_keras:
        keywords["training"] = False
    found = evaluated(stored.function, [inputs], keywords, stored.variables(), at)
    return _outputs(found, listed(inputs), nodes)


def _given(layer: Layer) -> dict[str, Any]:
    arguments = layer.config.get("arguments") or {}
    return {str(key): decoded(value) for key, value in arguments.items()}


def _cast(inputs: Any, layer: Layer, at: At) -> Any:
    """Layers of TensorFlow 2 and Keras 3 take floats in the precision that they compute in."""
    if not at.writer.tf_keras and at.writer.generation < 3:
        return inputs
    wanted = policy_dtype(layer.config.get("dtype"))
    return _each(inputs, lambda tensor: _in(tensor, wanted, at))


def _in(tensor: TensorRef, wanted: str, at: At) -> TensorRef:
    of = at.nodes.dtype(tensor)
    if of not in FLOATS or of == wanted or wanted not in FLOATS:
        return tensor
    if at.of_tensorflow_2 is None:
        raise NoForm(f"it gets {of} and computes in {wanted}, which TensorFlow 1 did not care for")
    return at.nodes.cast(tensor, wanted)


def _each(structure: Any, change: Callable[[TensorRef], TensorRef]) -> Any:
    if isinstance(structure, TensorRef):
        return change(structure)
    if isinstance(structure, list | tuple):
        return type(structure)(_each(item, change) for item in structure)
    return structure


def _outputs(found: Any, inputs: Sequence[Any], nodes: Nodes) -> Result:
    """What a function gave, as outputs of nodes.

    What it handed on as it was becomes a node too: a Lambda lets go of the mask.
    """
    if isinstance(found, list | tuple) and is_tensor(found):
        return [_output(each, inputs, nodes) for each in found]
    if isinstance(found, TensorRef):
        found = _output(found, inputs, nodes)
        is_last = nodes.layers and nodes.layers[-1].name == found.layer
        return found if is_last else _copied(found, nodes)
    return _output(found, inputs, nodes)


def _output(found: Any, inputs: Sequence[Any], nodes: Nodes) -> TensorRef | Value:
    if isinstance(found, TensorRef):
        return found if all(found != each for each in inputs) else _copied(found, nodes)
    if isinstance(found, Value):
        return found
    if isinstance(found, int | float | tuple | list) or holds_size(found):
        return Value(list(found) if isinstance(found, tuple) else found, _dtype(found))
    raise NoForm("it gives what is no tensor")


def _dtype(found: Any) -> str:
    return "float32" if isinstance(found, float) else "int32"


def _copied(tensor: TensorRef, nodes: Nodes) -> TensorRef:
    return nodes.op("Copy", tensor, sized=nodes.shape(tensor))
