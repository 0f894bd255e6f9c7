"""What a file keeps of a Lambda: its function, and the values that it had beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from converter.lambdas.errors import DamagedCode, Unreadable
from converter.lambdas.expressions import Function
from converter.lambdas.reading import FUNCTION, StoredFunction, of_layer
from converter.lambdas.text import line_of
from converter.model.description import Json, Layer
from converter.ops.nodes import NoForm


@dataclass(frozen=True)
class Stored:
    """A Lambda's function that could be read.

    Attributes:
        function: what it computes.
        defaults: the values of its last parameters.
        closure: the values of the variables of enclosing functions.
    """

    function: Function
    defaults: tuple[Any, ...]
    closure: tuple[Any, ...]

    def arguments(self) -> dict[str, Any]:
        """The defaults by the names of their parameters."""
        names = self.function.parameters
        return dict(zip(names[len(names) - len(self.defaults) :], self.defaults, strict=True))

    def variables(self) -> dict[str, Any]:
        """The variables of enclosing functions by name."""
        return dict(zip(self.function.closure, self.closure, strict=True))


def stored_in(code: Layer) -> Stored:
    """Reads the function of a Lambda, or of a Merge of Keras 1.

    Raises:
        NoForm: why it can't be read.
        UnsafeCode: no compiler has made that code.
    """
    try:
        found = _read(code)
    except (Unreadable, DamagedCode) as error:
        raise NoForm(f"its function can't be read: {error}") from error
    if found.function is None:
        raise NoForm(f"the file has its function by the name {found.name!r} alone")
    function = found.function
    if len(found.closure) != len(function.closure):
        raise NoForm("the values of the variables outside its function are not in the file")
    if len(found.defaults) > len(function.parameters):
        raise NoForm("it has more defaults than parameters")
    defaults, closure = (
        tuple(decoded(value) for value in values) for values in (found.defaults, found.closure)
    )
    return Stored(function, defaults, closure)


def described(code: Layer) -> str:
    """The layer and its function as text, as far as it can be read."""
    try:
        found = _read(code)
    except Unreadable as error:
        uses = f" that uses {', '.join(error.names)}" if error.names else ""
        return f"{code.class_name} has a function{uses} (line {error.line} of {error.file})"
    except DamagedCode:
        return f"{code.class_name} has code that can't be read"
    if found.function is not None:
        return f"{code.class_name} computes {line_of(found.function)}"
    return f"{code.class_name} calls {found.name!r}" if found.kind == FUNCTION else code.class_name


def _read(code: Layer) -> StoredFunction:
    return of_layer(code.config, "mode" if code.class_name == "Merge" else "function")


def decoded(value: Json) -> Any:
    """A value as it was before it became JSON."""
    if isinstance(value, Mapping):
        if value.get("type") == "ndarray":
            return np.asarray(value.get("value"))
        if value.get("class_name") == "__tuple__":
            return tuple(decoded(item) for item in value.get("items", ()))
        if value.get("class_name") in ("__ellipsis__", "Ellipsis"):
            return ...
        return {key: decoded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [decoded(item) for item in value]
    return value
