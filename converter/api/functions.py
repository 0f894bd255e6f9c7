"""The functions of Lambda layers as text. They are read as data and never run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from converter.api.walk import Placed
from converter.model.description import Json, Layer

if TYPE_CHECKING:
    from converter.lambdas.reading import StoredFunction

ROLES = {
    "Lambda": ("function", "output_shape", "mask"),
    "Merge": ("mode", "output_shape", "output_mask"),
}
"""The keys under which layers keep functions; Merge is Keras 1's."""


@dataclass(frozen=True)
class FunctionInfo:
    """A function that a layer keeps.

    Attributes:
        layer: the layer's path.
        role: what the layer has it for: ``function``, ``output_shape``, ``mask``, ``mode``.
        kind: ``lambda`` for code, ``function`` for one that is kept by its name.
        name: of the function, ``<lambda>`` for those without one.
        module: where a function that is kept by its name comes from, as far as the file says.
        text: the code as Python, empty where it can't be read or there is none.
        problem: why the code can't be read as an expression, empty where it can.
        python: the release that compiled it, ``3.7``; releases that share a form are not told
            apart.
        file: the source file's name, as the code keeps it.
        line: of the source, where the function begins or where the problem is; 0 if not known.
        globals: names that the function needs from its module.
        names: all names that code uses which can't be read.
        defaults: parameters and the values that the file has for them.
        closure: variables of enclosing functions and the values that the file has for them.
        arguments: what the layer gives the function beside its input.
    """

    layer: str
    role: str
    kind: str
    name: str
    module: str = ""
    text: str = ""
    problem: str = ""
    python: str = ""
    file: str = ""
    line: int = 0
    globals: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    defaults: Mapping[str, Json] = field(default_factory=dict)
    closure: Mapping[str, Json] = field(default_factory=dict)
    arguments: Mapping[str, Json] = field(default_factory=dict)


def functions(placed: Iterable[Placed]) -> Iterator[FunctionInfo]:
    """The functions of all Lambda layers among some, each with the layer's path."""
    for each in placed:
        for role in ROLES.get(each.layer.class_name, ()):
            found = _described(each.path, each.layer, role)
            if found is not None:
                arguments = each.layer.config.get("arguments") if role == "function" else None
                given = arguments if isinstance(arguments, Mapping) else {}
                yield replace(found, arguments=given)


def _described(path: str, layer: Layer, role: str) -> FunctionInfo | None:
    # Few files have Lambdas, the others need not wait for what reads them.
    from converter.lambdas import reading
    from converter.lambdas.errors import LambdaCodeError, Unreadable

    try:
        stored = reading.of_layer(layer.config, role)
    except Unreadable as error:
        problem, line = str(error), error.line
        return FunctionInfo(
            path, role, reading.LAMBDA, error.name, problem=problem, file=error.file, line=line,
            names=error.names,
        )  # fmt: skip
    except LambdaCodeError as error:
        return FunctionInfo(path, role, reading.LAMBDA, "", problem=str(error))
    if stored.kind == reading.RAW:
        return None
    if stored.function is None:
        # Keras 3 says of every function without a module of its own that it is a builtin.
        module = "" if stored.module == "builtins" else stored.module
        return FunctionInfo(path, role, stored.kind, stored.name, module)
    return _readable(path, role, stored)


def _readable(path: str, role: str, stored: StoredFunction) -> FunctionInfo:
    from converter.lambdas.text import text_of

    function = stored.function
    assert function is not None
    defaulted = function.parameters[len(function.parameters) - len(stored.defaults) :]
    return FunctionInfo(
        path,
        role,
        stored.kind,
        function.name,
        text=text_of(function, stored.defaults),
        python=".".join(map(str, function.python)),
        file=function.file,
        line=function.line,
        globals=function.globals,
        defaults=dict(zip(defaulted, stored.defaults, strict=False)),
        closure=dict(zip(function.closure, stored.closure, strict=False)),
    )
