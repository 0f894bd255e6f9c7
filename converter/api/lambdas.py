"""Functions that the user gives in place of those of Lambda layers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from converter.api.custom import provided_names
from converter.api.walk import layers
from converter.dialects import keras3
from converter.errors import UsageError
from converter.lambdas.errors import LambdaCodeError
from converter.lambdas.reading import FUNCTION, of_layer
from converter.lambdas.supplied import Followed, Supplied
from converter.model.description import Layer, Model
from converter.ops.nodes import Known, NoForm
from converter.rules._code import code_of

if TYPE_CHECKING:
    from converter.engines import Engine


def parsed_lambdas(given: Sequence[str]) -> dict[str, str]:
    """``LAYER=FILE.py:FUNCTION`` as on the command line.

    Raises:
        UsageError: one says something else.
    """
    found: dict[str, str] = {}
    for each in given:
        layer, _, function = each.partition("=")
        if not layer or ":" not in function:
            raise UsageError(f"--lambda {each} names no function", "LAYER=FILE.py:FUNCTION")
        found[layer] = function
    return found


@contextmanager
def supplied(
    model: Model,
    given: Mapping[str, str],
    custom: Sequence[str] = (),
    timeout: float | None = None,
) -> Iterator[dict[str, Supplied]]:
    """What follows the user's functions, by the paths of the layers that they are for.

    A child process is started when the first of them is needed.

    Args:
        model: as a dialect parsed it.
        given: functions by the paths of layers.
        custom: the user's files and modules, in which functions that the file has by name may be.
        timeout: seconds for each request to the child process.

    Raises:
        UsageError: one is for no Lambda layer.
    """
    lambdas = dict(_lambdas(model))
    for path in given:
        if path not in lambdas:
            known = ", ".join(lambdas) or "none"
            raise UsageError(
                f"--lambda {path}: there is no such Lambda layer", f"there are: {known}"
            )
    names = provided_names(custom) if custom else frozenset()
    functions = dict(_by_name(lambdas, names))
    functions |= {path: _absolute(function) for path, function in given.items()}
    with ExitStack() as stack:
        engines: list[Engine] = []

        def engine() -> Engine:
            from converter.engines import Engine

            if not engines:
                engines.append(stack.enter_context(Engine(timeout=timeout, preload="keras")))
            return engines[0]

        def follower(function: str) -> Supplied:
            def follow(inputs: Sequence[Known], as_list: bool, arguments: Any) -> Followed:
                specs = [_spec(each) for each in inputs]
                return _followed(
                    engine().trace_function(
                        function, custom=custom, inputs=specs, as_list=as_list, arguments=arguments
                    )
                )

            return follow

        yield {path: follower(function) for path, function in functions.items()}


def _lambdas(model: Model) -> Iterator[tuple[str, Layer]]:
    for placed in layers(model):
        code = code_of(placed.layer)
        if code is not None:
            yield placed.path, code


def _by_name(lambdas: Mapping[str, Layer], names: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Layers whose function is kept by a name that the user's modules have."""
    for path, code in lambdas.items():
        try:
            found = of_layer(code.config, "mode" if code.class_name == "Merge" else "function")
        except LambdaCodeError:
            continue
        if found.kind == FUNCTION and found.name in names:
            yield path, found.name


def _absolute(function: str) -> str:
    """A file by its full path: the child runs elsewhere."""
    where, _, name = function.rpartition(":")
    return f"{Path(where).resolve()}:{name}" if where.endswith(".py") else function


def _spec(known: Known) -> dict[str, Any]:
    """What is known of an input, as the child needs it.

    Raises:
        NoForm: when it is not enough.
    """
    if known.shape is None or known.dtype is None:
        raise NoForm("the rank or the dtype of its input is not known")
    return {"shape": list(known.shape), "dtype": known.dtype}


def _followed(answer: Mapping[str, Any]) -> Followed:
    outputs = tuple(
        Known(each["dtype"], tuple(each["shape"]), of_batch=True) for each in answer["outputs"]
    )
    return Followed(keras3.parse(answer["config"]), outputs)
