"""Weights put into models that their owners' code builds, against the recorded outputs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from unittest import mock

import h5py
import numpy as np
import pytest

from converter import convert
from converter.api.builder import parsed_arguments, require_known_words
from converter.api.discovery import MODELS, WEIGHTS, Search, discover
from converter.api.joining import MatchingError
from converter.engines.building import BuildingEngine
from converter.errors import MissingObjectError, NotAModelError, NotExactError, UsageError
from converter.model.description import Writer
from tests.built_samples import BuiltSample, built_samples
from tests.e2e.owners_code import InThisProcess, objects_of
from tests.sample_store import ATOL, RTOL, USER_CODE

pytestmark = pytest.mark.engine

BUILT = list(built_samples())
FILES = {
    "keras-1.2.2": ["recurrent.h5"],
    "keras-2.2.4": ["sequence.h5", "siamese.h5"],
    "tf-2.8.0": ["network.h5", "network.ckpt.index", "sequence-arrays.h5", "siamese.h5"],
    "tf-2.13.0": ["network.weights.h5"],
    "tf-2.15.0": ["network.weights.h5", "siamese.weights.h5"],
    "keras-3.0.5": ["network.weights.h5"],
    "keras-3.15.1": ["network.weights.h5"],
}
DECISIVE = [each for each in BUILT if each.path.name in FILES.get(each.writer, ())]
"""Those that differ in more than the release."""
CODE = str(USER_CODE / "builders.py")


class Here(InThisProcess, BuildingEngine):
    """Builds in the process of the test."""


@pytest.fixture
def here():
    with mock.patch("converter.engines.building.BuildingEngine", Here):
        yield


def find(writer: str, file: str) -> BuiltSample:
    return next(each for each in BUILT if each.id == f"{writer}/{file}")


def computed(path: Path, sample: BuiltSample) -> np.ndarray:
    import keras

    model = keras.models.load_model(path, custom_objects=objects_of([CODE]))
    inputs = sample.arrays("input")
    return np.asarray(model(inputs if len(inputs) > 1 else inputs[0], training=False))


@pytest.mark.parametrize("sample", DECISIVE, ids=lambda each: each.id)
def test_the_outputs_of_the_original(sample, here, tmp_path):
    done = convert(sample.path, tmp_path / "out.keras", verify=False, **sample.arguments)
    assert done.matching.complete
    (expected,) = sample.arrays("output")
    np.testing.assert_allclose(computed(done.output, sample), expected, rtol=RTOL, atol=ATOL)


def test_gates_that_the_code_builds_otherwise_are_told(here, tmp_path):
    sample = find("keras-2.2.4", "sequence.h5")
    arguments = {**sample.arguments, "builder_args": {"gates": "sigmoid"}}
    done = convert(sample.path, tmp_path / "out.keras", verify=False, **arguments)
    told = [each for each in done.findings if "default was hard_sigmoid" in each.message]
    assert len(told) == 4
    assert all(each.severity == "notice" for each in told)


def test_hard_sigmoid_depends_on_who_wrote_it(here, tmp_path):
    sample = find("tf-2.15.0", "sequence.weights.h5")
    arguments = {**sample.arguments, "builder_args": {"gates": "hard_sigmoid"}}
    done = convert(sample.path, tmp_path / "out.keras", verify=False, **arguments)
    assert sum("does not say which" in each.message for each in done.findings) == 4
    told = convert(
        sample.path, tmp_path / "told.keras", verify=False, writer="tf-2.15", **arguments
    )
    assert sum("multiplied by 1.2" in each.remedy for each in told.findings) == 4


def test_what_does_not_fit_is_listed(here, tmp_path):
    sample = find("tf-2.8.0", "picture.h5")
    arguments = {**sample.arguments, "builder_args": {"classes": 4}}
    with pytest.raises(MatchingError, match=r"2 missing \(dense_\d+/kernel") as raised:
        convert(sample.path, tmp_path / "out.keras", verify=False, **arguments)
    assert [each.shape for each in raised.value.matching.missing] == [(5, 4), (4,)]
    assert [each.shape for each in raised.value.matching.unmatched] == [(5, 3), (3,)]
    assert not (tmp_path / "out.keras").exists()
    done = convert(
        sample.path, tmp_path / "out.keras", verify=False, allow_partial=True, **arguments
    )
    assert done.written
    assert sum(each.code == "KF901" for each in done.findings) == 4


def test_layers_of_one_shape_without_names_are_not_guessed(here, tmp_path):
    """An HDF5 of arrays has no order, and names of which none is the model's say nothing."""
    path = tmp_path / "arrays.h5"
    with h5py.File(path, "w") as file:
        for name in ("one", "two"):
            file[f"{name}/kernel"] = np.ones((4, 4), "float32")
            file[f"{name}/bias"] = np.ones(4, "float32")
    code = tmp_path / "twins.py"
    code.write_text(
        "import keras\n"
        "def twins():\n"
        "    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, name='a'),"
        " keras.layers.Dense(4, name='b')])\n"
    )
    with pytest.raises(MatchingError, match="4 ambiguous"):
        convert(path, builder=f"{code}:twins", verify=False)


