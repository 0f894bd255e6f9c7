"""What `inspect` says of the functions that Lambda layers keep."""

from __future__ import annotations

import base64
import json
import marshal
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from converter.api.inspect import inspect
from tests.lambdas.corpora import SOURCES, compiled

Sample = Callable[..., Path]


def _written(path: Path, *lambdas: dict[str, Any]) -> Path:
    """An architecture of Keras 2.2.4 with Lambda layers, the last of them in a nested model."""
    layers: list[dict[str, Any]] = [
        {"class_name": "Lambda", "config": {"name": f"lambda_{place}", **config}}
        for place, config in enumerate(lambdas, 1)
    ]
    inner = {"class_name": "Sequential", "config": {"name": "inner", "layers": layers[-1:]}}
    layers[0]["config"]["batch_input_shape"] = [None, 4]
    config = {"name": "outer", "layers": [*layers[:-1], inner]}
    model = {"class_name": "Sequential", "config": config, "keras_version": "2.2.4"}
    path.write_text(json.dumps({**model, "backend": "tensorflow"}))
    return path


def _dump(source: str, defaults: Any = None, closure: Any = None) -> dict[str, Any]:
    code = base64.encodebytes(compiled("3.7")[source]).decode()
    return {"function": [code, defaults, closure], "function_type": "lambda"}


LOOP = next(source for source in SOURCES if "while x > 0" in source)


def test_functions_of_each_lambda_layer(tmp_path: Path) -> None:
    sampling = next(source for source in SOURCES if source.startswith("def sampling"))
    path = _written(
        tmp_path / "model.json",
        _dump("lambda x, y=1: x + y", [2.5]),
        _dump(sampling),
        _dump(LOOP),
        {"function": "double", "function_type": "function", "module": "my.code"},
        {"function": ["AAAA", None, None], "function_type": "lambda"},
        _dump("lambda x: K.l2_normalize(x, axis=1)") | {"output_shape_type": "raw"},
    )
    first, second, loop, named, damaged, nested = inspect(path).functions
    assert (first.layer, first.role, first.text) == (
        "lambda_1",
        "function",
        "lambda x, y=2.5: x + y",
    )
    assert (first.defaults, first.line, first.file) == ({"y": 2.5}, 1, "s.py")
    assert second.text == sampling
    assert second.globals == ("K",)
    assert (loop.text, loop.problem, loop.line, loop.name) == ("", "it has a loop", 2, "f")
    assert (named.kind, named.name, named.module) == ("function", "double", "my.code")
    assert damaged.problem
    assert (nested.layer, nested.text) == (
        "inner/lambda_6",
        "lambda x: K.l2_normalize(x, axis=1)",
    )


def test_names_of_code_that_is_no_expression(tmp_path: Path) -> None:
    source = next(source for source in SOURCES if "with tf.name_scope" in source)
    found = inspect(_written(tmp_path / "model.json", _dump(source), _dump(source))).functions[0]
    assert (found.problem, found.names) == ("it has a with statement", ("tf", "name_scope"))


def test_values_of_enclosing_functions(kfix: Any, tmp_path: Path) -> None:
    code = compile("def outer(scale):\n    return lambda x: x * scale\n", "s.py", "exec")
    (outer,) = (each for each in code.co_consts if hasattr(each, "co_consts"))
    (inner,) = (each for each in outer.co_consts if hasattr(each, "co_consts"))
    text = base64.encodebytes(marshal.dumps(inner)).decode()
    config = {"function": [text, None, [[1.5] * 100]], "function_type": "lambda"}
    path = _written(tmp_path / "model.json", config, config)
    (found, _) = inspect(path).functions
    assert found.closure == {"scale": [1.5] * 100}
    shown = kfix("inspect", path).out
    assert "where scale = [1.5" in shown
    # The file's own name is never broken.
    assert max(len(line) for line in shown.splitlines() if str(path) not in line) <= 80


def test_inspect_shows_the_text(kfix: Any, sample: Sample) -> None:
    path = sample("keras-2.0.0", "lambda_arguments")
    shown = kfix("inspect", path).out
    assert re.search(r"\n  \S+ line \d+ of \S+\n    lambda t, by=1.0: t \+ by\n", shown)
    document = kfix("--format", "json", "inspect", path).out
    (function,) = json.loads(document)["results"][0]["functions"]
    assert function["text"] == "lambda t, by=1.0: t + by"
    assert function["defaults"] == {"by": 1.0}


def test_arguments_of_the_layer(kfix: Any, tmp_path: Path) -> None:
    config = _dump("lambda x, y=1: x + y", [1]) | {"arguments": {"y": 7}}
    path = _written(tmp_path / "model.json", config, config | {"arguments": {}})
    first, second = inspect(path).functions
    assert (first.arguments, second.arguments) == ({"y": 7}, {})
    assert kfix("inspect", path).out.count("\n    with y = 7\n") == 1


def test_a_model_without_lambdas_has_no_functions(sample: Sample) -> None:
    path = sample("tf-2.8.0", "dense")
    assert inspect(path).functions == ()
