"""Turns what Keras or the user's code threw into one line that says what is missing and where."""

from __future__ import annotations

import re
import traceback
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from converter.engines import libraries
from converter.engines.gate import is_foreign, walk
from converter.errors import KfixError, MissingObjectError

_STOCK_HOMES = (
    "layers",
    "models",
    "initializers",
    "regularizers",
    "constraints",
    "activations",
    "losses",
    "metrics",
    "optimizers",
    "dtype_policies",
    "quantizers",
)
_OPERATION_HOMES = ("core", "image", "linalg", "math", "nn", "numpy")
"""Where Keras keeps the classes of its graph operations, which have no public names."""

_UNEXPECTED = re.compile(r"(\w+)\.__init__\(\) got an unexpected keyword argument '(\w+)'")
_REQUIRED = re.compile(
    r"(\w+)\.__init__\(\) missing \d+ required (?:positional|keyword-only) arguments?: "
    r"((?:'\w+'|, | and )+)"
)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_GIVE = "Pass the file, folder or module that defines it with --custom."


def one_line(error: BaseException, limit: int = 300) -> str:
    """Class and message of an error on one line."""
    plain = _COLOUR.sub("", str(error)).split("\nArguments received by")[0]
    text = " ".join(plain.split())
    short = text if len(text) <= limit else text[: limit - 1] + "…"
    return f"{type(error).__name__}: {short}" if short else type(error).__name__


def explain(
    error: Exception, config: Any, objects: Mapping[str, Any], what: str, otherwise: type[KfixError]
) -> KfixError:
    """The best account of why Keras could not load a file.

    Args:
        error: what it threw.
        config: the file's model config.
        objects: the user's objects by name.
        what: ``Keras 3.15.1 cannot load model.keras``.
        otherwise: class of the error when it is not about the user's objects.
    """
    if isinstance(error, KfixError):
        return error
    return (
        _missing_objects(config, objects)
        or _rejected_argument(error, config, objects)
        or failure_in_user_code(error, objects)
        or otherwise(f"{what}: {one_line(error)}")
    )


def require_own_objects(config: Any, objects: Mapping[str, Any]) -> None:
    """Keeps modules that only the file names from Keras; before 3.11 it imports them.

    Raises:
        MissingObjectError: the file names modules whose objects the user did not give.
    """
    for _, item in walk(config):
        if "class_name" not in item or not is_foreign(item.get("module")):
            continue
        if not _known(custom_name(item), item, objects):
            # Without a name of its own it is a function that is called like one of Keras's.
            raise _missing_objects(config, objects) or MissingObjectError(
                f"The model needs a custom object that was not given: {_of_module(item)}.", _GIVE
            )


def _of_module(item: Mapping[str, Any]) -> str:
    is_function = item["class_name"] == "function"
    return f"{item['module']}.{item.get('config') if is_function else item['class_name']}"


def _missing_objects(config: Any, objects: Mapping[str, Any]) -> MissingObjectError | None:
    missing: dict[str, list[str]] = {}
    for path, item in walk(config):
        name = custom_name(item)
        if name and not _known(name, item, objects):
            missing.setdefault(name, []).append(path)
    if not missing:
        return None
    listed = ", ".join(f"{name}{_at(paths)}" for name, paths in missing.items())
    noun = "a custom object that was" if len(missing) == 1 else "custom objects that were"
    return MissingObjectError(f"The model needs {noun} not given: {listed}.", _GIVE)


def _at(paths: list[str]) -> str:
    named = list(dict.fromkeys(path for path in paths if path))
    more = f" and {len(named) - 3} more" if len(named) > 3 else ""
    return f" (layer {', '.join(named[:3])}{more})" if named else ""


def custom_name(item: Mapping[str, Any]) -> str:
    """The user's class or function that a serialized object refers to; empty for stock ones."""
    class_name, module = item.get("class_name"), item.get("module")
    if not isinstance(class_name, str) or "config" not in item or class_name.startswith("__"):
        return ""
    package = module.split(".")[0] if isinstance(module, str) else ""
    if package == "keras":
        return ""
    if class_name == "function":
        name = item["config"]
        return name if isinstance(name, str) and not _is_stock(name) else ""
    is_foreign = package not in ("", "builtins") or bool(item.get("registered_name"))
    return class_name if is_foreign or not _is_stock(class_name) else ""


def _is_stock(name: str) -> bool:
    keras = libraries.keras()
    homes = [getattr(keras, home, None) for home in _STOCK_HOMES]
    homes += [import_module(f"keras.src.ops.{home}") for home in _OPERATION_HOMES]
    return name == "Functional" or any(hasattr(home, name) for home in homes)


def _known(name: str, item: Mapping[str, Any], objects: Mapping[str, Any]) -> bool:
    registered = str(item.get("registered_name"))
    known = {*objects, *libraries.keras().saving.get_custom_objects()}
    return name in known or registered in known or f"Custom>{name}" in known


def _rejected_argument(
    error: BaseException, config: Any, objects: Mapping[str, Any]
) -> MissingObjectError | None:
    text = "\n".join(str(link) for link in _chain(error))
    unexpected, required = _UNEXPECTED.search(text), _REQUIRED.search(text)
    found = unexpected or required
    if found is None or found[1] not in {
        getattr(item, "__name__", "") for item in objects.values()
    }:
        return None
    class_name = found[1]
    paths = [path for path, item in walk(config) if item.get("class_name") == class_name]
    where = f" of layer {paths[0]}" if paths and paths[0] else ""
    if unexpected:
        message = (
            f"{class_name}.__init__() does not accept '{found[2]}', which the config{where} holds."
        )
        return MissingObjectError(
            message, f"Give a version of {class_name} that accepts it (or **kwargs)."
        )
    message = (
        f"{class_name}.__init__() needs {found[2].strip()}, which the config{where} does not hold."
    )
    name = re.findall(r"\w+", found[2])[0]
    return MissingObjectError(
        message,
        f"Give {class_name} a default for it, or add it to the file:"
        f" kfix edit --set {paths[0] if paths and paths[0] else 'LAYER'}.{name}=VALUE",
    )


def failure_in_user_code(
    error: BaseException, objects: Mapping[str, Any]
) -> MissingObjectError | None:
    """The error with its place, if it was thrown in a file of the user's."""
    files = {_source_file(item) for item in objects.values()} - {None}
    for link in _chain(error):
        frames = [
            frame for frame in traceback.extract_tb(link.__traceback__) if frame.filename in files
        ]
        if frames:
            place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}"
            return MissingObjectError(
                f"The custom code failed at {place}: {one_line(link)}",
                "The class must fit the installed Keras and the file's config.",
            )
    return None


def _source_file(item: Any) -> str | None:
    code = getattr(getattr(item, "__init__", None), "__code__", None) or getattr(
        item, "__code__", None
    )
    call = getattr(getattr(item, "call", None), "__code__", None)
    for candidate in (code, call):
        if candidate is not None and "keras" not in Path(candidate.co_filename).parts:
            return str(candidate.co_filename)
    return None


def _chain(error: BaseException | None) -> list[BaseException]:
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__ or error.__context__
    return chain