BROKEN = """
import keras

def fails(classes):
    raise ValueError("no such data set")

def nothing():
    pass

def other():
    return [keras.layers.Dense(2)]
"""


@pytest.mark.parametrize(
    ("name", "arguments", "error", "text"),
    [
        (
            "fails",
            {"classes": 2},
            MissingObjectError,
            r"failed at broken.py:5: ValueError: no such",
        ),
        ("fails", {}, UsageError, "missing a required argument: 'classes'"),
        ("nothing", {}, UsageError, "returned nothing, not a Keras model"),
        ("other", {}, UsageError, "returned a list, not a Keras model"),
        ("absent", {}, UsageError, "broken.py has no absent"),
    ],
)
def test_a_builder_that_builds_no_model(here, tmp_path, name, arguments, error, text):
    (tmp_path / "broken.py").write_text(BROKEN)
    path = find("tf-2.8.0", "picture.h5").path
    with pytest.raises(error, match=text):
        convert(
            path,
            tmp_path / "out.keras",
            builder=f"{tmp_path / 'broken.py'}:{name}",
            builder_args=arguments,
        )


def test_a_subclassed_model_needs_a_shape_and_a_config(here, tmp_path):
    sample = find("tf-2.8.0", "network.h5")
    with pytest.raises(UsageError, match="no input shape yet"):
        convert(sample.path, tmp_path / "out.keras", builder=sample.builder)
    sealed = {**sample.arguments, "builder": f"{CODE}:Sealed"}
    with pytest.raises(MissingObjectError, match="could not load Sealed from a .keras"):
        convert(sample.path, tmp_path / "out.keras", **sealed)
    with pytest.raises(UsageError, match="can't hold Network"):
        convert(sample.path, tmp_path / "out.h5", to="h5", **sample.arguments)
    done = convert(sample.path, tmp_path / "served", to="savedmodel", verify=False, **sealed)
    assert [each.name for each in done.signatures] == ["serving_default"]


def test_a_folder_of_weights_and_one_builder(kfix, tmp_path):
    """With child processes, as a user has them."""
    sample = find("tf-2.8.0", "picture.h5")
    for name in ("first.h5", "second.h5"):
        shutil.copy(sample.path, tmp_path / name)
    done = kfix("convert", "--to", "keras", tmp_path, "--builder", sample.builder, "--no-verify")
    assert done.code == 0
    assert done.out.count("12 matched") == 2
    np.testing.assert_allclose(
        computed(tmp_path / "second.keras", sample),
        sample.arrays("output")[0],
        rtol=RTOL,
        atol=ATOL,
    )


def test_the_output_is_loaded_afresh_with_the_builders_classes(tmp_path):
    sample = find("tf-2.15.0", "network.weights.h5")
    done = convert(sample.path, tmp_path / "out.keras", **sample.arguments)
    assert done.verified.reference == "the built model"
    assert done.verified.max_difference < 1e-5


