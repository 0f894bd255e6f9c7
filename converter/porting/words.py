"""Excerpts of ``engines/keras2_words.py`` as text: what a carried module takes over."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from converter.porting.dialect import Dialect

ALWAYS = frozenset({"__init__", "__getattr__"})
"""Parts of the backend that are taken with any other."""


@cache
def _text() -> str:
    return files("converter.engines").joinpath("keras2_words.py").read_text("utf-8")


@cache
def _tree() -> ast.Module:
    return ast.parse(_text())


@cache
def methods(class_name: str) -> frozenset[str]:
    """The methods of one of the classes."""
    node = _class(class_name)
    return frozenset(each.name for each in node.body if isinstance(each, ast.FunctionDef))


def _class(name: str) -> ast.ClassDef:
    found = [n for n in _tree().body if isinstance(n, ast.ClassDef) and n.name == name]
    return found[0]


def definitions(text: str, dialect: Dialect) -> str:
    """The definitions that a text needs, with their imports; empty where it needs none."""
    taken: dict[str, str] = {}
    pending = [text]
    while pending:
        part = pending.pop()
        for name in _names():
            if name not in taken and re.search(rf"\b{name}\b", part):
                taken[name] = _definition(name, text + "".join(taken.values()), dialect)
                pending.append(taken[name])
    # The backend's methods depend on all that was taken besides.
    if "Keras2Backend" in taken:
        rest = text + "".join(each for name, each in taken.items() if name != "Keras2Backend")
        taken["Keras2Backend"] = _definition("Keras2Backend", rest, dialect)
    if not taken:
        # A dotted name may have become one of Keras's, whatever the module imported.
        return (
            "" if not re.search(r"\bkeras\.", text) or "import keras" in text else "import keras\n"
        )
    body = "\n\n".join(taken[name] for name in _names() if name in taken)
    library = "import functools\n" if "functools." in body else ""
    imports = f"{library}from typing import Any\n\nimport keras\nimport tensorflow\n"
    return f"{imports}\n\n{body}\n\n"


@cache
def _names() -> tuple[str, ...]:
    return tuple(_named())


def _named() -> Iterator[str]:
    for node in _tree().body:
        if isinstance(node, ast.ClassDef):
            yield node.name
    yield from ("keras2_backend", "keras2_activations")


def _definition(name: str, text: str, dialect: Dialect) -> str:
    if name == "keras2_backend":
        given = "" if dialect.tracks_variables else "listed_by_hand=True"
        return f"keras2_backend = Keras2Backend({given})\n"
    if name == "keras2_activations":
        return "keras2_activations = Keras2Activations()\n"
    lines = _text().splitlines()
    node = _class(name)
    if name != "Keras2Backend":
        return "\n".join(lines[node.lineno - 1 : node.end_lineno]) + "\n"
    kept = [lines[node.lineno - 1]]
    for each in node.body:
        if _is_kept(each, text, dialect):
            assert each.end_lineno is not None
            kept += ["\n".join(lines[each.lineno - 1 : each.end_lineno]), ""]
    return "\n".join(kept).rstrip() + "\n"


def _is_kept(node: ast.stmt, text: str, dialect: Dialect) -> bool:
    if isinstance(node, ast.Expr):
        return True
    targets = node.targets if isinstance(node, ast.Assign) else [node]
    name = getattr(targets[0], "id", "") or getattr(node, "name", "")
    meant_otherwise = {
        "batch_dot": dialect.old_batch_dot,
        "resize_images": dialect.tensorflow1,
    }
    if not meant_otherwise.get(name, True):
        return False
    return name in ALWAYS or re.search(rf"\.{name}\b", text) is not None
