"""Job: a function of the user's is called once on symbols, and becomes a graph of Keras."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from converter.engines import libraries
from converter.engines.custom import load_custom
from converter.engines.explain import one_line
from converter.engines.gate import refuse_code
from converter.engines.imports import import_value
from converter.errors import KfixError, MissingObjectError, NotExactError, UsageError

Json = Any
WRITTEN_WITH = "For a file of Keras 3 it has to be written with keras.ops and operators."


def trace_function(
    *,
    function: str,
    custom: Sequence[str],
    inputs: Sequence[Mapping[str, Json]],
    as_list: bool,
    arguments: Mapping[str, Json],
) -> dict[str, Json]:
    """Calls a function on symbols.

    Args:
        function: ``FILE.py:FUNCTION`` or ``MODULE:FUNCTION``; a name alone is one of the custom
            objects.
        custom: the user's files and modules.
        inputs: shape and dtype of each input.
        as_list: whether it gets them as a list.
        arguments: what it gets by name.

    Returns:
        The config of the graph, and shape and dtype of each output.

    Raises:
        MissingObjectError: there is no such function, or it can't be imported.
        NotExactError: Keras 3 can't follow it, or it holds more than functions of Keras.
    """
    called, place = _function(function, custom)
    try:
        first = _graph(called, inputs, as_list, arguments)[1]
        model, config = _graph(called, inputs, as_list, arguments)
    except (Exception, SystemExit) as error:
        where = _line(error, place)
        raise NotExactError(
            f"--lambda {function} can't be followed{where}: {one_line(error)}", WRITTEN_WITH
        ) from error
    if first != config:
        raise NotExactError(
            f"--lambda {function} makes something else each time it is called",
            "Random numbers would be written as the ones that were drawn here.",
        )
    if model.weights:
        raise NotExactError(
            f"--lambda {function} makes weights, which a Lambda has none of",
            "Make it a layer of your own, and give that with --custom.",
        )
    refuse_code(config, function)
    outputs = [{"shape": list(each.shape), "dtype": str(each.dtype)} for each in model.outputs]
    return {"config": config, "outputs": outputs}


def _graph(
    called: Any, inputs: Sequence[Mapping[str, Json]], as_list: bool, arguments: Mapping[str, Json]
) -> tuple[Any, Json]:
    """The model that a function makes of new symbols, and its config."""
    keras = libraries.keras()
    keras.backend.clear_session()
    given = [keras.Input(batch_shape=each["shape"], dtype=each["dtype"]) for each in inputs]
    model = keras.Model(given, called(given if as_list else given[0], **arguments))
    return model, keras.saving.serialize_keras_object(model)


def _line(error: BaseException, place: str) -> str:
    """The user's own line is what he can mend."""
    lines = [each for each in traceback.extract_tb(error.__traceback__) if each.filename == place]
    return f" at {Path(place).name}:{lines[-1].lineno}" if lines else ""


def _function(function: str, custom: Sequence[str]) -> tuple[Any, str]:
    """What is to be called, and the file it is in."""
    where, _, name = function.rpartition(":")
    if not where:
        found: Any = load_custom(custom).objects.get(function)
        if not callable(found):
            raise MissingObjectError(f"--custom has no function {function}")
        return found, getattr(getattr(found, "__code__", None), "co_filename", "")
    try:
        module = import_value(where).modules[0]
    except KfixError as error:
        message = str(error).replace("--custom", "--lambda")
        raise type(error)(message, error.hint) from error
    found = getattr(module, name, None)
    if not callable(found):
        raise UsageError(f"--lambda {function}: {where} has no function {name}")
    return found, str(getattr(module, "__file__", "") or where)
