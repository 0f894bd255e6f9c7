"""All that is known of one release."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from .exports import COMPAT, Exported, exported
from .modules import Definition, Sources
from .releases import Release
from .signatures import Arguments, constructor, method, parameters


@dataclass(frozen=True)
class Entry:
    """One class or function.

    Attributes:
        names: what it is exported as, below ``keras.KIND``.
        arguments: of the constructor; of a function, those behind the tensors.
        call: of a layer's ``call``.
    """

    names: tuple[str, ...]
    arguments: Arguments = field(default_factory=dict)
    call: tuple[str, ...] = ()


Table = dict[str, dict[str, Entry]]
TENSORS = {"activations": 1, "losses": 2, "metrics": 2}
"""How many tensors come first in what functions of a kind take."""


def table(release: Release, folder: Path) -> Table:
    """Kinds, the names that files use in them, and what is behind each."""
    found = exported(Sources(folder), release)
    return {kind: _entries(kind, definitions) for kind, definitions in found.items()}


def _entries(kind: str, definitions: Exported) -> dict[str, Entry]:
    """By class name; of several with one name the most public, the others by public name."""
    entries: dict[str, Entry] = {}
    order = sorted(definitions.items(), key=lambda item: _privacy(item[0], item[1]))
    for definition, names in order:
        key = definition.name
        if key in entries:
            key = next((name for name in sorted(names) if name not in entries), "")
        if key:
            entries[key] = _entry(kind, definition, tuple(sorted(names)))
    return dict(sorted(entries.items()))


def _privacy(definition: Definition, names: set[str]) -> tuple[int, str]:
    current = {name for name in names if not name.startswith(COMPAT)}
    if definition.name in current or any("." not in name for name in current):
        return (0, definition.module.name)
    return (1 if current else 2 if names else 3, definition.module.name)


def _entry(kind: str, definition: Definition, names: tuple[str, ...]) -> Entry:
    if not definition.is_class:
        taken = list(parameters(definition).items())[TENSORS.get(kind, 0) :]
        return Entry(names, dict(taken))
    call = method(definition, "call") if kind == "layers" else None
    return Entry(
        names, constructor(definition), tuple(parameters(call)) if call is not None else ()
    )
