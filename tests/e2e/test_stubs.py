"""From a file without its owner's code to the recorded numbers: stubs, filled in with the code that
the models were made with."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import indent
from typing import Any
from unittest import mock

import pytest

from converter import convert, stubs
from converter.errors import ExitCode, MissingObjectError
from converter.stubbing.arguments import RESERVED
from converter.stubbing.module import module_source
from converter.stubbing.needs import Kind, Need, Use
from tests.e2e.owners_code import InThisProcess
from tests.e2e.truth import assert_same, computed
from tests.sample_store import Sample, samples

pytestmark = [
    pytest.mark.engine,
    pytest.mark.filterwarnings("ignore::UserWarning:keras", "ignore::DeprecationWarning"),
]

BODIES = {
    "Scale.call": "return inputs * self.gain * self.factor",
    "Calibrated.call": (
        "x = self.batch_normalization(self.dense(inputs))\nreturn x * self.gain + self.offset"
    ),
    "MinimalCell.call": (
        "x = keras.ops.dot(inputs, self.kernel)\n"
        "x = keras.activations.tanh(x + keras.ops.dot(states[0], self.recurrent_kernel))\n"
        "return x, [x]"
    ),
    "swash": "return x * keras.activations.sigmoid(1.5 * x)",
    "near": "return keras.ops.mean((y_true - y_pred) ** 2)",
    "loss": (
        "mean = keras.ops.mean\n"
        "share = (2.0 * mean(y_true * y_pred) + 1.0) / (mean(y_true) + mean(y_pred) + 1.0)\n"
        "return 1.0 - share"
    ),
    "Constant.__call__": "return keras.initializers.Constant(self.value)(shape, dtype=dtype)",
    "Decay.__call__": "return self.rate * keras.ops.mean(x * x)",
    "Shrink.__call__": "return 0.5 * w",
    "soft_gate": "return keras.activations.sigmoid(2.0 * x)",
}
"""What the owners' modules compute, by what is to be filled in."""

UNNAMED = {"Scale.call": "return inputs * self.weight * self.factor"}
"""An archive does not say what a layer's own variables are called."""

OLD_SCALE = {
    "LRN.call": (
        "half, channels = self.n // 2, inputs.shape[-1]\n"
        "squared = keras.ops.square(inputs)\n"
        "padded = keras.ops.pad(squared, [[0, 0]] * 3 + [[channels, channels]])\n"
        "scale = self.k\n"
        "for i in range(self.n):\n"
        "    start = channels - half + i\n"
        "    scale = scale + self.alpha * padded[:, :, :, start : start + channels]\n"
        "return inputs / scale**self.beta"
    ),
    "Scale.call": "return self.gamma * inputs + self.beta",
    "Projection.call": "return keras.ops.dot(inputs, self.W) + self.b",
}


def filled(source: str, bodies: Mapping[str, str]) -> str:
    """A module with bodies in the place of what raises."""
    lines = source.splitlines()
    if "import keras" not in lines:
        lines.insert(len(ast.parse(source).body[0].value.value.splitlines()) + 1, "import keras")  # type: ignore[attr-defined]
    tree = ast.parse("\n".join(lines))
    places = []
    for node in tree.body:
        inside = node.body if isinstance(node, ast.ClassDef) else [node]
        for each in inside:
            if isinstance(each, ast.FunctionDef) and isinstance(each.body[-1], ast.Raise):
                prefix = f"{node.name}." if isinstance(node, ast.ClassDef) else ""
                places.append((each.body[-1], bodies[prefix + each.name]))
    for raised, body in reversed(places):
        text = indent(body, " " * raised.col_offset).splitlines()
        lines[raised.lineno - 1 : raised.end_lineno] = text
    return "\n".join(lines) + "\n"


@pytest.fixture(autouse=True)
def keras_in_this_process() -> Iterator[None]:
    import keras

    path, registry = list(sys.path), keras.saving.get_custom_objects()
    before = dict(registry)
    with mock.patch("converter.engines.Engine", InThisProcess):
        yield
    registry.clear()
    registry.update(before)
    sys.path[:] = path


def recorded(writer: str, name: str, kind: str = "full") -> Sample:
    named = name if kind == "full" else f"{name}-{kind}"
    return next(each for each in samples(writer) if (each.name, each.kind) == (named, kind))


def written(sample: Sample, folder: Path) -> Path:
    """The stubs under a name that no other test imports."""
    module = folder / f"stubs_{abs(hash(folder))}.py"
    done = stubs(sample.path, module)
    assert done.output == module
    return module


def same_numbers(output: Path, module: Path, sample: Sample) -> None:
    import keras

    own = importlib.import_module(module.stem)
    objects: dict[str, Any] = {key: item for key, item in vars(own).items() if callable(item)}
    model = keras.models.load_model(output, custom_objects=objects)
    assert_same(computed(model, sample.inputs), sample)


CASES = [
    ("keras-2.0.0", "custom_layer", "full", {}),
    ("keras-2.2.4", "own_wrapped", "full", {}),
    ("keras-3.15.1", "own_wrapped", "full", {}),
    ("tf-1.13.1", "own_wrapped", "full", {}),
    ("keras-2.2.4", "own_nested", "full", {}),
    ("tf-2.15.0", "custom_layer", "keras", UNNAMED),
    ("tf-2.15.0", "custom_registered", "full", {}),
    ("tf-2.15.0", "own_functions", "full", {}),
    ("keras-2.2.4", "own_functions", "full", {}),
    ("keras-3.15.1", "own_functions", "keras", {}),
    ("tf-2.8.0", "own_compiled", "full", {}),
    ("tf-2.15.0", "own_mixed", "full", {}),
    ("keras-3.15.1", "own_mixed", "full", {}),
    ("keras-1.2.2", "old_scale", "full", OLD_SCALE),
]


