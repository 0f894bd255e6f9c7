"""Functions as Lambda layers keep them in a config, read as data.

Keras 1 and Keras 2 before 2.1 kept the bytes of ``marshal`` as text, byte for character; later
releases have ``[base64, defaults, closure]``, and Keras 3 a ``__lambda__`` object with the same.
Functions that are no code of the user's (a builtin, and in Keras 3 all with a name) are kept by
name.

Links: ``func_dump`` in
https://github.com/keras-team/keras/blob/2.0.0/keras/utils/generic_utils.py,
https://github.com/keras-team/keras/blob/v2.13.1/keras/utils/generic_utils.py,
https://github.com/keras-team/keras/blob/v3.0.0/keras/utils/python_utils.py
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass

from converter.lambdas.decompiling import decompiled
from converter.lambdas.errors import DamagedCode
from converter.lambdas.expressions import Function
from converter.lambdas.marshalled import MOST_BYTES
from converter.model.description import Json

LAMBDA, FUNCTION, RAW = "lambda", "function", "raw"

_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")


@dataclass(frozen=True)
class StoredFunction:
    """A function in a config, or what stands in its place.

    Attributes:
        kind: ``lambda`` for code, ``function`` for a name, ``raw`` for a plain value.
        name: of the function; ``<lambda>`` for those without one.
        module: where a function that is kept by name comes from, empty where that is not said.
        function: what the code computes.
        defaults: the values of its last parameters, as JSON has them.
        closure: the values of the variables ``function.closure``, in that order, as JSON has them.
        value: a plain value: an output shape, for example.
    """

    kind: str
    name: str = ""
    module: str = ""
    function: Function | None = None
    defaults: tuple[Json, ...] = ()
    closure: tuple[Json, ...] = ()
    value: Json = None


def of_layer(config: Mapping[str, Json], key: str = "function") -> StoredFunction:
    """A function of a Lambda layer: ``function``, ``output_shape`` or ``mask``.

    Args:
        config: of the layer.
        key: which one; beside it Keras 1 and 2 say of what type it is, and from which module.

    Raises:
        Unreadable: the code is sound, but no plain expression.
        DamagedCode: what is stored is no function.
        UnsafeCode: no compiler has made that code.
    """
    module_key = "module" if key == "function" else f"{key}_module"
    found = read(config.get(key), config.get(f"{key}_type"))
    module = config.get(module_key)
    if found.kind != FUNCTION or found.module or not isinstance(module, str):
        return found
    return StoredFunction(FUNCTION, found.name, module)


def read(stored: Json, function_type: Json = None) -> StoredFunction:
    """Reads a stored function.

    Args:
        stored: what the config has.
        function_type: what Keras 1 and 2 say it is; None where the config does not say.

    Raises:
        Unreadable: the code is sound, but no plain expression.
        DamagedCode: what is stored is no function.
        UnsafeCode: no compiler has made that code.
    """
    if function_type == RAW:
        return StoredFunction(RAW, value=stored)
    if isinstance(stored, Mapping):
        return _object(stored)
    if function_type == FUNCTION:
        return StoredFunction(FUNCTION, str(stored))
    if function_type is None and not _is_dump(stored):
        return StoredFunction(RAW, value=stored)
    return _dumped(stored)


def _is_dump(stored: Json) -> bool:
    """Whether a value without a type is code; a shape is not."""
    return isinstance(stored, (list, tuple)) and len(stored) == 3 and isinstance(stored[0], str)


def _object(stored: Mapping[str, Json]) -> StoredFunction:
    """Keras 3's forms."""
    config = stored.get("config")
    if stored.get("class_name") == "__lambda__" and isinstance(config, Mapping):
        if "value" in config:
            return _dumped(config["value"])
        return _dumped([config.get("code"), config.get("defaults"), config.get("closure")])
    if stored.get("class_name") == "function":
        return StoredFunction(FUNCTION, str(config), str(stored.get("module") or ""))
    if stored.get("class_name") in ("__tuple__", "__list__"):
        return StoredFunction(RAW, value=stored)
    name = str(stored.get("registered_name") or stored.get("class_name"))
    return StoredFunction(FUNCTION, name, str(stored.get("module") or ""))


def _dumped(stored: Json) -> StoredFunction:
    """What ``func_dump`` gave, or its first part alone."""
    if isinstance(stored, Mapping) and stored.get("class_name") == "__tuple__":
        stored = stored.get("items")
    parts = stored if isinstance(stored, (list, tuple)) else [stored]
    text, defaults, closure = (*parts, None, None, None)[:3]
    if not isinstance(text, str) or not 1 <= len(parts) <= 3:
        raise DamagedCode("what is stored as a function is no code")
    data, coded = _bytes(text)
    function = decompiled(data, by_keras_2_1=coded)
    return StoredFunction(
        LAMBDA,
        function.name,
        function=function,
        defaults=_values(defaults),
        closure=_values(closure),
    )


def _values(stored: Json) -> tuple[Json, ...]:
    if isinstance(stored, Mapping) and stored.get("class_name") == "__tuple__":
        stored = stored.get("items")
    if stored is None:
        return ()
    if not isinstance(stored, (list, tuple)):
        raise DamagedCode("the defaults or the closure of a function are no list")
    return tuple(stored)


def _bytes(text: str) -> tuple[bytes, bool]:
    """The bytes of a function, and whether they were coded in base64."""
    if len(text) > 2 * MOST_BYTES:
        raise DamagedCode(f"the code of a function has {len(text):,} characters")
    if not _BASE64.fullmatch(text):
        return text.encode("raw_unicode_escape"), False
    try:
        return base64.b64decode(text, validate=False), True
    except binascii.Error as error:
        raise DamagedCode("the code of a function is no base64") from error
