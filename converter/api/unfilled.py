"""Refuses modules of the user's whose bodies are still to be written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from converter.api.custom import files_of
from converter.api.walk import layers
from converter.errors import MissingObjectError
from converter.model.description import Json, Layer, Model
from converter.stubbing.unfilled import Unfilled, unfilled_in


def require_filled(model: Model, custom: Sequence[str]) -> None:
    """Looks at what a model needs of the user's modules, before anything is run.

    Raises:
        MissingObjectError: a class or function that it needs does nothing but raise
            ``NotImplementedError``, as what ``kfix stubs`` has written.
    """
    if not custom:
        return
    names = {name for placed in layers(model) for name in _names(placed.layer)}
    files = [path for each in custom for path in files_of(each)]
    _refuse(unfilled_in(files, names))


def require_filled_functions(given: Mapping[str, str] | None) -> None:
    """The same for functions that are given one by one, ``FILE.py:FUNCTION``.

    Raises:
        MissingObjectError: one does nothing but raise ``NotImplementedError``.
    """
    for value in (given or {}).values():
        file, _, name = value.rpartition(":")
        if Path(file).is_file():
            _refuse(unfilled_in([Path(file)], [name]))


def _refuse(found: Sequence[Unfilled]) -> None:
    if not found:
        return
    first = found[0]
    others = [f"{each.what} in line {each.line}" for each in found[1:4]]
    others += [f"{len(found) - 4} more"] if len(found) > 4 else []
    also = f"; also {', '.join(others)}" if others else ""
    raise MissingObjectError(
        f"{first.file}:{first.line}: {first.what} is still to be written{also}",
        "The text there says what is known of it.",
    )


def _names(layer: Layer) -> Iterator[str]:
    """Its class, and every text in its config: names of functions are among them."""
    yield layer.class_name
    yield layer.registered_name or ""
    yield from _strings(layer.config)


def _strings(value: Json) -> Iterator[str]:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            waiting += item.values()
        elif isinstance(item, (list, tuple)):
            waiting += item
