"""Functions of ``keras.activations`` and ``keras.layers`` that are called inside a Lambda."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from converter.lambdas import backend
from converter.lambdas.values import At
from converter.ops.nodes import NoForm

ACTIVATIONS = frozenset(
    {
        *("elu", "hard_sigmoid", "relu", "selu", "sigmoid", "softmax", "softplus", "softsign"),
        *("tanh", "exp"),
    }
)
BY_TENSORFLOW = {"gelu": "nn.gelu", "silu": "nn.silu", "swish": "nn.silu"}
MERGES = {"add": "math.add", "maximum": "math.maximum", "minimum": "math.minimum"}
PRODUCTS = {"multiply": "math.multiply", "subtract": "math.subtract"}


def activation(name: str) -> Callable[..., Any]:
    """An activation, as a function of a tensor.

    Raises:
        NoForm: when there is no form for it.
    """
    if name == "linear":
        return lambda at, x: x
    if name in BY_TENSORFLOW:
        return lambda at, x: at.tf(BY_TENSORFLOW[name], x)
    if name in ACTIVATIONS:
        return backend.TABLE[name]
    raise NoForm(f"there is no form for keras.activations.{name}")


def called(at: At, name: str, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    """A function that joins tensors; layers of a Lambda's own would have to be built.

    Raises:
        NoForm: when there is no form for it.
    """
    given = {key: value for key, value in keywords.items() if key != "name"}
    if name == "concatenate" and arguments:
        axis = given.get("axis", arguments[1] if len(arguments) > 1 else -1)
        return backend.concatenate(at, arguments[0], axis)
    function = {**MERGES, **PRODUCTS, "average": "math.add"}.get(name)
    if function is None or given or len(arguments) != 1 or len(arguments[0]) < 2:
        raise NoForm(f"it makes a layer of its own ({name})")
    total, *others = arguments[0]
    for each in others:
        total = at.tf(function, total, each)
    return at.tf("math.truediv", total, len(arguments[0])) if name == "average" else total
