"""The last look before a file reaches Keras: does it carry code, or name what is not Keras's?

The caller has checked already; this is the second lock on the same door, inside the process that
would run the code. tf_keras runs Lambda bytecode and any ``tf.*`` function that a config names, so
nothing but stock layers passes.
"""

from __future__ import annotations

import builtins
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py

from converter.errors import NotAModelError, UnsafeContentError

Json = Any

CODE_CARRIERS = frozenset(
    {
        "ClassMethod",
        "FlaxLayer",
        "InstanceMethod",
        "InstanceProperty",
        "JaxLayer",
        "Lambda",
        "SlicingOpLambda",
        "TFOpLambda",
        "TFSMLayer",
        "TensorFlowOpLayer",
        "TorchModuleWrapper",
        "__lambda__",
    }
)
"""Classes whose config holds code, or the name of any function, or the place of another model."""

_STOCK = re.compile(
    r"(tf_)?keras(\.src|\.api|\._tf_keras|\.keras|\.engine)*"
    r"(\.(activations|constraints|dtype_policies|engine|initializers|layers|losses|metrics|mixed_precision|models"
    r"|ops|optimizers|quantizers|regularizers|legacy|legacy_tf_layers)(\.\w+)*)?"
)
_FILE_ARGUMENTS = ("vocabulary",)
"""Arguments that a layer takes as the path of a file to read when they are strings."""


def read_config(path: str | Path) -> Json:
    """The model's config of a ``.keras`` archive or of a legacy HDF5 file.

    Raises:
        NotAModelError: there is none.
    """
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                return json.loads(archive.read("config.json"))
        with h5py.File(path, "r") as file:
            return json.loads(_joined_attribute(file.attrs, "model_config"))
    except (KeyError, OSError, ValueError, RecursionError) as error:
        raise NotAModelError(
            f"{Path(path).name} holds no model config that can be read."
        ) from error


def _joined_attribute(attributes: Any, name: str) -> str:
    value = attributes[name]
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def refuse_code(config: Json, name: str, *, stock_only: bool = True) -> None:
    """Lets a config pass only if Keras can read it without running anything from the file.

    Args:
        config: the model's config.
        name: the file's name, for the message.
        stock_only: also refuse objects of modules that are not Keras's; off where the user gave
            modules.

    Raises:
        UnsafeContentError: naming the first object that must not be read.
    """
    for path, item in walk(config):
        reason = _danger(item, stock_only)
        if reason:
            where = f" at {path}" if path else ""
            raise UnsafeContentError(f"{name}: {reason}{where} is not given to Keras.")


def _danger(item: dict[str, Json], stock_only: bool) -> str:
    class_name, module = item.get("class_name"), item.get("module")
    if class_name in CODE_CARRIERS:
        return f"a {class_name}"
    if stock_only and isinstance(module, str) and not _is_stock(module, item):
        return f"an object of module '{module}'"
    config = item.get("config")
    if isinstance(class_name, str) and isinstance(config, dict):
        for key in _FILE_ARGUMENTS:
            if isinstance(config.get(key), str):
                return f"a {class_name} that reads the file '{config[key]}'"
    return ""


def _is_stock(module: str, item: dict[str, Json]) -> bool:
    if module == "builtins":
        # How Keras stores its own functions: {"class_name": "function", "config": "relu"}.
        name = item.get("config")
        return item.get("class_name") == "function" and not hasattr(builtins, str(name))
    return _STOCK.fullmatch(module) is not None


def walk(config: Json, path: str = "") -> Iterator[tuple[str, dict[str, Json]]]:
    """Every dictionary of a config, with the path of layer names that leads to it."""
    stack: list[tuple[str, Json]] = [(path, config)]
    while stack:
        where, item = stack.pop()
        if isinstance(item, dict):
            where = _step(where, item)
            yield where, item
            stack.extend((where, value) for value in reversed(list(item.values())))
        elif isinstance(item, list):
            stack.extend((where, value) for value in reversed(item))


def _step(where: str, item: dict[str, Json]) -> str:
    config = item.get("config")
    if "class_name" not in item or not isinstance(config, dict):
        return where
    name = item.get("name") or config.get("name")
    # The model's own name leads every path and would only be noise.
    is_model = isinstance(config.get("layers"), list) and not where
    if not isinstance(name, str) or is_model:
        return where
    return f"{where}/{name}" if where else name
