"""The user's old code as it is: in a process with tf_keras, its old imports find what they name.

``import keras`` gives tf_keras under every module path that Keras 1 and 2 ever had, and
``import tensorflow`` a TensorFlow that still knows its old names. Nothing of the user's is changed
on disk: a few words are exchanged while Python compiles a module, line by line.
"""

from __future__ import annotations

import os
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

from converter.engines import libraries, old_addons, old_layers, old_modules, old_tensorflow
from converter.engines.custom import CustomObjects
from converter.engines.imports import import_value
from converter.errors import KfixError
from converter.porting.carry import habits
from converter.porting.dialect import Dialect
from converter.porting.editing import Edit, edited, span
from converter.porting.source import Source

_FOREIGN = frozenset({"converter", "keras", "numpy", "tensorflow", "tf_keras", "typing"})
_FOLDERS = (
    Path(__file__).parents[1],
    *(Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")),
)
_LIBRARIES = tuple(
    f"{name}{os.sep}" for each in _FOLDERS for name in {str(each), str(each.resolve())}
)
"""Folders whose modules are not the user's, also by the links that lead to them."""


def load_old(values: Sequence[str], dialect: Dialect) -> CustomObjects:
    """Imports the user's modules in words of old and collects what they define.

    Args:
        values: files, folders, modules and packages.
        dialect: what the words meant.

    Raises:
        MissingObjectError: tf_keras is not there, or a module can't be imported even so.
        UsageError: a file does not exist.
    """
    install(dialect)
    found: dict[str, Any] = {}
    imported = [import_value(value) for value in values]
    for module in (module for each in imported for module in each.modules):
        for name, item in vars(module).items():
            if name.lower() == "custom_objects" and isinstance(item, dict):
                found.update(item)
            elif _is_own(item):
                found[name] = item
                found.setdefault(item.__name__, item)
    registered = libraries.tf_keras().utils.get_custom_objects()
    plain = {name.rpartition(">")[2]: item for name, item in registered.items()}
    failures = tuple(failure for each in imported for failure in each.failures)
    return CustomObjects({**plain, **registered, **found}, failures=failures)


def is_library(filename: str) -> bool:
    """Whether a file is Python's, an installed package's or kfix's: not the user's."""
    return filename.startswith(("<", *_LIBRARIES)) or "__autograph_generated" in filename


def _is_own(item: Any) -> bool:
    package = (getattr(item, "__module__", None) or "").split(".")[0]
    is_object = isinstance(item, type) or callable(item) and hasattr(item, "__code__")
    return is_object and package not in _FOREIGN and package not in sys.stdlib_module_names


def install(dialect: Dialect) -> None:
    """Gives old names their meaning in this process, once."""
    if not libraries.is_legacy():
        raise KfixError("Old code needs a process in which TensorFlow takes tf_keras for Keras.")
    if _Loader.dialect is not None:
        return
    if getattr(sys.modules.get("keras"), "__file__", None):
        raise KfixError("Old code runs in a fresh engine, but this one imported Keras.")
    # First, so that the message is about the one that is missing.
    libraries.tf_keras()
    libraries.tensorflow()
    _Loader.dialect = dialect
    old_modules.install(dialect)
    old_tensorflow.install(dialect)
    old_layers.install(dialect)
    old_addons.install()
    setattr(SourceFileLoader, "get_code", _Loader.get_code)  # noqa: B010


class _Loader(SourceFileLoader):
    """Compiles modules of the user's from their text of today."""

    dialect: Dialect | None = None
    _original = SourceFileLoader.get_code

    def get_code(self, fullname: str) -> Any:
        """The code of a module; never a cached one where words may have to change."""
        path = str(Path(self.get_filename(fullname)).resolve())
        if is_library(path):
            return _Loader._original(self, fullname)
        source = Source.read(Path(path))
        if source is None:
            return _Loader._original(self, fullname)
        path = _kept(in_words_of_today(source), source.name)
        return compile(Path(path).read_bytes(), path, "exec", dont_inherit=True)


def _kept(text: str, name: str) -> str:
    """A file with the text in the engine's own folder.

    TensorFlow reads functions again, to see which ifs and loops are over tensors.
    """
    home = Path(os.environ["KERAS_HOME"])
    home.mkdir(parents=True, exist_ok=True)
    path = Path(tempfile.mkdtemp(dir=home)) / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def in_words_of_today(source: Source) -> str:
    """The text with the old names of TensorFlow served, each on its own line."""
    return edited(source.text, [*_imports(source), *habits(source)])


def _imports(source: Source) -> list[Edit]:
    edits: dict[int, Edit] = {}
    for each in source.imports:
        text = ""
        if each.path == "tensorflow":
            text = f"import {old_tensorflow.__name__} as {each.name}"
        elif each.path.startswith("keras.") and not each.module.startswith("keras"):
            module, _, leaf = each.path.rpartition(".")
            text = f"from {module} import {leaf} as {each.name}"
        elif each.path == "keras" and each.module != "keras":
            text = f"import keras as {each.name}"
        elif each.path.startswith("tensorflow.") and each.module in _PROXIED:
            leaf = each.path.rpartition(".")[2]
            text = f"from {old_tensorflow.__name__} import {leaf} as {each.name}"
        if text:
            before = edits[id(each.node)].text + "; " if id(each.node) in edits else ""
            edits[id(each.node)] = Edit(span(each.node), before + text)
    return list(edits.values())


_PROXIED = frozenset({"tensorflow", "tensorflow.compat.v1", "tensorflow.compat.v2"})
