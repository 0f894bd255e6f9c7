"""The signatures of a SavedModel: what is asked for, and how its clients know its tensors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from converter.engines import Endpoint
from converter.errors import UsageError
from converter.model.description import Model, TensorRef, Writer
from converter.model.structures import refs

FORMS = "NAME=LAYER[,LAYER…], NAME=.METHOD or NAME=MODULE:FUNCTION"
_NAME = re.compile(r"[A-Za-z0-9.][\w.>-]*", re.ASCII)
"""TensorFlow makes operations of these names."""
_METHOD = re.compile(r"\.[^\W\d]\w*")
_FUNCTION = re.compile(r"[^\W\d][\w.]*:[^\W\d]\w*")


def parsed_signatures(texts: Iterable[str]) -> tuple[Endpoint, ...]:
    """Further signatures from ``features=avg_pool``, ``encode=.encode`` or ``top=own:make_top``.

    Raises:
        UsageError: a text says no signature, or two have one name.
    """
    found: dict[str, Endpoint] = {}
    for text in texts:
        endpoint = _parsed(text)
        if endpoint.name in found:
            raise UsageError(f"--signature {text}: there is another one named {endpoint.name}")
        found[endpoint.name] = endpoint
    return tuple(found.values())


def _parsed(text: str) -> Endpoint:
    name, _, what = text.partition("=")
    parts = tuple(part.strip() for part in what.split(","))
    if not _NAME.fullmatch(name) or name == "__saved_model_init_op" or not all(parts):
        raise UsageError(f"--signature {text} says no signature", f"it is one of {FORMS}")
    if _METHOD.fullmatch(what):
        return Endpoint(name, method=what[1:])
    if _FUNCTION.fullmatch(what):
        return Endpoint(name, function=what)
    return Endpoint(name, layers=parts)


def names_of(model: Model, writer: Writer) -> tuple[list[str] | None, list[str] | None]:
    """What clients of the writer's own SavedModel call the inputs and outputs of a model.

    Both are named by their layers; Keras 3 names the outputs of a dictionary by its keys.

    Args:
        model: as its writer described it.
        writer: the program that wrote it.

    Returns:
        Names in the order in which Keras flattens the tensors, None where the model does not say.
    """
    if model.kind == "sequential":
        return _of_sequential(model, writer)
    inputs = [ref.layer for ref in refs(model.inputs)]
    if writer.generation >= 3 and _is_flat(model.outputs):
        return inputs, sorted(model.outputs)
    return inputs, [ref.layer for ref in refs(model.outputs)]


def _is_flat(structure: object) -> bool:
    return isinstance(structure, Mapping) and all(
        isinstance(each, TensorRef) for each in structure.values()
    )


def _of_sequential(model: Model, writer: Writer) -> tuple[list[str] | None, list[str] | None]:
    if not model.layers:
        return None, None
    first, last = model.layers[0], model.layers[-1]
    if first.class_name == "InputLayer":
        return [first.name], [last.name]
    # Keras 3 makes up a name where the file says none.
    return ([f"{first.name}_input"] if writer.generation < 3 else None), [last.name]
