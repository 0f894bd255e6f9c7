"""Calls of functions by their full names: of Keras, TensorFlow, NumPy, ``math`` and Python."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from converter.lambdas import backend, layers, plain
from converter.lambdas.names import MODULES, NUMPY, TENSORFLOW, of_tensorflow
from converter.lambdas.values import FLOAT, At, constant, given_form, holds_size, is_tensor, listed
from converter.model.description import TensorRef
from converter.ops.calls import parameters
from converter.ops.nodes import NoForm, Size, Value
from converter.ops.registry import FUNCTIONS


def called(at: At, name: str, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    """What a call of a function of one of those modules gives.

    Raises:
        NoForm: when there is no exact form for it.
    """
    if name in MODULES:
        raise NoForm(f"it calls the module {name}")
    module, _, last = name.rpartition(".")
    if module == "builtins":
        return _builtin(at, last, arguments, keywords)
    if module == "math":
        return plain.of_math(last, arguments, keywords)
    root = module.partition(".")[0]
    if root == NUMPY:
        return _of_numpy(at, last, arguments, keywords)
    if at.library is not None and root in ("keras", TENSORFLOW):
        return at.library(_known(at, name), arguments, keywords)
    if module == "keras.backend":
        return _of_backend(at, last, arguments, keywords)
    if module == "keras.activations":
        return _applied(at, layers.activation(last), last, arguments, keywords)
    if module == "keras.layers":
        return layers.called(at, last, arguments, keywords)
    if root == TENSORFLOW:
        return _of_tensorflow(at, name, arguments, keywords)
    raise NoForm(f"there is no form for {name}")


def _known(at: At, name: str) -> str:
    """The name of a function that is known to compute and to do nothing else.

    Raises:
        NoForm: when it is not.
    """
    module, _, last = name.rpartition(".")
    inside = name.removeprefix("tensorflow.").removeprefix("compat.v1.")
    if module == "keras.backend" and last in backend.TABLE:
        return name
    if module == "keras.activations":
        layers.activation(last)
        return name
    if name.startswith("tensorflow.") and (inside in OWN or of_tensorflow(at, name)):
        return name
    raise NoForm(f"there is no form for {name}")


def _builtin(at: At, name: str, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    if name == "print":
        return None
    if name == "map" and len(arguments) == 2 and isinstance(arguments[1], list | tuple):
        return [at.call(arguments[0], each) for each in arguments[1]]
    if is_tensor(arguments) or holds_size(arguments):
        if name == "abs" and isinstance(arguments[0], TensorRef):
            return at.tf("math.abs", arguments[0])
        if name == "len" and isinstance(arguments[0], TensorRef):
            return at.shape(arguments[0])[0]
        if name in ("int", "float") and isinstance(arguments[0], Size):
            return arguments[0]
        if name in ("sum", "max", "min"):
            return _folded(at, name, arguments)
    return plain.builtin(name, arguments, keywords)


FOLDS = {"sum": "math.add", "max": "math.maximum", "min": "math.minimum"}


def _folded(at: At, name: str, arguments: list[Any]) -> Any:
    """The sum of a list of tensors, from the left as Python adds."""
    items = listed(arguments[0])
    if name != "sum" or isinstance(arguments[0], TensorRef):
        raise NoForm(f"it takes {name}() of a tensor")
    total = arguments[1] if len(arguments) > 1 else 0
    for each in items:
        total = at.tf("math.add", total, each) if is_tensor(each) else total + each
    return total


def _of_numpy(at: At, name: str, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    """NumPy computes constants; on a tensor it would fail, or call the tensor's own."""
    if is_tensor(arguments) or is_tensor(list(keywords.values())):
        raise NoForm(f"it takes numpy.{name} of a tensor")
    return plain.of_numpy(name, [_array(each) for each in arguments], keywords)


def _array(value: Any) -> Any:
    return np.asarray(value.value, value.dtype) if isinstance(value, Value) else value