def test_complex_weights_are_not_cut_down(here, tmp_path):
    sample = find("tf-2.8.0", "sequence-arrays.h5")
    path = shutil.copy(sample.path, tmp_path / "weights.h5")
    with h5py.File(path, "r+") as file:
        name = next(iter(arrays_in(file)))
        values = file[name][()]
        del file[name]
        file[name] = values.astype("complex64")
    with pytest.raises(NotExactError, match="can't hold complex numbers"):
        convert(path, tmp_path / "out.keras", verify=False, **sample.arguments)
    assert not (tmp_path / "out.keras").exists()


def arrays_in(file: h5py.File) -> list[str]:
    names: list[str] = []
    file.visititems(lambda name, item: names.append(name) if hasattr(item, "shape") else None)
    return names


def test_a_damaged_checkpoint_is_told(here, tmp_path):
    sample = find("tf-2.8.0", "network.ckpt.index")
    path = tmp_path / "m.ckpt.data-00000-of-00001"
    path.write_bytes(b"x")
    path.with_name("m.ckpt.index").write_bytes(bytes(100))
    with pytest.raises(NotAModelError, match="checkpoint m.ckpt can't be read"):
        convert(path, tmp_path / "out.keras", verify=False, **sample.arguments)


def checkpoint_folder(folder: Path, sample) -> Path:
    """A checkpoint as TensorFlow leaves it: with a file that names the last one."""
    folder.mkdir()
    stem = sample.path.name.removesuffix(".index")
    for part in sample.path.parent.glob(f"{stem}.*"):
        shutil.copy(part, folder)
    (folder / "checkpoint").write_text(f'model_checkpoint_path: "{stem}"\n')
    return folder


@pytest.mark.parametrize("name", ["", "checkpoint"])
def test_a_folder_with_a_checkpoint(here, tmp_path, name):
    sample = find("tf-2.8.0", "network.ckpt.index")
    folder = checkpoint_folder(tmp_path / "run", sample)
    (source,) = discover([folder / name], Search(MODELS | WEIGHTS))
    done = convert(source.path, tmp_path / "out.keras", verify=False, **sample.arguments)
    assert done.matching.complete


def test_of_several_checkpoints_the_newest_is_offered(here, tmp_path):
    sample = find("tf-2.8.0", "network.ckpt.index")
    folder = checkpoint_folder(tmp_path / "run", sample)
    shutil.copy(sample.path, folder / "a.index")
    os.utime(folder / "a.index", (2**32, 2**32))
    with pytest.raises(UsageError, match="holds 2 checkpoints") as caught:
        convert(folder, tmp_path / "out.keras", verify=False, **sample.arguments)
    assert caught.value.hint == f"give one: {folder / 'a.index'}"
    for each in folder.glob("*.index"):
        each.unlink()
    with pytest.raises(NotAModelError, match=r"without its \.index file"):
        convert(folder, tmp_path / "out.keras", verify=False, **sample.arguments)


def test_arguments_are_json_or_text():
    found = parsed_arguments(["classes=3", "gates=hard_sigmoid", "sizes=[1, 2]", "name=a=b"])
    assert found == {"classes": 3, "gates": "hard_sigmoid", "sizes": [1, 2], "name": "a=b"}
    for wrong in (["classes"], ["=3"], ["a=1", "a=2"], [f"a={'[' * 50_000}"]):
        with pytest.raises(UsageError):
            parsed_arguments(wrong)


def test_options_that_exclude_each_other(tmp_path):
    path = find("tf-2.8.0", "picture.h5").path
    for wrong in (
        {"builder": "a.py:b", "architecture": "a.json"},
        {"builder_args": {"a": 1}},
        {"allow_partial": True},
    ):
        with pytest.raises(UsageError):
            convert(path, tmp_path / "out.keras", **wrong)


