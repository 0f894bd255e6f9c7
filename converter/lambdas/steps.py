"""A Lambda inside a TimeDistributed: the same function of each step, as a small model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from converter.lambdas.layer import Place, written
from converter.lambdas.stored import Stored
from converter.model.description import Call, Json, Layer, Model, TensorRef
from converter.model.structures import refs
from converter.ops.elementwise import COMPARISONS, ONE, TESTS, TWO
from converter.ops.nodes import KEEP_FIRST, WHOLE, Known, Nodes, NoForm, Result

EACH_ELEMENT = (
    KEEP_FIRST - {"LogSoftmax", "Softmax"}
    | {*ONE, *TWO, *TESTS, *COMPARISONS}
    | {
        *("Where", "TrueDivide", "Mod", "FloorDivide", "Selu", "Softsign", "Clip", "HardSigmoid"),
    }
)
ALONG_AXES = frozenset(
    {
        *("All", "Any", "Argmax", "Argmin", "Concatenate", "Cumprod", "Cumsum", "ExpandDims"),
        *("Flip", "LogSoftmax", "Logsumexp", "Max", "Mean", "Min", "Prod", "Repeat", "Softmax"),
        *("Sort", "Squeeze", "Stack", "Std", "Sum", "Var"),
    }
)


def per_step(
    layer: Layer, code: Layer, stored: Stored, inputs: Any, nodes: Nodes, place: Place
) -> Result:
    """Adds the wrapper with a small model in place of the Lambda.

    The wrapper saw all steps of all samples as one batch, so only functions that look at each
    sample by itself are the same there.

    Args:
        layer: the TimeDistributed.
        code: the Lambda inside.
        stored: its function.
        inputs: what the wrapper gets.
        nodes: collects the nodes.
        place: what is known around it.

    Raises:
        NoForm: why there is no exact form.
    """
    if not isinstance(inputs, TensorRef) or layer.inner["layer"] is not code:
        raise NoForm("it stands in a wrapper with several inputs, or in several wrappers")
    if len(layer.calls) > 1:
        raise NoForm("its wrapper is called several times")
    shape = nodes.shape(inputs)
    if shape is None:
        raise NoForm("the rank of its input is not known")
    model, step = _of_one_step(
        code, stored, Known(nodes.dtype(inputs), (None, *shape[2:]), True), place
    )
    inner = Layer(code.name, "Functional", model=model, module="keras")
    new = replace(layer, calls=(Call((inputs,)),), inner={"layer": inner})
    nodes.layers.append(new)
    sized = None if step.shape is None else (*shape[:2], *step.shape[1:])
    nodes.known[TensorRef(layer.name)] = Known(step.dtype, sized, True)
    return TensorRef(layer.name)


def _of_one_step(code: Layer, stored: Stored, known: Known, place: Place) -> tuple[Model, Known]:
    """The function as a model, and what is known of its output."""
    start = TensorRef(f"{code.name}_input")
    config = {"batch_shape": list(known.shape or ()), "dtype": known.dtype, "sparse": False}
    nodes = Nodes(code.name, {start: known}, {start.layer}, anchor=start)
    result = written(code, stored, start, nodes, place)
    if not isinstance(result, TensorRef):
        raise NoForm("it gives several tensors to a wrapper")
    for node in nodes.layers:
        if not _by_sample(node, nodes):
            raise NoForm(f"it may look across the samples of a batch ({node.class_name})")
    layers = (Layer(start.layer, "InputLayer", config), *nodes.layers)
    return Model(code.name, "functional", layers, start, result), nodes.known[result]


def _by_sample(node: Layer, nodes: Nodes) -> bool:
    """Whether a node treats each sample by itself."""
    first = next(refs(node.calls[0].args), None)
    shape = None if first is None else nodes.shape(first)
    if node.class_name in EACH_ELEMENT:
        return True
    if shape is None:
        return False
    if node.class_name in ALONG_AXES:
        more = node.class_name in ("ExpandDims", "Stack")
        return not _has_first(node.config.get("axis"), len(shape) + more)
    if node.class_name == "GetItem":
        return _takes_all_samples(node.calls[0].args[1])
    if node.class_name == "Transpose":
        return bool((node.config.get("axes") or [1])[0] == 0)
    return (
        node.class_name == "Matmul"
        and len(shape) > 1
        and not isinstance(node.calls[0].args[0], dict)
    )


def _has_first(axis: Json, rank: int) -> bool:
    if axis is None:
        return True
    axes: Sequence[int] = axis if isinstance(axis, list | tuple) else [axis]
    return any(each % rank == 0 for each in axes)


def _takes_all_samples(key: Json) -> bool:
    return bool(key[0] == WHOLE) if isinstance(key, list) and key else False
