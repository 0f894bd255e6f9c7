"""What models need of their owner's code, and where the module goes."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from converter import stubs
from converter.api.needs import needs_of
from converter.containers import open_model
from converter.errors import ExitCode, NotAModelError, OutputError, UsageError
from tests.e2e.truth import newest_of_each_architecture
from tests.sample_store import samples

PATH = {each.id: each.path for each in samples()}


WITH_OTHERS = ("custom_", "addons_compiled", "optimizer_lamb")
"""Architectures that were compiled with what is not Keras's."""


def found(path):
    return {(each.name, each.kind) for each in stubs(path, dry_run=True).stubs}


def test_models_of_stock_layers_need_nothing():
    others = [
        sample
        for sample in newest_of_each_architecture()
        if "custom" not in sample.options and not sample.name.startswith(WITH_OTHERS)
    ]
    assert len(others) > 300
    for sample in others[::3]:
        with open_model(sample.path) as source:
            assert needs_of(source) == [], sample.id


@pytest.mark.parametrize(
    ("sample", "needs"),
    [
        ("keras-1.2.2/old_scale", {("LRN", "layer"), ("Scale", "layer"), ("Projection", "layer")}),
        ("keras-2.2.4/own_wrapped", {("Scale", "layer"), ("MinimalCell", "cell")}),
        ("keras-2.0.0/custom_layer", {("Scale", "layer")}),
        ("tf-2.8.0/custom_registered", {("Mine>Scale", "layer")}),
        ("tf-2.8.0/own_model", {("Head", "layer")}),
        ("tf-2.8.0/own_package", {("Vision>Squeeze", "layer"), ("soft_gate", "activation")}),
        ("keras-2.2.4/own_nested", {("Scale", "layer")}),
        (
            "tf-2.8.0/own_functions",
            {("swash", "activation"), ("Decay", "regularizer"), ("Shrink", "constraint")},
        ),
        (
            "tf-2.8.0/own_compiled",
            {("swash", "activation"), ("loss", "loss"), ("near", "metric")},
        ),
    ],
)
def test_what_models_need(sample, needs):
    assert found(PATH[sample]) == needs


def test_one_module_for_several_models(tmp_path):
    paths = [PATH["keras-2.2.4/own_wrapped"], PATH["tf-2.8.0/custom_registered"]]
    with pytest.raises(UsageError, match="needs a name"):
        stubs(paths)
    done = stubs(paths, tmp_path / "own.py")
    names = [(each.name, each.python_name, len(each.places)) for each in done.stubs]
    assert names == [("Mine>Scale", "Scale", 2), ("MinimalCell", "MinimalCell", 3)]
    classes = [each for each in ast.parse(done.output.read_text()).body if hasattr(each, "bases")]
    assert [each.name for each in classes] == ["Scale", "MinimalCell"]


def test_the_module_goes_beside_the_model(sample):
    path = sample("tf-2.8.0", "custom_layer", "my-model.2.h5")
    before = path.read_bytes()
    done = stubs(path)
    assert done.output == path.with_name("my_model_2_custom.py")
    assert path.read_bytes() == before
    with pytest.raises(OutputError, match="exists already"):
        stubs(path)
    assert stubs(path, force=True).written


def test_nothing_is_written_where_nothing_is_needed(sample):
    path = sample("tf-2.8.0", "lstm")
    done = stubs(path)
    assert (done.output, done.stubs, done.written) == (None, (), False)
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_dry_run_writes_nothing(sample):
    path = sample("tf-2.8.0", "custom_layer")
    assert not stubs(path, dry_run=True).written
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_only_python_is_written(sample):
    path = sample("tf-2.8.0", "custom_layer")
    with pytest.raises(UsageError, match="no name for a module"):
        stubs(path, path)


def test_weights_alone_say_nothing(sample):
    path = sample("keras-2.2.4", "dense-weights")
    with pytest.raises(NotAModelError, match="weights only"):
        stubs(path)


def architecture(folder: Path, *entries: dict[str, object]) -> Path:
    layers = [
        {"class_name": "InputLayer", "config": {"name": "x", "batch_input_shape": [None, 3]}},
        *entries,
    ]
    config = {"class_name": "Sequential", "config": {"name": "model", "layers": layers}}
    path = folder / "model.json"
    path.write_text(json.dumps({**config, "keras_version": "2.8.0", "backend": "tensorflow"}))
    return path


