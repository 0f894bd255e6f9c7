"""A Lambda layer, or a Merge of Keras 1 by a function: what is stored of it, and its nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from converter.errors import NotAModelError
from converter.lambdas.evaluate import accepts, evaluated
from converter.lambdas.stored import Stored, decoded
from converter.lambdas.values import At, holds_size, is_tensor, listed
from converter.model.description import Layer, TensorRef, Writer
from converter.model.structures import call_refs
from converter.ops.layers import policy_dtype
from converter.ops.nodes import FLOATS, Nodes, NoForm, Result, Size, Value


@dataclass(frozen=True)
class Place:
    """What is known where a Lambda is called.

    Attributes:
        writer: who wrote the file.
        data_format: where the model's layers have the channels.
        mask: gives the mask that reaches the call, which only some functions take.
        may_be_masked: whether a mask reaches the call, or may come from outside the model.
        notes: takes what has to be said of what was written.
    """

    writer: Writer
    data_format: str
    mask: Callable[[Nodes], TensorRef | None]
    may_be_masked: bool
    notes: set[str] = field(default_factory=set)


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
    at = At(nodes, place.writer, stored.function.python, place.data_format, notes=place.notes)
    inputs = _cast(inputs, layer, at)
    keywords = {**stored.arguments(), **arguments_of(layer)}
    if accepts(stored.function, "mask"):
        keywords["mask"] = place.mask(nodes)
    if accepts(stored.function, "training") and place.writer.tf_keras:
        keywords["training"] = False
    found = evaluated(stored.function, [inputs], keywords, stored.variables(), at)
    _drop_unused(nodes, found)
    return _outputs(found, listed(inputs), at, place)


def _drop_unused(nodes: Nodes, found: Any) -> None:
    """Takes away nodes that nothing needs: what a function computes and does not give."""
    needed = {ref.layer for ref in _needed(found)}
    for layer in reversed(nodes.layers):
        if layer.name in needed:
            needed |= {ref.layer for call in layer.calls for ref in call_refs(call)}
    nodes.layers[:] = [layer for layer in nodes.layers if layer.name in needed]


def _needed(found: Any) -> Iterator[TensorRef]:
    """The tensors that a result is, or whose lengths it has."""
    if isinstance(found, Value):
        yield from _needed(found.value)
    elif isinstance(found, Size):
        yield from (ref for ref, _ in found.axes)
    elif isinstance(found, list | tuple):
        for each in found:
            yield from _needed(each)
    elif isinstance(found, TensorRef):
        yield found


def arguments_of(layer: Layer) -> dict[str, Any]:
    """What a Lambda hands to its function by name.

    Raises:
        NotAModelError: they have no names.
    """
    arguments = layer.config.get("arguments") or {}
    if not isinstance(arguments, Mapping):
        raise NotAModelError(f"the arguments of layer '{layer.name}' are no dictionary")
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


def _outputs(found: Any, inputs: Sequence[Any], at: At, place: Place) -> Result:
    """What a function gave, as outputs of nodes, of which only the last bears the layer's name."""
    if isinstance(found, list | tuple) and is_tensor(found):
        if len(found) == 1:
            return [_alone(found[0], inputs, at, place)]
        return [_output(each, inputs, at) for each in found]
    return _alone(found, inputs, at, place)


def _alone(found: Any, inputs: Sequence[Any], at: At, place: Place) -> TensorRef | Value:
    if not isinstance(found, TensorRef):
        return _output(found, inputs, at)
    if found in inputs and _keeps_masks(at, place):
        known = at.nodes.known[found]
        same = at.nodes.layer("Activation", found, sized=known.shape, activation="linear")
        at.nodes.known[same] = known
        return same
    is_last = at.nodes.layers and TensorRef(at.nodes.layers[-1].name) == found
    return found if is_last else at.copied(found)


def _keeps_masks(at: At, place: Place) -> bool:
    """Whether a tensor that was handed on as it is kept its mask.

    It did in TensorFlow 2 and does in Keras 3; a Lambda's other outputs have none.
    """
    if not place.writer.tf_keras and place.writer.generation < 3:
        return False
    if at.of_tensorflow_2 is None and place.may_be_masked:
        raise NoForm("TensorFlow 2 handed its mask on and TensorFlow 1 did not")
    return bool(at.of_tensorflow_2)


def _output(found: Any, inputs: Sequence[Any], at: At) -> TensorRef | Value:
    if isinstance(found, TensorRef):
        return at.copied(found) if found in inputs else found
    if isinstance(found, Value):
        return found
    if isinstance(found, int | float | tuple | list) or holds_size(found):
        return Value(list(found) if isinstance(found, tuple) else found, _dtype(found))
    raise NoForm("it gives what is no tensor")


def _dtype(found: Any) -> str:
    return "float32" if isinstance(found, float) else "int32"
