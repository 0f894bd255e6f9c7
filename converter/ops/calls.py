"""Op layers as files have them, and the nodes they become."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cache
from typing import Any

from converter.model.description import Call, Json, Layer
from converter.ops import node_defs
from converter.ops.nodes import Complex, Function, Nodes, NoForm, Result
from converter.ops.refused import reason
from converter.ops.registry import FUNCTIONS, OF_COMPLEX

OP_LAYERS = frozenset(
    {
        "TFOpLambda",
        "SlicingOpLambda",
        "TensorFlowOpLayer",
        "ClassMethod",
        "InstanceMethod",
        "InstanceProperty",
    }
)
"""How tf.keras stores functions of TensorFlow in a graph."""

OF_COMPOSITES = frozenset({"ClassMethod", "InstanceMethod", "InstanceProperty"})


def called(layer: Layer) -> str:
    """What an op layer calls, as its file names it."""
    if layer.class_name == "TensorFlowOpLayer":
        return node_defs.kernel(layer) or "an unknown kernel"
    name = layer.config.get("function") or layer.config.get("method_name")
    return f"tf.{name or layer.config.get('attr_name') or '?'}"


MISREAD = frozenset({"nn.embedding_lookup", "compat.v1.nn.embedding_lookup"})
"""Functions for whose arguments tf_keras's own reader takes something else."""


def only_computes(class_name: str, config: Mapping[str, Json]) -> bool:
    """Whether an op layer holds a function that is known to compute and to do nothing else."""
    if class_name == "TensorFlowOpLayer":
        node = config.get("node_def")
        return isinstance(node, Mapping) and str(node.get("op")) in node_defs.NODES
    if class_name not in ("TFOpLambda", "SlicingOpLambda"):
        return False
    name = config.get("function")
    return isinstance(name, str) and name in FUNCTIONS and name not in MISREAD


def written(layer: Layer, call: Call, nodes: Nodes) -> Result:
    """Adds the nodes for one call of an op layer.

    Args:
        layer: the op layer.
        call: the call, with sizes and constants where tensors stood that need no node.
        nodes: collects the nodes.

    Returns:
        What stands for the outputs.

    Raises:
        NoForm: why there is no exact form for it.
    """
    if layer.class_name in OF_COMPOSITES:
        raise NoForm("it is of ragged or sparse tensors")
    name, given = _arguments(layer, call)
    if name not in FUNCTIONS:
        raise NoForm(reason(name) or f"there is no form for {called(layer)}")
    return applied(FUNCTIONS[name], given, nodes)


def applied(function: Function, given: dict[str, Any], nodes: Nodes) -> Result:
    """A function of a table with arguments that a file has for it.

    Raises:
        NoForm: why there is no exact form for them.
    """
    _check(function, given)
    first, *rest = parameters(function)
    if any(map(_is_complex, given.values())):
        function = OF_COMPLEX.get(function, _refuse_complex)
    try:
        return function(
            nodes, given.get(first), **{key: given[key] for key in rest if key in given}
        )
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise NoForm(f"its arguments are not as expected ({error})") from error


def parameters(function: Function) -> list[str]:
    """The names of the arguments of TensorFlow's function, in order."""
    return [each.name for each in _parameters(function)]


def _arguments(layer: Layer, call: Call) -> tuple[str, dict[str, Any]]:
    """The function's name and its arguments by name; what is None is left out."""
    if layer.class_name == "TensorFlowOpLayer":
        return node_defs.arguments(layer, call.args[0] if call.args else [])
    name = str(layer.config.get("function", ""))
    given = {
        key: value
        for key, value in call.kwargs.items()
        if key != "name" and (value is not None or key == "slice_spec")
    }
    if name not in FUNCTIONS or not call.args:
        return name, given
    return name, {_parameters(FUNCTIONS[name])[0].name: call.args[0], **given}


def _is_complex(value: Any) -> bool:
    return any(map(_is_complex, value)) if isinstance(value, list) else isinstance(value, Complex)


def _refuse_complex(g: Nodes, first: Any, **given: Any) -> Result:
    raise NoForm("it is of complex numbers")


@cache
def _parameters(function: Function) -> list[inspect.Parameter]:
    """The parameters of TensorFlow's function."""
    return list(inspect.signature(function).parameters.values())[1:]


def _check(function: Function, given: dict[str, Any]) -> None:
    names = {each.name for each in _parameters(function)}
    for name in given:
        if name not in names:
            raise NoForm(f"it has the argument {name}={given[name]!r}")
    for each in _parameters(function):
        if each.default is each.empty and each.name not in given:
            raise NoForm(f"the file does not hold its argument {each.name}")