@pytest.mark.parametrize(
    ("writer", "name", "kind", "bodies"), CASES, ids=["-".join(each[:3]) for each in CASES]
)
def test_filled_in_it_gives_the_recorded_numbers(writer, name, kind, bodies, tmp_path):
    sample = recorded(writer, name, kind)
    module = written(sample, tmp_path)
    module.write_text(filled(module.read_text(), BODIES | bodies))
    output = tmp_path / "model.keras"
    convert(sample.path, output, custom=[str(module)], verify=False)
    same_numbers(output, module, sample)


@pytest.mark.parametrize(
    ("writer", "name", "kind", "what"),
    [
        ("keras-2.2.4", "own_first", "full", "Scale.call()"),
        ("tf-2.15.0", "own_wrapped", "full", "Scale.call()"),
        ("tf-2.15.0", "own_functions", "full", "swash()"),
        ("keras-3.15.1", "own_residual", "keras", "ResidualBlock.call()"),
        ("tf-2.8.0", "own_package", "full", "soft_gate()"),
    ],
)
def test_what_is_not_filled_in_is_named(writer, name, kind, what, tmp_path):
    sample = recorded(writer, name, kind)
    module, output = written(sample, tmp_path), tmp_path / "model.keras"
    lines = module.read_text().splitlines()
    with pytest.raises(MissingObjectError) as caught:
        convert(sample.path, output, custom=[str(module)], verify=False)
    assert caught.value.exit_code is ExitCode.MISSING
    place = str(caught.value).partition(": ")[0]
    file, _, line = place.partition(":")
    assert file == module.name
    assert "raise NotImplementedError" in lines[int(line) - 1]
    assert f"{what} is still to be written" in str(caught.value)
    assert not output.exists()


def test_a_convolution_gets_the_padding_that_no_weight_tells(tmp_path):
    """The layers inside stand there in the order of their numbers; their arguments are said."""
    sample = recorded("keras-3.15.1", "own_residual")
    module = written(sample, tmp_path)
    body = (
        "x = keras.activations.relu(self.batch_normalization_1(self.conv2d_2(inputs)))\n"
        "return inputs + self.conv2d_3(x)"
    )
    text = filled(module.read_text(), {"ResidualBlock.call": body})
    assert text.index("self.conv2d_2 =") < text.index("self.conv2d_3 =")
    module.write_text(text.replace("(self.filters, 3)", '(self.filters, 3, padding="same")'))
    output = tmp_path / "model.keras"
    convert(sample.path, output, custom=[str(module)], verify=False)
    same_numbers(output, module, sample)


def test_the_function_of_a_lambda(tmp_path):
    sample = recorded("keras-3.0.5", "lambda_function")
    module = tmp_path / f"stubs_{abs(hash(tmp_path))}.py"
    done = stubs(sample.path, module)
    assert done.options == (f"--lambda lambda={module}:double",)
    lambdas, output = {"lambda": f"{module}:double"}, tmp_path / "model.keras"
    with pytest.raises(MissingObjectError, match=r"double\(\) is still to be written"):
        convert(sample.path, output, lambdas=lambdas, verify=False)
    module.write_text(filled(module.read_text(), {"double": "return 2.0 * x"}))
    convert(sample.path, output, lambdas=lambdas, verify=False)
    import keras

    assert_same(computed(keras.models.load_model(output), sample.inputs), sample)


def test_keras_has_no_attribute_that_a_class_could_break():
    import keras

    bases = (keras.layers.Layer, keras.layers.RNN, keras.layers.Wrapper, keras.metrics.Metric)
    made = [keras.layers.Layer(), keras.layers.RNN(keras.layers.LSTMCell(2))]
    public = {name for each in (*bases, *made) for name in dir(each) if not name.startswith("_")}
    arguments = {"cell", "layer", "go_backwards", "return_sequences", "return_state", "stateful"}
    arguments |= {"unroll", "zero_output_for_mask"}
    assert public - RESERVED - arguments == set()


def test_hostile_arguments_come_back(tmp_path):
    """From the config to the class and back, whatever the arguments are called."""
    import keras

    names = [
        "class",
        "self",
        "kwargs",
        "weights",
        "build",
        "type",
        "a b",
        "__dict__",
        "ｘ",
        "keras",
    ]
    config = {name: [index, "x\n"] for index, name in enumerate(names)}
    inner = {"class_name": "Dense", "config": {"units": 3, "name": "inner"}}
    config |= {"table": {"a": 1}, "nothing": None, "rate": 0.5, "parts": [inner, inner]}
    config |= {"kernel_initializer": {"class_name": "Zeros", "config": {}}, "activation": "relu"}
    uses = (Use("model.h5", "own", "own", "Own", config),)
    module = tmp_path / "own_hostile.py"
    module.write_text(module_source([Need(Kind.LAYER, "Own", "", uses)], ["model.h5"], "o.py"))
    sys.path.insert(0, str(tmp_path))
    own = importlib.import_module("own_hostile").Own
    with keras.utils.custom_object_scope({"Own": own}):
        made = own.from_config({**config, "name": "own"})
        again = own.from_config(made.get_config())
    assert made.get_config() == again.get_config()
    plain = {
        key: value for key, value in config.items() if key in names or key in ("rate", "table")
    }
    assert {key: again.get_config()[key] for key in plain} == plain
    assert [each.units for each in again.parts] == [3, 3]
