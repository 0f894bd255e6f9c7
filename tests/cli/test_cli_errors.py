"""Everything that can go wrong on purpose: the exit code, and a message that says what to do."""

from __future__ import annotations

import base64
import json
import marshal

import h5py
import numpy as np
import pytest

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize 12345\n" % (b"ab" * 32)


def assert_fails(done, code: int, *texts: str) -> None:
    assert done.code == code, done.err
    for text in texts:
        assert text in done.err
    assert len(done.err.splitlines()) <= 2
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (LFS, "git lfs pull"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b"", "is empty"),
        (b"\x89HDF\r\n\x1a\n" + b"\0" * 40, "superblock"),
        (b"hello there, this is text", "none of the formats"),
    ],
    ids=["lfs", "html", "empty", "hdf5", "text"],
)
def test_files_that_are_no_models(kfix, tmp_path, content, text):
    path = tmp_path / "model.h5"
    path.write_bytes(content)
    for command in (["inspect"], ["check"], ["repair"], ["convert", "--to", "keras"]):
        done = kfix(*command, path)
        assert done.code == 3
        assert text in done.err


def test_truncated(kfix, sample):
    path = sample("keras-2.2.4", "lstm")
    path.write_bytes(path.read_bytes()[:-500])
    assert_fails(kfix("check", path), 3, "truncated", "bytes are missing")


def test_no_such_file(kfix, tmp_path):
    assert_fails(kfix("inspect", tmp_path / "nothing.h5"), 2, "no such file")


def test_a_path_that_is_none(kfix):
    assert_fails(kfix("check", "x" * 5000 + ".h5"), 2, "name too long")


@pytest.mark.parametrize("config", ["true", "[1]", '"x"', "12"])
def test_an_architecture_that_is_no_object(kfix, sample, tmp_path, config):
    path = sample("keras-2.2.4", "lstm")
    with h5py.File(path, "r+") as file:
        file.attrs["model_config"] = config
    for command in (["inspect"], ["split", "-o", tmp_path / "parts"]):
        assert_fails(kfix(*command, path), 3, "model_config is not a JSON object")


@pytest.mark.parametrize("name", ["", "/", ".", "..", "//"])
def test_a_layer_name_that_is_no_path(kfix, sample, name):
    path = sample("keras-2.2.4", "lstm")
    with h5py.File(path, "r+") as file:
        file["model_weights"].attrs["layer_names"] = [name.encode()]
    assert_fails(kfix("inspect", path), 3, "layer_names")


def test_hdf5_of_others(kfix, tmp_path):
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["measurements"] = [1, 2, 3]
    assert_fails(kfix("inspect", tmp_path / "data.h5"), 3, "not from Keras", "measurements")


def test_empty_directory(kfix, tmp_path):
    assert_fails(kfix("check", tmp_path), 2, "holds no Keras models")


def test_weights_alone(kfix, sample):
    path = sample("keras-2.2.4", "lstm-weights")
    for command in (["check"], ["repair"], ["convert", "--to", "keras"]):
        assert_fails(kfix(*command, path), 3, "weights only", "kfix join")


def test_custom_class_is_missing(kfix, sample):
    done = kfix("convert", "--to", "keras", sample("tf-2.8.0", "custom_layer"))
    assert_fails(done, 6, "layer own", "Scale", "--custom")


def test_custom_file_is_missing(kfix, sample):
    path = sample("tf-2.8.0", "custom_layer")
    done = kfix("convert", "--to", "keras", path, "--custom", "nowhere.py")
    assert_fails(done, 2, "nowhere.py", "no such file")


def test_a_lambda_that_draws_is_refused(kfix, tmp_path):
    path = tmp_path / "model.h5"
    write_lambda(path, lambda x: x + K.random_normal((2,)))  # noqa: F821
    done = kfix("convert", "--to", "keras", path)
    assert_fails(done, 4, "random_normal", "--lambda")


