"""Why a module of the user's can't run on Keras 3 as it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from converter.porting.addons import PACKAGE as ADDONS
from converter.porting.names import BACKEND, BACKEND_3, TENSORFLOW_1_NAMES, historic
from converter.porting.source import Source, canonical

LISTS_OF_WEIGHTS = frozenset({"trainable_weights", "non_trainable_weights"})
"""What layers of Keras 1 and 2 could assign, and Keras 3 works out."""


@dataclass(frozen=True)
class OldWord:
    """Something that Keras 3 or TensorFlow 2 does not have.

    Attributes:
        line: its line in the file.
        what: its name, ``keras.engine.topology``.
    """

    line: int
    what: str


def old_words(source: Source) -> tuple[OldWord, ...]:
    """What keeps a module from running on Keras 3, by line; empty where nothing is known to.

    What stands in a ``try`` or behind a question about versions is left out: such code knows its
    way.
    """
    found = [*_imports(source), *_uses(source), *_habits(source)]
    return tuple(sorted(dict.fromkeys(found), key=lambda word: (word.line, word.what)))


def _imports(source: Source) -> Iterator[OldWord]:
    for each in source.imports:
        if each.guarded or each.level:
            continue
        package = each.module.split(".")[0]
        private = package in ("tf_keras", ADDONS) or ".python.keras" in each.module
        if private or each.path.startswith("tensorflow.contrib"):
            yield OldWord(each.line, each.module)
        elif historic(each.path):
            inside = historic(canonical(each.module))
            yield OldWord(each.line, each.module if inside else each.path)
        elif _is_lost_function(each.path, each.module):
            yield OldWord(each.line, each.path)


def _uses(source: Source) -> Iterator[OldWord]:
    written = {each.name: each.module for each in source.imports}
    for use in source.uses("keras"):
        root = use.node
        while isinstance(root, ast.Attribute):
            root = root.value
        module = written[root.id] if isinstance(root, ast.Name) else ""
        lost = historic(use.path) or _is_lost_function(use.path, module)
        if not use.guarded and isinstance(use.node, ast.Attribute) and lost:
            yield OldWord(use.line, use.path)
    for use in source.uses("tensorflow"):
        name = use.path.removeprefix("tensorflow.")
        through_v1 = "compat.v1" in ast.unparse(use.node)
        known = name in TENSORFLOW_1_NAMES or name.startswith("contrib.")
        if known and not use.guarded and not through_v1 and not _imported_v1(source, use.node):
            yield OldWord(use.line, f"tf.{name}")


def _imported_v1(source: Source, node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    name = node.id if isinstance(node, ast.Name) else ""
    return any(each.name == name and "compat.v1" in each.module for each in source.imports)


def _is_lost_function(path: str, module: str) -> bool:
    """Whether it is a function of the backend that is not there for such an import."""
    if not path.startswith("keras.backend."):
        return False
    name = path.removeprefix("keras.backend.")
    return "." not in name and name not in (BACKEND if "tensorflow" in module else BACKEND_3)


def _habits(source: Source) -> Iterator[OldWord]:
    for node in ast.walk(source.tree):
        if id(node) in source.guarded:
            continue
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            if node.attr in LISTS_OF_WEIGHTS:
                yield OldWord(node.lineno, f"self.{node.attr} = …")
        elif isinstance(node, ast.Attribute) and node.attr == "_keras_shape":
            yield OldWord(node.lineno, "_keras_shape")
        elif isinstance(node, ast.FunctionDef) and node.name == "get_output_shape_for":
            yield OldWord(node.lineno, node.name)
        elif isinstance(node, ast.Call) and _names_first(node):
            yield OldWord(node.lineno, "add_weight with the name first")


def _names_first(call: ast.Call) -> bool:
    """``self.add_weight("kernel", …)``, which Keras 3 refuses."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr != "add_weight":
        return False
    first = call.args[0] if call.args else None
    return isinstance(first, ast.Constant) and isinstance(first.value, str)
