"""``tensorflow`` for the user's old modules: today's, with the names and meanings of 1.x.

Only modules of the user's see it. TensorFlow keeps its old functions in ``tf.compat.v1``; code of
TensorFlow 1 gets those, so that ``keep_dims``, ``dim`` and the order of arguments mean what they
did. Other code gets them for names that TensorFlow 2 has not.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any

from converter.porting.dialect import Dialect
from converter.porting.names import BEFORE_TENSORFLOW_1

_SWITCHES = ("disable_", "enable_")
"""How names begin that turn the whole process into TensorFlow 1."""
_CLASSES_OF_TODAY = frozenset({"Tensor", "Variable", "Module", "TensorShape", "function"})
_ABSENT = object()


class _Part:
    """A module of TensorFlow, looked at with old eyes."""

    def __init__(self, old: Any, new: Any, name: str) -> None:
        self._sides = (old, new)
        self._name = name

    def __getattr__(self, name: str) -> Any:
        old, new = self._sides
        first, second = (old, new) if _Installed.tensorflow1 else (new, old)
        if name in _CLASSES_OF_TODAY:
            first, second = new, old
        for side in (first, second):
            # Not None: tf.newaxis is None.
            found = getattr(side, name, _ABSENT)
            if isinstance(found, ModuleType):
                parts = getattr(old, name, None), getattr(new, name, None)
                return _Part(*parts, f"{self._name}.{name}")
            if found is not _ABSENT:
                return found
        raise AttributeError(f"TensorFlow has no {self._name}.{name}, and 1.15 had none either")


class _Contrib:
    """What of ``tf.contrib`` has an exact equivalent."""

    def __getattr__(self, name: str) -> Any:
        if name == "keras":
            return import_module("keras")
        if name == "layers":
            return _ContribLayers()
        raise AttributeError(f"tf.contrib.{name} went with TensorFlow 2 and has no equivalent")


class _ContribLayers:
    def __getattr__(self, name: str) -> Any:
        keras = import_module("keras")
        known = {
            "l1_regularizer": keras.regularizers.l1,
            "l2_regularizer": lambda scale: keras.regularizers.l2(scale / 2),
            "xavier_initializer": lambda *_, **__: keras.initializers.get("glorot_uniform"),
        }
        if name not in known:
            what = f"tf.contrib.layers.{name}"
            raise AttributeError(f"{what} went with TensorFlow 2 and has no equivalent")
        return known[name]


class _Installed:
    tensorflow1 = False


def install(dialect: Dialect) -> None:
    """Says which TensorFlow the code was written for."""
    _Installed.tensorflow1 = dialect.tensorflow1


def __getattr__(name: str) -> Any:
    if name.startswith("__") and name != "__version__":
        raise AttributeError(name)
    if name == "contrib":
        return _Contrib()
    if name == "keras":
        return import_module("keras")
    if name.startswith(_SWITCHES):
        return lambda *_, **__: None
    tensorflow = import_module("tensorflow")
    if name == "concat":
        return _concat
    if name in BEFORE_TENSORFLOW_1:
        return getattr(tensorflow.compat.v1, BEFORE_TENSORFLOW_1[name])
    if name == "compat":
        return tensorflow.compat
    return getattr(_Part(tensorflow.compat.v1, tensorflow, "tf"), name)


def _concat(values: Any, axis: Any = None, name: str = "concat", **options: Any) -> Any:
    """Before TensorFlow 1.0 the axis came first."""
    if isinstance(values, int):
        values, axis = axis, values
    if "concat_dim" in options:
        axis = options["concat_dim"]
    return import_module("tensorflow").concat(values, axis, name=name)
