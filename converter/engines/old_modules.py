"""``keras`` as a name for tf_keras, with every module that Keras 1 and 2 had."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from converter.porting.dialect import Dialect
from converter.porting.names import HISTORIC

_BASES = ("base_layer", "input_spec", "input_layer", "training", "functional", "sequential", "node")
_HOMES = {
    "engine": [
        *(f"tf_keras.src.engine.{name}" for name in _BASES),
        *("tf_keras.layers", "tf_keras.models", "tf_keras.utils", "tf_keras.src.utils.layer_utils"),
    ],
    "legacy": ["tf_keras.layers"],
    "layers": [
        *("tf_keras.layers", "tf_keras.layers.experimental.preprocessing", "tf_keras"),
        *("tf_keras.src.layers.merging.base_merge", "tf_keras.src.layers.convolutional.base_conv"),
        *("tf_keras.src.layers.pooling.base_pooling2d", "tf_keras.src.layers.rnn.rnn_utils"),
        *("tf_keras.src.engine.base_layer", "tf_keras.src.engine.input_spec", "tf_keras.utils"),
        "tf_keras.src.utils",
    ],
    "models": ["tf_keras.models", "tf_keras.src.engine.training", "tf_keras.src.models.cloning"],
    "backend": ["tf_keras.src.backend"],
    "utils": [
        *("tf_keras.utils", "tf_keras.src.utils.np_utils", "tf_keras.src.utils.generic_utils"),
        *("tf_keras.src.utils.conv_utils", "tf_keras.src.utils.layer_utils"),
        *("tf_keras.src.utils.data_utils", "tf_keras.src.utils.vis_utils"),
        *("tf_keras.src.utils.tf_utils", "tf_keras.src.utils"),
    ],
    "objectives": ["tf_keras.losses"],
    "initializations": ["converter.engines.keras2_words"],
}
"""Where the names of a module of Keras 1 or 2 are looked for in tf_keras."""

_RENAMED = {"_Conv": "Conv", "_Pooling2D": "Pooling2D"}
_UPDATES = frozenset({"moving_average_update", "update", "update_add", "update_sub"})


class _Finder(MetaPathFinder, Loader):
    """Makes the modules; there are no others under ``keras`` in this process."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """A spec for ``keras`` and for what it had inside."""
        if fullname != "keras" and not fullname.startswith("keras."):
            return None
        inside = fullname.removeprefix("keras").removeprefix(".")
        if inside and not _is_module(inside):
            return None
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """An empty module, which looks its names up."""
        return _Old(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing: the names come when they are asked for."""