def test_an_object_inside_of_another_is_found(tmp_path):
    inner = {"class_name": "Gate", "config": {"name": "gate", "trainable": True, "rate": 2}}
    entry = {"class_name": "Block", "config": {"name": "block", "parts": [inner, inner]}}
    path = architecture(tmp_path, entry)
    assert found(path) == {("Block", "layer"), ("Gate", "layer")}
    source = stubs(path).output.read_text()
    assert "self.parts = _made(parts)" in source
    assert '"parts": _stored(self.parts)' in source


def test_a_constraint_that_is_called_like_an_operation(tmp_path):
    dense = {"name": "dense", "units": 2, "kernel_constraint": {"class_name": "Clip", "config": {}}}
    path = architecture(tmp_path, {"class_name": "Dense", "config": dense})
    assert found(path) == {("Clip", "constraint")}


def test_hostile_names_in_a_file(tmp_path):
    name = '"""\nimport os\nos.system("x")\n"""'
    entry = {"class_name": name, "config": {"name": name, name: name, "class": 1, "self": 2}}
    source = stubs(architecture(tmp_path, entry)).output.read_text()
    tree = ast.parse(source)
    assert [type(each).__name__ for each in tree.body] == ["Expr", "Import", "ClassDef", "Assign"]
    assert [
        each.id for each in ast.walk(tree) if isinstance(each, ast.Name) and each.id == "os"
    ] == []
    assert ast.literal_eval(ast.unparse(tree.body[-1].value.keys[0])) == name


def lambda_layer(folder: Path, **config: object) -> Path:
    return architecture(folder, {"class_name": "Lambda", "config": {"name": "scale", **config}})


def test_a_function_that_the_file_has_by_name(tmp_path):
    path = lambda_layer(tmp_path, function="halve", function_type="function")
    done = stubs(path)
    assert [(each.name, each.kind) for each in done.stubs] == [("halve", "function of a Lambda")]
    assert done.options == (f"--lambda scale={done.output}:halve",)
    assert "def halve(x):" in done.output.read_text()


def test_a_lambda_that_cannot_be_read(tmp_path):
    path = lambda_layer(tmp_path, function=["nonsense", None, None], function_type="lambda")
    source = stubs(path).output.read_text()
    assert "def scale(x):" in source
    assert "    # Lambda has code that can't be read" in source


def test_the_command_line(kfix, sample):
    path = sample("keras-2.2.4", "own_wrapped")
    done = kfix("stubs", path)
    module = path.with_name("own_wrapped_custom.py")
    assert done.code == ExitCode.OK
    assert "MinimalCell" in done.out and str(module.name) in done.out
    assert kfix("stubs", path).code == ExitCode.OUTPUT
    refused = kfix("convert", path, "--to", "keras", "--custom", module)
    assert refused.code == ExitCode.MISSING
    assert f"{module.name}:" in refused.err
    assert "Scale.call() is still to be written" in refused.err
    document = kfix("--format", "json", "stubs", path, "--force").document
    assert [each["name"] for each in document["results"][0]["stubs"]] == ["Scale", "MinimalCell"]
    assert kfix("stubs", path, "--dry-run").code == ExitCode.FINDINGS


def test_the_command_line_names_stubs_where_code_is_missing(kfix, sample):
    done = kfix("convert", sample("keras-2.2.4", "own_first"), "--to", "keras")
    assert done.code == ExitCode.MISSING
    assert "kfix stubs" in done.err


def test_stock_models_on_the_command_line(kfix, sample):
    path = sample("tf-2.8.0", "lstm")
    done = kfix("stubs", path)
    assert done.code == ExitCode.OK
    assert "needs no code of your own" in done.out
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_file_that_is_broken_does_not_keep_the_others(kfix, sample):
    path = sample("tf-2.8.0", "custom_layer")
    broken = path.with_name("broken.h5")
    broken.write_bytes(path.read_bytes()[:2000])
    module = path.with_name("own.py")
    done = kfix("stubs", path.parent, "-o", module)
    assert done.code == ExitCode.PARTIAL
    assert "broken.h5" in done.err
    assert "class Scale(" in module.read_text()
    assert kfix("stubs", broken).code == ExitCode.NOT_A_MODEL
    document = kfix("--format", "json", "stubs", path.parent, "-o", module, "--force").document
    assert [Path(each["path"]).name for each in document["errors"]] == ["broken.h5"]