def write_lambda(path, function) -> None:
    """A model of one Lambda, as tf.keras 2.8 keeps it."""
    code = base64.b64encode(marshal.dumps(function.__code__)).decode()
    made = {"name": "lambda", "function": [code, None, None], "function_type": "lambda"}
    first = {"batch_input_shape": [None, 2], "dtype": "float32", "name": "input"}
    layers = [
        {"class_name": "InputLayer", "config": first},
        {"class_name": "Lambda", "config": made},
    ]
    config = {"class_name": "Sequential", "config": {"name": "model", "layers": layers}}
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = "2.8.0", "tensorflow"
        file.attrs["model_config"] = json.dumps(config)
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = [b"input", b"lambda"]
        for name in ("input", "lambda"):
            weights.create_group(name).attrs["weight_names"] = np.zeros(0, "S1")


def test_output_exists(kfix, sample):
    path = sample("keras-2.2.4", "lstm")
    output = path.with_name("lstm.repaired.h5")
    output.write_text("precious")
    assert_fails(kfix("repair", path), 5, "exists already", "--force")
    assert output.read_text() == "precious"
    assert kfix("repair", path, "--force").code == 0


def test_output_folder_is_missing(kfix, sample, tmp_path):
    path = sample("keras-2.2.4", "lstm")
    assert_fails(kfix("repair", path, "-o", tmp_path / "no" / "where.h5"), 5, "not a directory")


def test_output_is_the_source(kfix, sample):
    path = sample("keras-2.2.4", "lstm")
    assert_fails(kfix("repair", path, "-o", path), 2, "--in-place")


def test_one_output_for_many_sources(kfix, sample):
    paths = sample("keras-2.2.4", "lstm"), sample("keras-2.2.4", "gru")
    assert_fails(kfix("repair", *paths, "-o", "x.h5"), 2, "--output-dir")


def test_two_sources_with_one_output(kfix, sample, tmp_path):
    sample("keras-2.2.4", "lstm", to="model.h5")
    sample("keras-2.2.4", "lstm", to="model.hdf5")
    done = kfix("convert", "--to", "keras", tmp_path)
    assert_fails(done, 2, "would both become")


@pytest.mark.parametrize(("target", "code"), [("keras-2.15", 4), ("tf-2.12", 4), ("torch", 2)])
def test_other_targets(kfix, sample, target, code):
    assert_fails(kfix("check", sample("keras-2.2.4", "lstm"), "--target", target), code, target)


def test_tf_keras_reads_no_files_of_keras_3(kfix, sample):
    path = sample("keras-3.15.1", "lstm")
    done = kfix("convert", path, "--to", "savedmodel", "--engine", "tf_keras")
    assert_fails(done, 4, "tf_keras reads no files of Keras 3", "--engine")


def test_in_place_under_a_wrong_name(kfix, sample):
    path = sample("keras-2.2.4", "lstm", to="model.keras")
    assert_fails(kfix("repair", path, "--in-place"), 2, "-o", "model.h5")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--set", "lstm_99.units=3"], "did you mean"),
        (["--set", "lstm_1.units"], "NAME=VALUE"),
        (["--set", "lstm_1.units=many"], "not JSON"),
        (["--drop", "lstm_1.unit"], "did you mean units"),
        (["--rename-class", "LTSM=GRU"], "did you mean LSTM"),
        (["--model-config", "nowhere.json"], "can't be read"),
    ],
)
def test_edits_that_fit_nothing(kfix, sample, options, text):
    assert_fails(kfix("edit", sample("keras-2.2.4", "lstm"), *options), 2, text)


def test_join_of_strangers(kfix, sample, tmp_path):
    architecture = sample("keras-2.2.4", "lstm-weights").with_suffix(".json")
    weights = sample("keras-2.2.4", "dense-weights")
    output = tmp_path / "joined.h5"
    done = kfix("join", architecture, weights, "-o", output)
    assert_fails(done, 4, "do not fit the architecture", "lstm_1")
    assert not output.exists()


def test_verify_needs_a_model_first(kfix, tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"")
    assert_fails(kfix("verify", tmp_path, tmp_path), 2, "can't be the reference")
