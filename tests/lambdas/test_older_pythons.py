"""Python 3.4 and 3.5, which no registry has to run any more.

Their layout is held against functions of public model files, and what they alone do against
instructions as ``Python/compile.c`` and ``Python/ceval.c`` of CPython 3.4 and 3.5 have them.
"""

from __future__ import annotations

import base64
import marshal
import struct
from typing import Any

import pytest

from converter.lambdas.decompiling import decompiled
from converter.lambdas.releases import releases
from converter.lambdas.text import line_of

IN_MODEL_FILES = {
    # naokishibuya/car-behavioral-cloning, model.h5 of Keras 1.2.1
    "4wEAAAAAAAAAAQAAAAIAAABTAAAAcwwAAAB8AABkAQAbZAIAGFMpA07nAAAAAADgX0DnAAAAAAAA8D+pACkB2gF4cgMA"
    "AAByAwAAAPoIbW9kZWwucHnaCDxsYW1iZGE+IgAAAHMAAAAA": "lambda x: x / 127.5 - 1.0",
    # dhkim0225/CarND-Behavior_Cloning, model.h5 of Keras 2.0.8, from a notebook
    "4wEAAAAAAAAAAQAAAAIAAABDAAAAcwwAAAB8AABkAQAbZAIAGFMpA05nAAAAAADgb0BnAAAAAAAA4D+pACkB2gF4cgEA"
    "AAByAQAAAPofPGlweXRob24taW5wdXQtMjUtZDUyMTEzNTI0MzMzPtoIPGxhbWJkYT4HAAAA8wAAAAA=": (
        "lambda x: x / 255.0 - 0.5"
    ),
    # bmcfee/crema, beats/resources/model.h5 of Keras 2.0.5
    "4wIAAAAAAAAAAwAAAAQAAABTAAAAcyIAAABkAQBkAABsAAB9AgB8AgBqAQBqAgB8AABkAgB8AQCDAQFTKQNO6QAAAADa"
    "BGF4aXMpA9oFa2VyYXPaB2JhY2tlbmTaB3NxdWVlemUpA9oBeHICAAAAcgMAAACpAHIHAAAA+g0uLzAyLXRyYWluLnB5"
    "2ghfc3F1ZWV6ZaMAAABzBAAAAAABDAE=": (
        "def _squeeze(x, axis): import keras; return keras.backend.squeeze(x, axis=axis)"
    ),
}


@pytest.mark.parametrize(("code", "text"), IN_MODEL_FILES.items())
def test_functions_of_model_files(code: str, text: str) -> None:
    assert line_of(decompiled(base64.b64decode(code))) == text


def _instructions(release: str, text: str) -> bytes:
    """Bytes of ``LOAD_FAST 0; RETURN_VALUE``; a number with ``@`` is a place among them."""
    version = tuple(map(int, release.split(".")))
    (table,) = (each for each in releases() if each.version == version)
    numbers = {name: number for number, name in table.names.items()}
    parts = [part.split() for part in text.split(";")]
    sizes = [3 if numbers[part[0]] >= table.argument_from else 1 for part in parts]
    code = b""
    for name, *argument in parts:
        code += bytes([numbers[name]])
        if argument:
            value = argument[0]
            number = sum(sizes[: int(value[1:])]) if value[0] == "@" else int(value)
            code += struct.pack("<H", number)
    return code


def _marshalled(
    code: bytes,
    constants: bytes,
    names: tuple[str, ...] = (),
    name: str = "<lambda>",
    variables: tuple[str, ...] = ("x",),
    free: tuple[str, ...] = (),
) -> bytes:
    head = b"c" + struct.pack("<5i", 1, 0, len(variables), 20, 0x43)
    lists = b"".join(marshal.dumps(each, 2) for each in (names, variables, free, ()))
    texts = marshal.dumps("s.py", 2) + marshal.dumps(name, 2)
    return (
        head + marshal.dumps(code, 2) + constants + lists + texts + struct.pack("<i", 1)
        + marshal.dumps(b"", 2)
    )  # fmt: skip