def _of_backend(at: At, name: str, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    if name in backend.RANDOM:
        raise NoForm(backend.DRAWS)
    if name in backend.LOOPS:
        raise NoForm(f"K.{name} goes over the items of a tensor")
    if name not in backend.TABLE:
        raise NoForm(f"there is no form for K.{name}")
    function = backend.TABLE[name]
    names = inspect.signature(function).parameters
    given = {
        (backend.RENAMED[key] if key not in names and key in backend.RENAMED else key): value
        for key, value in keywords.items()
    }
    if name == "repeat_elements" or "name" in names:
        return _applied(at, function, f"K.{name}", arguments, given)
    given.pop("name", None)
    return _applied(at, function, f"K.{name}", arguments, given)


def _applied(
    at: At,
    function: Callable[..., Any],
    name: str,
    arguments: list[Any],
    keywords: dict[str, Any],
) -> Any:
    try:
        inspect.signature(function).bind(at, *arguments, **keywords)
    except TypeError as error:
        raise NoForm(f"{name}: {error}") from error
    try:
        return function(at, *arguments, **keywords)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise NoForm(f"the arguments of {name} are not as expected ({error})") from error


# -- TensorFlow -----------------------------------------------------------------------------------

RENAMED = {
    "concat_dim": "axis",
    "dim": "axis",
    "keep_dims": "keepdims",
    "reduction_indices": "axis",
    "squeeze_dims": "axis",
    "dimension": "axis",
    "filter": "filters",
    "input": "input_tensor",
}
"""Arguments by their names in TensorFlow 1, where the function of today has no such one."""


def _of_tensorflow(at: At, path: str, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    keywords = {key: value for key, value in keywords.items() if key != "name"}
    inside = path.removeprefix("tensorflow.").removeprefix("compat.v1.")
    if inside in OWN:
        return _applied(at, OWN[inside], f"tf.{inside}", arguments, keywords)
    if inside.startswith("random") or inside in ("nn.dropout",):
        raise NoForm(backend.DRAWS)
    name = of_tensorflow(at, path)
    names = parameters(FUNCTIONS[name])
    given = {
        (RENAMED[key] if key not in names and RENAMED.get(key) in names else key): value
        for key, value in keywords.items()
    }
    if name == "concat" and arguments and isinstance(arguments[0], int):
        # Before TensorFlow 1 the axis came first.
        arguments = [*reversed(arguments[:2]), *arguments[2:]]
    if name in ("math.truediv", "math.divide") and inside == "div":
        name = "math.truediv"
    return at.tf(name, *arguments, **given)


def _constant(
    at: At, value: Any, dtype: Any = None, shape: Any = None, dtype_hint: Any = None
) -> Any:
    if is_tensor(value) and not isinstance(value, TensorRef):
        return at.tf("stack", value)
    if isinstance(value, TensorRef) or holds_size(value):
        return value
    found = constant(value, dtype) if not isinstance(value, Value) else value
    if shape is None:
        return found
    return backend.spread(found, shape)


def _filled(number: float) -> Callable[..., Any]:
    def write(at: At, shape: Any, dtype: Any = FLOAT) -> Any:
        return _fill(at, shape, number, dtype)

    return write


def _fill(at: At, dims: Any, value: Any, dtype: Any = None) -> Any:
    lengths = listed(given_form(dims))
    number = given_form(value)
    of = dtype or (FLOAT if isinstance(number, float) else "int32")
    if all(isinstance(each, int) for each in lengths):
        return constant(plain.of_numpy("full", [lengths, number], {}), of)
    return at.nodes.filled(lengths, number, of)


def _eye(at: At, num_rows: Any, num_columns: Any = None, dtype: Any = FLOAT) -> Any:
    rows, columns = given_form(num_rows), given_form(num_columns)
    return constant(plain.of_numpy("eye", [rows, columns or rows], {}), dtype)


def _einsum(at: At, equation: Any, *inputs: Any) -> Any:
    return at.tf("kernel.einsum", list(inputs), equation)


def _where(at: At, condition: Any, x: Any = None, y: Any = None) -> Any:
    """Before TensorFlow 2 a vector of conditions chose whole rows."""
    tensors = [each for each in (condition, x, y) if isinstance(each, TensorRef)]
    if at.of_tensorflow_2 is not True and len({at.rank(each) for each in tensors}) > 1:
        raise NoForm("in TensorFlow 1 its condition chooses whole rows")
    return at.tf("where", condition, x, y)


METHODS = {0: "bilinear", 1: "nearest", 2: "bicubic", 3: "area"}
"""Ways of resizing by their numbers in TensorFlow 1."""


def _resize(at: At, images: Any, size: Any, method: Any = "bilinear", **keywords: Any) -> Any:
    """Releases from 1.13 have the name for the function of their own version."""
    if at.of_tensorflow_2 is None:
        raise NoForm("it resizes on a grid that TensorFlow 2 changed; the file tells no release")
    if not at.of_tensorflow_2:
        return _resize_images(at, images, size, method, **keywords)
    return at.tf("image.resize", images, size, method=method, **keywords)


def _resize_images(
    at: At,
    images: Any,
    size: Any,
    method: Any = 0,
    align_corners: Any = False,
    preserve_aspect_ratio: Any = False,
) -> Any:
    """As TensorFlow 1 had it: pictures that have the size stay as they are."""
    how = METHODS.get(method, method)
    if preserve_aspect_ratio or how not in ("bilinear", "nearest"):
        raise NoForm(f"it resizes by {'keeping the ratio' if preserve_aspect_ratio else how}")
    if at.shape(images)[-3:-1] == tuple(listed(given_form(size))):
        return images
    name = "resize_bilinear" if how == "bilinear" else "resize_nearest_neighbor"
    return at.tf(f"compat.v1.image.{name}", images, size, align_corners=align_corners)


def _div(at: At, x: Any, y: Any) -> Any:
    """Of integers it gave integers, as Python 2 did."""
    whole = isinstance(x, TensorRef) and at.nodes.is_integer(x)
    return at.tf("math.floordiv" if whole else "math.truediv", x, y)


OWN: dict[str, Callable[..., Any]] = {
    "constant": _constant,
    "convert_to_tensor": _constant,
    "Variable": _constant,
    "div": _div,
    "einsum": _einsum,
    "eye": _eye,
    "fill": _fill,
    "image.resize": _resize,
    "image.resize_images": _resize_images,
    "ones": _filled(1.0),
    "where": _where,
    "zeros": _filled(0.0),
}
"""Functions that the op tables have none for, or another one."""
