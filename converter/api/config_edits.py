"""Explicit edits of a stored model config: pure JSON in, JSON and a list of what changed out."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any

from converter.errors import UsageError
from converter.model.description import Json
from converter.model.findings import Edit

HOLDERS = frozenset({"layers", "layer", "forward_layer", "backward_layer", "cell", "cells"})
"""Config keys that hold layers."""


@dataclass(frozen=True)
class LayerEdit:
    """One changed value of one layer; ``layer`` is empty for the file as a whole."""

    layer: str
    edit: Edit


@dataclass(frozen=True)
class Entry:
    """A layer's dictionary in a stored config, with its path; the model itself has an empty one."""

    path: str
    name: str
    stored: MutableMapping[str, Any]

    @property
    def config(self) -> MutableMapping[str, Any]:
        """The layer's constructor arguments; empty where the config is a bare list of layers."""
        config = self.stored["config"]
        return config if isinstance(config, MutableMapping) else {}


def entries(config: Json) -> list[Entry]:
    """Every layer of a model config, nested and wrapped ones included, the model itself first."""
    return list(_entries(config, ""))


def _entries(stored: Json, path: str) -> Iterator[Entry]:
    if not (isinstance(stored, MutableMapping) and "class_name" in stored and "config" in stored):
        return
    config = stored["config"]
    name = str(
        (config.get("name") if isinstance(config, Mapping) else "") or stored.get("name", "")
    )
    yield Entry(path, name, stored)
    for child in _children(config):
        child_name = _name(child)
        yield from _entries(child, f"{path}/{child_name}" if path else child_name)


def _children(config: Json) -> Iterator[Json]:
    """The layers below; up to Keras 2.2.2 the config of a Sequential is the bare list of them."""
    held = [config] if isinstance(config, list) else []
    if isinstance(config, Mapping):
        held = [value for key, value in config.items() if key in HOLDERS]
    for value in held:
        yield from value if isinstance(value, list) else [value]


def _name(stored: Json) -> str:
    if not isinstance(stored, Mapping):
        return ""
    config = stored.get("config")
    inside = config.get("name") if isinstance(config, Mapping) else None
    return str(inside or stored.get("name") or "")


def rename_class(config: Json, old: str, new: str) -> tuple[Json, list[LayerEdit]]:
    """Gives every layer of class ``old`` the class ``new``.

    Raises:
        UsageError: no layer has that class.
    """
    config = copy.deepcopy(config)
    found = [entry for entry in entries(config) if entry.stored["class_name"] == old]
    if not found:
        classes = {str(entry.stored["class_name"]) for entry in entries(config)}
        raise UsageError(f"no layer has the class {old}", _nearest(old, sorted(classes)))
    for entry in found:
        entry.stored["class_name"] = new
    return config, [LayerEdit(entry.path, Edit("class_name", old, new)) for entry in found]


def set_value(config: Json, address: str, value: Json) -> tuple[Json, list[LayerEdit]]:
    """Sets one config key of each layer that the address names.

    Args:
        config: a model config.
        address: ``LAYER.KEY``; LAYER is a name, a path or a pattern of either (``conv_*``), KEY may
            lead into a value with more dots.
        value: any JSON value.

    Raises:
        UsageError: no layer fits.
    """
    config = copy.deepcopy(config)
    found, key = resolve(config, address)
    edits = []
    for entry in found:
        holder, last = _holder(entry, key)
        edits.append(LayerEdit(entry.path, Edit(key, holder.get(last), value)))
        holder[last] = value
    return config, edits


def drop_key(config: Json, address: str) -> tuple[Json, list[LayerEdit]]:
    """Removes a config key from each layer that the address names; see ``set_value``.

    Raises:
        UsageError: no layer fits, or none of them has the key.
    """
    config = copy.deepcopy(config)
    found, key = resolve(config, address)
    edits = []
    for entry in found:
        holder, last = _holder(entry, key)
        if last in holder:
            edits.append(LayerEdit(entry.path, Edit(key, holder.pop(last), None)))
    if not edits:
        keys = sorted({each for entry in found for each in entry.config})
        raise UsageError(f"{found[0].path or found[0].name} has no {key}", _nearest(key, keys))
    return config, edits


def resolve(config: Json, address: str) -> tuple[list[Entry], str]:
    """The layers and the key of a ``LAYER.KEY``; of names with dots the longest that exists wins.

    Raises:
        UsageError: no layer fits.
    """
    every = entries(config)
    dots = [index for index, character in enumerate(address) if character == "."]
    for dot in reversed(dots):
        layer, key = address[:dot], address[dot + 1 :]
        found = _named(every, layer) if key else []
        if found:
            return found, key
    if not dots:
        raise UsageError(f"{address} names no key", "write it as LAYER.KEY")
    layer = address[: dots[0]]
    raise UsageError(f"no layer is called {layer}", _nearest(layer, [each.name for each in every]))


def _named(every: Sequence[Entry], layer: str) -> list[Entry]:
    """The layer at a path; else all that have the name, or that a pattern fits."""
    exact = [entry for entry in every if entry.path and entry.path == layer]
    return exact or [
        entry
        for entry in every
        if any(fnmatchcase(each, layer) for each in (entry.name, entry.path) if each)
    ]


def _holder(entry: Entry, key: str) -> tuple[MutableMapping[str, Any], str]:
    """The dictionary that a dotted key ends in, and its last part."""
    holder, parts = entry.config, key.split(".")
    for part in parts[:-1]:
        below = holder.get(part)
        if not isinstance(below, MutableMapping):
            raise UsageError(f"{entry.path or entry.name} has no {part} to look for {key} in")
        holder = below
    return holder, parts[-1]


def _nearest(wanted: str, known: Sequence[str]) -> str:
    near = get_close_matches(wanted, known, n=3)
    if near:
        return f"did you mean {' or '.join(near)}?"
    return f"there are {', '.join(known[:8])}{'…' if len(known) > 8 else ''}" if known else ""