def test_gates_of_keras_2_are_not_taken_for_those_of_keras_3(tmp_path):
    """ConvLSTM2D of Keras 2 has hard_sigmoid where the code says nothing."""
    code = tmp_path / "frames.py"
    code.write_text("from keras import layers\ndef build():\n    return layers.ConvLSTM2D(3, 3)\n")
    with pytest.raises(NotExactError, match=r"frames\.py:3: ConvLSTM2D without a"):
        require_known_words([str(code)], Writer((2, 8, 0), True, "tensorflow", "2.8.0"))
    require_known_words([str(code)], Writer((3, 0, 5), False, "tensorflow", "3.0.5"))


@pytest.mark.parametrize(("activation", "refused"), [("relu", False), ("hard_sigmoid", True)])
def test_what_no_weights_can_keep_is_refused(here, tmp_path, activation, refused):
    """A bare hard_sigmoid has no weights to be multiplied by 1.2."""
    code = tmp_path / "code.py"
    code.write_text(
        "import keras\nfrom keras import layers\n"
        "def build(activation):\n"
        "    dense = layers.Dense(3, name='dense_1')\n"
        "    return keras.Sequential([keras.Input((2,)), dense, layers.PReLU(name='own'),\n"
        "                             layers.Activation(activation)])\n"
    )
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file.attrs.update(layer_names=[b"dense_1", b"own"], keras_version="2.8.0")
        file.attrs["backend"] = "tensorflow"
        for layer, weights in {"dense_1": ("kernel", "bias"), "own": ("alpha",)}.items():
            group = file.create_group(layer)
            group.attrs["weight_names"] = [f"{layer}/{each}:0".encode() for each in weights]
            for each in weights:
                shape = (2, 3) if each == "kernel" else (3,)
                group[f"{layer}/{each}:0"] = np.ones(shape, np.float32)
    arguments = {"builder": f"{code}:build", "builder_args": {"activation": activation}}
    output = tmp_path / "a.keras"
    if not refused:
        assert convert(tmp_path / "w.h5", output, **arguments).output.exists()
        return
    with pytest.raises(NotExactError, match="hard_sigmoid, which is another function"):
        convert(tmp_path / "w.h5", output, **arguments)
    assert not output.exists()


@pytest.mark.parametrize("name", ["keras-1.2.2/recurrent.h5", "keras-2.2.4/sequence.h5"])
def test_a_model_of_keras_2_takes_the_weights_as_they_are(name, tmp_path):
    """tf_keras builds it, and what comes out is converted as any file of Keras 2."""
    sample = find(*name.split("/"))
    done = convert(
        sample.path, tmp_path / "out.keras", verify=False, engine="tf_keras", **sample.arguments
    )
    assert any("tf_keras built the model" in note for note in done.notes)
    (expected,) = sample.arrays("output")
    np.testing.assert_allclose(computed(done.output, sample), expected, rtol=RTOL, atol=ATOL)


OLD_BUILDER = """
from keras.engine.topology import Layer
from keras.layers.core import Dense
from keras.layers import Input
from keras.models import Model
from keras.optimizers import Adam

def build():
    x = Input(shape=(4,))
    model = Model(x, Dense(2)(x))
    model.compile(Adam(lr=0.1, decay=1e-3), "mse")
    return model
"""


def test_a_builder_in_words_of_keras_2_is_run_by_tf_keras(tmp_path):
    (tmp_path / "old_net.py").write_text(OLD_BUILDER)
    kernel, bias = np.arange(8, dtype="f4").reshape(4, 2), np.float32([3, -4])
    with h5py.File(tmp_path / "weights.h5", "w") as file:
        file["dense/kernel"], file["dense/bias"] = kernel, bias
    done = convert(
        tmp_path / "weights.h5",
        tmp_path / "out_savedmodel",
        to="savedmodel",
        builder=f"{tmp_path / 'old_net.py'}:build",
    )
    assert done.notes[0].startswith("old_net.py needs Keras")
    import tensorflow as tf

    serve = tf.saved_model.load(done.output).signatures["serving_default"]
    x = np.float32([[1, -2, 0.5, 3]])
    (found,) = serve(tf.constant(x)).values()
    np.testing.assert_allclose(found, x @ kernel + bias, rtol=RTOL, atol=ATOL)
