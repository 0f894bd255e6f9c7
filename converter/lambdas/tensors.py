"""Attributes, methods and parts of tensors, and of what ``shape`` gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from converter.lambdas import backend, plain
from converter.lambdas.values import At, Method, constant, given_form, holds_size
from converter.model.description import TensorRef
from converter.ops.nodes import NoForm, Size, Value

OF_NUMPY = frozenset({"T", "dtype", "ndim", "shape", "size"})
METHODS_OF_NUMPY = frozenset(
    {"astype", "copy", "dot", "flatten", "max", "mean", "min", "prod", "reshape", "sum", "tolist"}
)


def attribute(at: At, owner: Any, name: str) -> Any:
    """An attribute of a value, or a method bound to it.

    Raises:
        NoForm: when there is no form for it.
    """
    if isinstance(owner, TensorRef):
        return _of_tensor(at, owner, name)
    if name == "value" and (owner is None or isinstance(owner, int | Size)):
        # A Dimension of TensorFlow 1.
        return owner
    if isinstance(owner, tuple) and name in ("ndims", "rank"):
        return len(owner)
    if isinstance(owner, tuple) and name == "dims":
        return list(owner)
    if isinstance(owner, np.ndarray) and name in OF_NUMPY:
        return getattr(owner, name)
    if isinstance(owner, Value) and name == "dtype":
        return owner.dtype
    if isinstance(owner, Value) and name == "shape":
        return np.shape(given_form(owner))
    if isinstance(owner, str) and name in ("base_dtype", "name"):
        return owner
    return Method(owner, name)


def _of_tensor(at: At, owner: TensorRef, name: str) -> Any:
    if name == "dtype":
        return at.dtype(owner)
    if name in ("shape", "_keras_shape"):
        if at.is_theano and name == "shape":
            return at.tf("shape", owner)
        return at.shape(owner)
    if name == "ndim":
        return at.rank(owner)
    if name == "T":
        return at.tf("transpose", owner)
    return Method(owner, name)


def method(at: At, bound: Method, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    """A call of a method.

    Raises:
        NoForm: when there is no form for it.
    """
    owner, name = bound.owner, bound.name
    if isinstance(owner, TensorRef) and name in METHODS:
        return METHODS[name](at, owner, *arguments, **keywords)
    if isinstance(owner, tuple) and name in ("as_list", "with_rank"):
        return list(owner)
    if isinstance(owner, list | tuple) and name in ("index", "count"):
        if not holds_size(owner):
            return plain.computed(getattr(owner, name), *arguments)
    elif isinstance(owner, dict) and name in ("get", "items", "keys", "values"):
        found = plain.computed(getattr(owner, name), *arguments)
        return found if name == "get" else list(found)
    elif isinstance(owner, np.ndarray) and name in METHODS_OF_NUMPY:
        return plain.computed(getattr(owner, name), *arguments, **keywords)
    raise NoForm(f"there is no form for a method .{name}()")


def _reduced(name: str) -> Callable[..., Any]:
    def write(at: At, x: TensorRef, axis: Any = None, keepdims: Any = False) -> Any:
        return backend.TABLE[name](at, x, axis, keepdims)

    return write


def _get_shape(at: At, x: TensorRef) -> Any:
    return at.shape(x)


def _set_shape(at: At, x: TensorRef, shape: Any) -> None:
    """It tells TensorFlow what it could not know."""


def _astype(at: At, x: TensorRef, dtype: Any) -> Any:
    return at.tf("cast", x, dtype)


def _reshape(at: At, x: TensorRef, *shape: Any, ndim: Any = None) -> Any:
    return at.tf("reshape", x, list(shape[0] if len(shape) == 1 else shape))


def _flatten(at: At, x: TensorRef, ndim: Any = 1) -> Any:
    """Theano's flatten keeps all axes but the last ones, which become one."""
    if ndim not in (1, 2):
        raise NoForm(f"it flattens to {ndim} axes")
    return backend.flatten(at, x) if ndim == 1 else backend.batch_flatten(at, x)


def _dimshuffle(at: At, x: TensorRef, *pattern: Any) -> Any:
    order = list(pattern[0]) if pattern and isinstance(pattern[0], list | tuple) else list(pattern)
    axes = [each for each in order if each != "x"]
    if len(axes) != at.rank(x):
        raise NoForm("its dimshuffle drops an axis")
    found = x if axes == sorted(axes) else at.tf("transpose", x, perm=axes)
    for place, each in enumerate(order):
        if each == "x":
            found = at.tf("expand_dims", found, axis=place)
    return found


def _repeat(at: At, x: TensorRef, repeats: Any, axis: Any = None) -> Any:
    return at.tf("repeat", x, repeats, axis=axis)


def _unary(name: str) -> Callable[..., Any]:
    def write(at: At, x: TensorRef) -> Any:
        return at.tf(name, x)

    return write


METHODS: dict[str, Callable[..., Any]] = {
    "__len__": lambda at, x: len(at.shape(x)),
    "astype": _astype,
    "dimshuffle": _dimshuffle,
    "flatten": _flatten,
    "get_shape": _get_shape,
    "repeat": _repeat,
    "reshape": _reshape,
    "set_shape": _set_shape,
    **{name: _reduced(name) for name in ("any", "all", "max", "mean", "min", "prod", "std", "sum")},
    **{name: _reduced(name) for name in ("var",)},
    **{name: _unary(f"math.{name}") for name in ("exp", "log", "sqrt")},
}


def part(at: At, owner: Any, key: Any) -> Any:
    """``x[...]`` of a tensor, a constant one, or a shape.

    Raises:
        NoForm: when the part is known only when the model runs.
    """
    keys = list(key) if isinstance(key, tuple) else [key]
    if isinstance(owner, Value) and not holds_size(owner):
        array = np.asarray(owner.value)
        index = tuple(given_form(each) if isinstance(each, Value) else each for each in keys)
        return constant(plain.computed(lambda items, at_: items[at_], array, index), owner.dtype)
    if not isinstance(owner, TensorRef | Value):
        raise NoForm("it takes an item of what has none")
    found = at.tf("__operators__.getitem", owner, slice_spec=[_spec(at, each) for each in keys])
    if isinstance(owner, Value) and isinstance(found, Value):
        return Value(found.value, owner.dtype)
    return found


def _spec(at: At, key: Any) -> Any:
    if key is Ellipsis:
        return {"class_name": "__ellipsis__"}
    if isinstance(key, slice):
        return {name: _end(getattr(key, name)) for name in ("start", "stop", "step")}
    if key is None:
        return None
    return _end(key)


def _end(value: Any) -> Any:
    value = value.value if isinstance(value, Value) else value
    value = value.item() if isinstance(value, np.integer) else value
    if value is None or isinstance(value, int) and not isinstance(value, bool):
        return value
    raise NoForm("it takes a part that is known only when the model runs")
