"""The last look before a file reaches Keras: does it carry code, or name what is not Keras's?

The caller has checked already; this is the second lock on the same door, inside the process that
would run the code. tf_keras runs Lambda bytecode and any ``tf.*`` function that a config names, so
nothing but stock layers and functions that are known to compute alone passes.
"""

from __future__ import annotations

import builtins
import json
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py

from converter.errors import NotAModelError, UnsafeContentError
from converter.ops.calls import OP_LAYERS, only_computes

Json = Any

CODE_CARRIERS = frozenset(
    {"FlaxLayer", "JaxLayer", "Lambda", "TFSMLayer", "TorchModuleWrapper", "__lambda__"}
)
"""Classes whose config holds code, or the place of another model."""

_STOCK = re.compile(
    r"(tf_)?keras(\.src|\.api|\._tf_keras|\.keras|\.engine)*"
    r"(\.(activations|constraints|dtype_policies|engine|initializers|layers|losses|metrics"
    r"|mixed_precision|models|ops|optimizers|quantizers|regularizers|legacy|legacy_tf_layers)(\.\w+)*)?"
)
_FILE_ARGUMENTS = ("vocabulary", "vocabulary_file", "ckpt_to_load_from")
"""Arguments that a layer, or a feature column of one, takes as the path of a file to read when they
are strings."""


def read_config(path: str | Path, *, compile: bool = False) -> Json:
    """The model's config of a ``.keras`` archive or of a legacy HDF5 file.

    Args:
        path: the file.
        compile: with the compile state, under ``compile_config`` for both kinds of file.

    Raises:
        NotAModelError: there is none.
    """
    try:
        config, compile_config = _configs(path)
    except (KeyError, OSError, TypeError, ValueError, RecursionError, zipfile.BadZipFile) as error:
        name = Path(path).name
        raise NotAModelError(f"{name} holds no model config that can be read.") from error
    rest = {key: value for key, value in config.items() if key != "compile_config"}
    return {**rest, "compile_config": compile_config} if compile else rest


def _configs(path: str | Path) -> tuple[dict[str, Json], Json]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            config = dict(json.loads(archive.read("config.json")))
            return config, config.get("compile_config")
    with h5py.File(path, "r") as file:
        training = file.attrs.get("training_config", "null")
        return dict(json.loads(file.attrs["model_config"])), json.loads(training)


def refuse_code(
    config: Json, name: str, *, stock_only: bool = True, followed: bool = False
) -> None:
    """Lets a config pass only if Keras can read it without running anything from the file.

    Args:
        config: the model's config.
        name: the file's name, for the message.
        stock_only: also refuse the user's own objects; off where they come by ``--custom``.
        followed: let Lambdas pass in Keras 2's form, for which the reader has a class of ours.

    Raises:
        UnsafeContentError: naming the first object that must not be read.
    """
    for path, item in walk(config):
        reason = "" if followed and _is_lambda(item) else _danger(item, stock_only)
        if reason:
            where = f" at {path}" if path else ""
            raise UnsafeContentError(f"{name}: {reason}{where} is not given to Keras.")


def _is_lambda(item: dict[str, Json]) -> bool:
    """Whether nothing but the name leads to the class, which then is the one that is given."""
    places = ("module", "registered_name", "spec_name")
    return item.get("class_name") == "Lambda" and all(key not in item for key in places)


def _danger(item: dict[str, Json], stock_only: bool) -> str:
    if "class_name" not in item:
        return ""
    class_name, module = item["class_name"], item.get("module")
    config = item.get("config")
    for name in _last_parts(item):
        runs = name in OP_LAYERS and not only_computes(
            name, config if isinstance(config, dict) else {}
        )
        if name in CODE_CARRIERS or runs:
            return f"a {name}"
    own = not stock_only and is_foreign(module)
    if isinstance(module, str) and not own and not _is_stock(module, item):
        return f"an object of module '{module}'"
    if isinstance(class_name, str) and isinstance(config, dict):
        for key in _FILE_ARGUMENTS:
            if isinstance(config.get(key), str):
                return f"a {class_name} that reads the file '{config[key]}'"
    return ""


def _last_parts(item: dict[str, Json]) -> Iterator[str]:
    """The names under which a reader may look for the object, each without what leads to it.

    tf_keras finds ``layers.Lambda`` in ``keras``, ``lambda_layer.Lambda`` in the package around it,
    and where a module has no such class, the one that is called like the registered name.
    """
    for key in ("class_name", "registered_name", "spec_name"):
        if isinstance(item.get(key), str):
            yield re.split(r"[.>]", item[key])[-1]


def is_foreign(module: Json) -> bool:
    """Whether the module can be the user's: not Keras's, TensorFlow's or Python's."""
    packages = ("", "keras", "tf_keras", "tensorflow", *sys.stdlib_module_names)
    return isinstance(module, str) and module.split(".")[0] not in packages


def _is_stock(module: str, item: dict[str, Json]) -> bool:
    is_function = item["class_name"] == "function"
    name = str(item.get("config") if is_function else item["class_name"])
    if module == "builtins":
        # How Keras stores its own functions: {"class_name": "function", "config": "relu"}.
        return is_function and "." not in name and not hasattr(builtins, name)
    # A dot leads on from there, into whatever the module has imported: np.load.
    return _STOCK.fullmatch(module) is not None and "." not in name


def walk(config: Json, path: str = "") -> Iterator[tuple[str, dict[str, Json]]]:
    """Every dictionary of a config, with the path of layer names that leads to it."""
    stack: list[tuple[str, Json]] = [(path, config)]
    while stack:
        where, item = stack.pop()
        if isinstance(item, dict):
            # The model's own name would lead every path and only be noise.
            where = where if item is config else _step(where, item)
            yield where, item
            stack.extend((where, value) for value in reversed(list(item.values())))
        elif isinstance(item, list):
            stack.extend((where, value) for value in reversed(item))


def _step(where: str, item: dict[str, Json]) -> str:
    config = item.get("config")
    if "class_name" not in item or not isinstance(config, dict):
        return where
    name = item.get("name") or config.get("name")
    if not isinstance(name, str):
        return where
    return f"{where}/{name}" if where else name