class _Old(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__version__":
            raise AttributeError(name)
        inside = self.__name__.removeprefix("keras").removeprefix(".")
        found = _looked_up(inside, name)
        if found is not _NOWHERE:
            return found
        child = f"{inside}.{name}".strip(".")
        if _is_module(child):
            return import_module(f"keras.{child}")
        raise AttributeError(f"tf_keras has no {self.__name__}.{name}")


_NOWHERE = object()


def _looked_up(inside: str, name: str) -> Any:
    special = _SPECIAL.get(inside.split(".")[0])
    if special is not None:
        found = special(inside, name)
        if found is not _NOWHERE:
            return found
    for home in _homes(inside):
        found = getattr(home, _RENAMED.get(name, name), _NOWHERE)
        if found is not _NOWHERE and not _is_tf_keras(found):
            return found
    return _NOWHERE


def _is_tf_keras(item: Any) -> bool:
    """A module inside tf_keras is reached as one of ours, which knows more names."""
    return isinstance(item, ModuleType) and item.__name__.startswith("tf_keras.")


@cache
def _homes(inside: str) -> tuple[ModuleType, ...]:
    names = [f"tf_keras.{inside}", f"tf_keras.src.{inside}"] if inside else ["tf_keras"]
    names += _HOMES.get(inside.split(".")[0], [])
    return tuple(module for name in names for module in _imported(name))


def _imported(name: str) -> Iterator[ModuleType]:
    try:
        yield import_module(name)
    except ImportError:
        return


def _is_module(inside: str) -> bool:
    first = inside.split(".")[0]
    known = inside in _HOMES or inside in HISTORIC
    if known or (first in {"engine", "legacy"} and inside.count(".") == 1):
        return True
    return any(any(_imported(f"{home}.{inside}")) for home in ("tf_keras", "tf_keras.src"))


def _backend(inside: str, name: str) -> Any:
    """What the backend of the writer had, where tf_keras's has it otherwise or not at all."""
    words = import_module("converter.engines.keras2_words")
    current = import_module("tf_keras.src.backend")
    dialect = _Installed.dialect
    if name in ("tensorflow_backend", "common", "load_backend") or name.startswith("__"):
        return _NOWHERE
    if name in ("tf", "control_flow_ops"):
        return import_module("converter.engines.old_tensorflow")
    if name == "variable" and not dialect.tracks_variables:
        return _listed_by_hand
    if name in _UPDATES:
        return _while_training(getattr(current, name))
    if name == "batch_dot" and dialect.old_batch_dot:
        return words.keras2_backend.batch_dot
    if name == "resize_images" and dialect.tensorflow1:
        return words.keras2_backend.resize_images
    if hasattr(current, name):
        return getattr(current, name)
    return getattr(words.keras2_backend, name) if name in vars(words.Keras2Backend) else _NOWHERE


def _listed_by_hand(*arguments: Any, **options: Any) -> Any:
    made = import_module("tf_keras.src.backend").variable(*arguments, **options)
    made.is_listed_by_hand = True
    return made


def _while_training(update: Any) -> Any:
    """In Keras 2 it made an operation that ran in training only; today it acts at once."""

    def act(x: Any, *arguments: Any, **options: Any) -> Any:
        phase = import_module("tf_keras.src.backend").learning_phase()
        return update(x, *arguments, **options) if phase is True or phase == 1 else x

    return act


def _initializations(inside: str, name: str) -> Any:
    words = import_module("converter.engines.keras2_words")
    return getattr(words.Keras1Initializations, name, _NOWHERE)


def _legacy(inside: str, name: str) -> Any:
    """Decorators that renamed the arguments of Keras 1: code of Keras 2 calls by the new names."""
    if inside != "legacy.interfaces":
        return _NOWHERE
    if name == "generate_legacy_interface":
        return lambda *arguments, **options: lambda function: function
    return (lambda function: function) if name.startswith("legacy_") else _NOWHERE


def _utils(inside: str, name: str) -> Any:
    """``conv_utils.normalize_data_format``, which moved to the backend, and one that went."""
    if name == "normalize_data_format":
        words = import_module("converter.engines.keras2_words")
        return words.Keras2ConvUtils.normalize_data_format
    if name == "multi_gpu_model":
        return lambda model, *arguments, **options: model
    return _NOWHERE


def _layers(inside: str, name: str) -> Any:
    if name in ("LSTM", "GRU", "LSTMCell", "GRUCell"):
        return _with_old_defaults(name, _Installed.dialect)
    return import_module("keras.backend") if name == "K" else _NOWHERE


@cache
def _with_old_defaults(name: str, dialect: Dialect) -> Any:
    """A recurrent layer for code that leaves out what has another default today."""
    current = getattr(import_module("tf_keras.layers"), name)
    defaults: dict[str, Any] = {}
    if dialect.hard_gates:
        defaults["recurrent_activation"] = "hard_sigmoid"
    if name.startswith("GRU") and dialect.resets_before:
        defaults["reset_after"] = False

    def start(self: Any, *arguments: Any, **options: Any) -> None:
        given = ("units", "activation", "recurrent_activation")[: len(arguments)]
        left = {key: value for key, value in defaults.items() if key not in given}
        current.__init__(self, *arguments, **{**left, **options})

    own = {"__init__": start, "__module__": current.__module__}
    return type(name, (current,), own) if defaults else current


def _optimizers(inside: str, name: str) -> Any:
    """With ``lr`` and ``decay``, which those of today refuse."""
    return getattr(import_module("tf_keras").optimizers.legacy, name, _NOWHERE)


_SPECIAL = {
    "backend": _backend,
    "engine": _layers,
    "initializations": _initializations,
    "layers": _layers,
    "legacy": _legacy,
    "optimizers": _optimizers,
    "utils": _utils,
}


class _Installed:
    dialect = Dialect()


def install(dialect: Dialect) -> None:
    """Puts the modules where imports find them before any other ``keras``."""
    _Installed.dialect = dialect
    sys.modules.pop("keras", None)
    sys.meta_path.insert(0, _Finder())