def _constants(*values: Any) -> bytes:
    """A tuple of constants; bytes stand for themselves, being code that was marshalled."""
    parts = (each if isinstance(each, bytes) else marshal.dumps(each, 2) for each in values)
    return b"(" + struct.pack("<i", len(values)) + b"".join(parts)


def _function(release: str, text: str, *constants: Any, names: tuple[str, ...] = ()) -> str:
    data = _marshalled(_instructions(release, text), _constants(*constants), names)
    return line_of(decompiled(data))


def test_keywords_of_calls() -> None:
    text = "LOAD_GLOBAL 0; LOAD_FAST 0; LOAD_CONST 0; LOAD_CONST 1; CALL_FUNCTION 257; RETURN_VALUE"
    for release in ("3.4", "3.5"):
        assert _function(release, text, "axis", 2, names=("f",)) == "lambda x: f(x, axis=2)"


def test_where_starred_arguments_are_in_calls() -> None:
    old = "LOAD_GLOBAL 0; LOAD_CONST 0; LOAD_CONST 1; LOAD_FAST 0; LOAD_GLOBAL 1;"
    new = "LOAD_GLOBAL 0; LOAD_FAST 0; LOAD_CONST 0; LOAD_CONST 1; LOAD_GLOBAL 1;"
    end = "CALL_FUNCTION_VAR_KW 256; RETURN_VALUE"
    for release, text in (("3.4", old), ("3.5", new)):
        found = _function(release, text + end, "a", 2, names=("f", "g"))
        assert found == "lambda x: f(*x, a=2, **g)"


def test_dictionaries() -> None:
    old = "BUILD_MAP 1; LOAD_FAST 0; LOAD_CONST 0; STORE_MAP; RETURN_VALUE"
    new = "LOAD_CONST 0; LOAD_FAST 0; BUILD_MAP 1; RETURN_VALUE"
    for release, text in (("3.4", old), ("3.5", new)):
        assert _function(release, text, "a") == "lambda x: {'a': x}"


def test_conditionals() -> None:
    text = (
        "LOAD_FAST 0; POP_JUMP_IF_FALSE @4; LOAD_FAST 0; RETURN_VALUE; LOAD_CONST 0; RETURN_VALUE"
    )
    for release in ("3.4", "3.5"):
        assert _function(release, text, 2) == "lambda x: x or 2"


def test_comprehensions_are_functions_with_two_names() -> None:
    turn = "BUILD_LIST 0; LOAD_FAST 0; FOR_ITER 16; STORE_FAST 1; LOAD_FAST 1; LOAD_CONST 0;"
    turn += "BINARY_ADD; LIST_APPEND 2; JUMP_ABSOLUTE @2; RETURN_VALUE"
    inner = _marshalled(
        _instructions("3.5", turn), _constants(1), name="<listcomp>", variables=(".0", "i")
    )
    text = "LOAD_CONST 0; LOAD_CONST 1; MAKE_FUNCTION 0; LOAD_FAST 0; GET_ITER; CALL_FUNCTION 1;"
    found = _function("3.5", text + "RETURN_VALUE", inner, "<lambda>.<locals>.<listcomp>")
    assert found == "lambda x: [i + 1 for i in x]"


def test_functions_with_defaults_and_closures() -> None:
    inner = _marshalled(
        _instructions("3.5", "LOAD_FAST 0; LOAD_DEREF 0; BINARY_ADD; RETURN_VALUE"),
        _constants(None),
        free=("k",),
    )
    text = "LOAD_CONST 2; LOAD_CLOSURE 0; BUILD_TUPLE 1; LOAD_CONST 0; LOAD_CONST 1;"
    text += "MAKE_CLOSURE 1; RETURN_VALUE"
    data = _marshalled(_instructions("3.5", text), _constants(inner, "<lambda>", 7), free=("k",))
    assert line_of(decompiled(data)) == "lambda x: lambda x=7: x + k"


def test_long_arguments() -> None:
    text = "EXTENDED_ARG 1; LOAD_CONST 0; RETURN_VALUE"
    assert _function("3.5", text, *range(65537)) == "lambda x: 65536"
