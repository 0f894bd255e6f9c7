"""``--lambda``: functions of the owner's in place of those of Lambda layers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

from converter import convert
from converter.api.lambdas import parsed_lambdas
from converter.errors import KfixError, MissingObjectError, NotExactError, UsageError
from tests.e2e.owners_code import InThisProcess
from tests.e2e.truth import _loaded_and_computed, assert_same
from tests.sample_store import Sample, samples

CODE = """
from keras import layers, ops

def double(x):
    return x * 2.0

def scaled(x, by):
    return ops.multiply(x, by)

def distance(pair):
    one, other = pair
    return ops.sqrt(ops.sum(ops.square(one - other), axis=1, keepdims=True)), one

def of_tensorflow(x):
    import tensorflow as tf
    return tf.nn.relu(x)

def learns(x):
    return layers.Dense(3)(x)

def draws(x):
    import numpy as np
    return x * np.random.normal(size=3)

number = 3
"""


@pytest.fixture(autouse=True)
def _served_here() -> object:
    with mock.patch("converter.engines.Engine", InThisProcess):
        yield


@pytest.fixture
def code(tmp_path: Path) -> Path:
    path = tmp_path / "lambda_code.py"
    path.write_text(CODE)
    return path


def by_name() -> Sample:
    """Keras 3 keeps a function with a name by that name: ``double``."""
    (found,) = [each for each in samples("keras-3.15.1") if each.name == "lambda_function"]
    return found


@pytest.mark.parametrize("to", ["keras", "h5"])
def test_what_it_computes_takes_the_place(tmp_path: Path, code: Path, to: str) -> None:
    sample, output = by_name(), tmp_path / f"out.{to}"
    convert(sample.path, output, to=to, lambdas={"lambda": f"{code}:double"}, verify=False)
    assert_same(_loaded_and_computed(output, sample), sample)


def test_a_name_in_the_file_is_found_in_the_owners_modules(tmp_path: Path, code: Path) -> None:
    sample, output = by_name(), tmp_path / "out.keras"
    convert(sample.path, output, custom=[str(code)], verify=False)
    assert_same(_loaded_and_computed(output, sample), sample)


def test_it_gets_the_arguments_of_the_layer(
    tmp_path: Path, code: Path, sample: Callable[..., Path]
) -> None:
    (known,) = [each for each in samples("tf-2.8.0") if each.name == "lambda_arguments"]
    output = tmp_path / "out.keras"
    convert(known.path, output, lambdas={"lambda": f"{code}:scaled"}, verify=False)
    (found,) = _loaded_and_computed(output, known)
    # The layer's own argument is by=2.5; its function added it.
    np.testing.assert_allclose(found, known.inputs[0] * 2.5)


@pytest.mark.parametrize(
    ("function", "error", "said"),
    [
        ("of_tensorflow", NotExactError, "lambda_code.py:16"),
        ("learns", NotExactError, "makes weights"),
        ("distance", NotExactError, "can't be followed"),
        ("draws", NotExactError, "something else each time"),
        ("number", UsageError, "no function number"),
        ("missing", UsageError, "no function missing"),
    ],
)
def test_what_cannot_take_the_place(
    tmp_path: Path, code: Path, function: str, error: type[KfixError], said: str
) -> None:
    output = tmp_path / "out.keras"
    with pytest.raises(error) as refused:
        convert(by_name().path, output, lambdas={"lambda": f"{code}:{function}"}, verify=False)
    assert said in str(refused.value)
    assert not output.exists()


def test_a_module_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises((MissingObjectError, UsageError)) as refused:
        convert(by_name().path, tmp_path / "o.keras", lambdas={"lambda": "nowhere:f"}, verify=False)
    assert "--lambda" in str(refused.value)


def test_layers_that_are_no_lambda(tmp_path: Path, code: Path) -> None:
    with pytest.raises(UsageError) as refused:
        convert(by_name().path, tmp_path / "o.keras", lambdas={"dense": f"{code}:double"})
    assert "there are: lambda" in refused.value.hint


def test_the_words_of_the_command_line() -> None:
    assert parsed_lambdas(["a/b=my.py:f", "c=m:g"]) == {"a/b": "my.py:f", "c": "m:g"}
    for wrong in ("a", "a=f", "=m:f"):
        with pytest.raises(UsageError):
            parsed_lambdas([wrong])
