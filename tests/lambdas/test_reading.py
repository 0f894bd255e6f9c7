"""The forms in which Keras 1, 2 and 3 store functions."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from converter.lambdas.errors import DamagedCode, Unreadable, UnsafeCode
from converter.lambdas.reading import of_layer, read
from converter.lambdas.text import text_of
from tests.lambdas.corpora import RELEASES, SOURCES, compiled

SCALED = "lambda x: x / 255.0 - 0.5"


def _coded(data: bytes) -> str:
    """As Keras 2.1 and later do it: lines of base64."""
    return base64.encodebytes(data).decode("ascii")


@pytest.mark.parametrize("release", RELEASES)
def test_text_of_bytes_and_base64_are_the_same_function(release: str) -> None:
    data = compiled(release)[SCALED]
    raw = data.decode("raw_unicode_escape")
    stored: list[Any] = [raw, [raw, None, None], _coded(data), [_coded(data), None, None]]
    stored = json.loads(json.dumps(stored))
    for each in stored:
        found = read(each, "lambda")
        assert (found.kind, found.name, found.defaults, found.closure) == (
            "lambda",
            "<lambda>",
            (),
            (),
        )
        assert found.function is not None
        assert text_of(found.function) == SCALED


@pytest.mark.parametrize(
    "config",
    [
        lambda code: {"code": code, "defaults": [2, None], "closure": [3.5]},
        lambda code: {
            "code": code,
            "defaults": {"class_name": "__tuple__", "items": [2, None]},
            "closure": [3.5],
        },
        lambda code: {"value": [code, [2, None], [3.5]]},
        lambda code: {"value": {"class_name": "__tuple__", "items": [code, [2, None], [3.5]]}},
    ],
)
def test_forms_of_keras_3(config: Any) -> None:
    code = _coded(compiled("3.11")["lambda x, y=1, z=(1, 2): x + y"])
    found = read({"class_name": "__lambda__", "config": config(code)})
    assert (found.kind, found.defaults, found.closure) == ("lambda", (2, None), (3.5,))
    assert found.function is not None
    assert found.function.parameters == ("x", "y", "z")


def test_functions_that_are_kept_by_name() -> None:
    named = {"module": "my.code", "class_name": "function", "config": "double"}
    assert (read(named).kind, read(named).name, read(named).module) == (
        "function",
        "double",
        "my.code",
    )
    config = {"function": "double", "function_type": "function", "module": "my.code"}
    found = of_layer(config)
    assert (found.kind, found.name, found.module) == ("function", "double", "my.code")
    activation = {"module": "keras.activations", "class_name": "function", "config": "relu"}
    assert of_layer({"function": activation}).module == "keras.activations"


@pytest.mark.parametrize(
    ("config", "value"),
    [
        ({"output_shape": None, "output_shape_type": "raw"}, None),
        ({"output_shape": [3, 4, 5], "output_shape_type": "raw"}, [3, 4, 5]),
        ({"output_shape": [3, 4, 5]}, [3, 4, 5]),
        ({}, None),
    ],
)
def test_what_is_no_function_stays_as_it_is(config: dict[str, Any], value: Any) -> None:
    found = of_layer(config, "output_shape")
    assert (found.kind, found.value, found.function) == ("raw", value, None)


@pytest.mark.parametrize(
    "stored", ["", "no code", "AAAA", [None, None, None], [1], [], ["x"] * 4, {"a": 1}.keys()]
)
def test_what_is_no_code(stored: Any) -> None:
    with pytest.raises(DamagedCode):
        read(stored, "lambda")


@pytest.mark.parametrize("values", ["text", 5, {"class_name": "other"}])
def test_values_beside_the_code_are_a_list(values: Any) -> None:
    with pytest.raises(DamagedCode):
        read([_coded(compiled("3.7")[SCALED]), values, None], "lambda")


@pytest.mark.parametrize("release", RELEASES)
def test_code_that_is_cut_off(release: str) -> None:
    data = compiled(release)[SCALED]
    for length in range(len(data)):
        with pytest.raises((DamagedCode, UnsafeCode)):
            read([_coded(data[:length]), None, None], "lambda")


@pytest.mark.parametrize("release", ["3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12"])
def test_bytes_that_keras_on_windows_changed(release: str) -> None:
    source = "def euclidean_distance"
    (source,) = (each for each in SOURCES if each.startswith(source))
    data = compiled(release)[source]
    changed = data.replace(b"\\", b"/")
    assert changed != data
    found, meant = read([_coded(changed), None, None], "lambda"), read([_coded(data)], "lambda")
    assert found.function == meant.function


def test_numbers_that_keras_on_windows_may_have_changed() -> None:
    for source in ("lambda x: x + 47", "lambda x: x + 92"):
        data = compiled("3.7")[source].replace(b"s.py", b"C:/p").replace(b"\x5c", b"/")
        with pytest.raises(Unreadable, match="47"):
            read([_coded(data), None, None], "lambda")
    with pytest.raises(Unreadable, match="instruction"):
        # 3.14 has small numbers in its instructions.
        data = compiled("3.14")["lambda x: x + 92"].replace(b"s.py", b"C:/p").replace(b"\x5c", b"/")
        read([_coded(data), None, None], "lambda")
    kept = compiled("3.7")[SCALED].replace(b"s.py", b"C:/p")
    assert read([_coded(kept), None, None], "lambda").function is not None


def test_division_of_python_2() -> None:
    old = compiled("2.7")["lambda x: x % (2 * x)"]
    function = read(_coded(old), "lambda").function
    assert function is not None
    assert function.python == (2, 7)
    # CO_FUTURE_DIVISION stands in the flags, the fourth number of a code object.
    future = old[:13] + (0x2000 | int.from_bytes(old[13:17], "little")).to_bytes(4, "little")
    function = read(_coded(future + old[17:]), "lambda").function
    assert function is not None
    assert function.python == (3, 0)
