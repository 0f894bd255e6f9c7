import io
import json
import os
import pickle
import subprocess
import sys
import tarfile
import zipfile

import h5py
import numpy as np
import pytest
from container_files import CONFIG, keras3_weights, keras_archive, legacy_model

from converter.containers import open_model
from converter.containers.sniff import Kind, sniff
from converter.errors import ExitCode, NotAModelError, UsageError


def legacy(path):
    legacy_model(path)


def legacy_weights(path):
    legacy_model(path, root=True)


def chunked_weights(path):
    with h5py.File(path, "w") as file:
        file.attrs["layer_names0"] = np.array([b"a"])
        file.create_group("a").attrs["weight_names"] = np.array([])


def oldest_weights(path):
    with h5py.File(path, "w") as file:
        file.attrs["nb_layers"] = 1
        file["layer_0/param_0"] = np.zeros(3, "f4")


def archive(path):
    keras_archive(path)


def architecture(path):
    path.write_text(json.dumps(CONFIG))


def architecture_in_a_string(path):
    path.write_text(json.dumps(json.dumps(CONFIG)))


def architecture_with_bom(path):
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(CONFIG).encode())


def in_user_block(path):
    with h5py.File(path, "w", userblock_size=2048) as file:
        file.attrs["model_config"] = json.dumps(CONFIG)
        file.create_group("model_weights").attrs["layer_names"] = np.array([])


def windows_weights(path):
    with h5py.File(path, "w") as file:
        file["layers\\dense/vars/0"] = np.zeros(3, "f4")


def early_weights(path):
    with h5py.File(path, "w") as file:
        file["_layer_checkpoint_dependencies/dense/vars/0"] = np.zeros(3, "f4")


READABLE = {
    legacy: Kind.LEGACY_MODEL,
    in_user_block: Kind.LEGACY_MODEL,
    legacy_weights: Kind.LEGACY_WEIGHTS,
    chunked_weights: Kind.LEGACY_WEIGHTS,
    oldest_weights: Kind.LEGACY_WEIGHTS,
    keras3_weights: Kind.KERAS3_WEIGHTS,
    windows_weights: Kind.KERAS3_WEIGHTS,
    early_weights: Kind.KERAS3_WEIGHTS,
    archive: Kind.KERAS_ARCHIVE,
    architecture: Kind.ARCHITECTURE,
    architecture_in_a_string: Kind.ARCHITECTURE,
    architecture_with_bom: Kind.ARCHITECTURE,
}


@pytest.mark.parametrize("suffix", [".h5", ".keras", ".json", ""])
@pytest.mark.parametrize("make", READABLE, ids=lambda make: make.__name__)
def test_readable_files_are_recognised_whatever_their_name(tmp_path, make, suffix):
    path = tmp_path / f"m{suffix}"
    make(path)
    found = sniff(path)
    assert found.kind == READABLE[make]
    assert found.kind.readable
    assert found.explanation
    with open_model(path) as model:
        assert model.contents.kind == found.kind
        assert model.contents.path == path


def lfs(path):
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:ab12\nsize 157417392\n")


def broken_lfs(path):
    path.write_text("version https://git-lfs.github.com/spec/v1\n")


def html(path):
    path.write_text("\n<!DOCTYPE html><html><title>404</title></html>")


def empty(path):
    path.touch()


def truncated(path):
    data = legacy_model(path).read_bytes()
    path.write_bytes(data[:-100])


def truncated_new_format(path):
    with h5py.File(path, "w", libver="latest") as file:
        file["x"] = np.zeros(1000)
    path.write_bytes(path.read_bytes()[:-100])


def truncated_in_user_block(path):
    in_user_block(path)
    path.write_bytes(path.read_bytes()[:-100])


def only_magic(path):
    path.write_bytes(b"\x89HDF\r\n\x1a\n")


def broken_superblock(path):
    data = bytearray(legacy_model(path).read_bytes())
    data[8] = 77
    path.write_bytes(data)


def broken_root(path):
    data = bytearray(legacy_model(path).read_bytes())
    data[60:96] = b"\xee" * 36
    path.write_bytes(data)


def zeros(path):
    path.write_bytes(bytes(10_000))


def truncated_zip(path):
    path.write_bytes(keras_archive(path).read_bytes()[:-50])


def other_hdf5(path):
    with h5py.File(path, "w") as file:
        file["table/values"] = np.zeros(3)


def saved_model(path):
    path.mkdir()
    (path / "saved_model.pb").write_bytes(b"x")
    (path / "keras_metadata.pb").write_bytes(b"x")


def serving_model(path):
    path.mkdir()
    (path / "saved_model.pb").write_bytes(b"x")


def checkpoint_folder(path):
    path.mkdir()
    (path / "ckpt.index").write_bytes(b"x")


def checkpoint_index(path):
    path.write_bytes(bytes(range(1, 50)) + bytes.fromhex("57fb808b247547db"))


def checkpoint_text(path):
    path.write_text('model_checkpoint_path: "ckpt-1"\n')


def unpacked_archive(path):
    path.mkdir()
    (path / "config.json").write_text("{}")
    (path / "model.weights.h5").touch()


def plain_folder(path):
    path.mkdir()


def pickled(path):
    path.write_bytes(pickle.dumps({"a": 1}))


def zip_of(*names):
    def write(path):
        with zipfile.ZipFile(path, "w") as packed:
            for name in names:
                packed.writestr(name, b"x")

    write.__name__ = f"zip_of_{names[0] if names else 'nothing'}"
    return write


def tar(path):
    with tarfile.open(path, "w") as packed:
        packed.addfile(tarfile.TarInfo("x"), io.BytesIO())


def gz(path):
    path.write_bytes(b"\x1f\x8b\x08abc")


def tflite(path):
    path.write_bytes(b"\x1c\0\0\0TFL3abc")


def safetensors(path):
    header = b'{"a":1}'
    path.write_bytes(len(header).to_bytes(8, "little") + header + b"x")


def yaml(path):
    path.write_text("backend: tensorflow\nclass_name: Sequential\nconfig:\n  layers:\n  - a\n")


def tfjs(path):
    path.write_text('{"format": "layers-model", "modelTopology": {}}')


def other_json(path):
    path.write_text('{"a": 1}')


def broken_json(path):
    path.write_text('{"class_name": "Sequential", "config": [')


def noise(path):
    path.write_bytes(b"abcdefgh" * 10)


UNREADABLE = {
    lfs: (Kind.GIT_LFS_POINTER, "(sha256:ab12, 157,417,392 bytes)"),
    broken_lfs: (Kind.GIT_LFS_POINTER, "unknown size"),
    html: (Kind.HTML, "web page"),
    empty: (Kind.EMPTY, "is empty"),
    truncated: (Kind.TRUNCATED, "100 of "),
    truncated_new_format: (Kind.TRUNCATED, "100 of "),
    truncated_in_user_block: (Kind.TRUNCATED, "100 of "),
    only_magic: (Kind.DAMAGED, "superblock"),
    broken_superblock: (Kind.DAMAGED, "superblock"),
    broken_root: (Kind.DAMAGED, "damaged HDF5"),
    zeros: (Kind.DAMAGED, "zero bytes"),
    truncated_zip: (Kind.DAMAGED, "damaged zip"),
    other_hdf5: (Kind.OTHER_HDF5, "its root holds table"),
    saved_model: (Kind.SAVED_MODEL, "tf.keras wrote"),
    serving_model: (Kind.SAVED_MODEL, "without Keras metadata"),
    checkpoint_folder: (Kind.CHECKPOINT, "weights without an architecture"),
    checkpoint_index: (Kind.CHECKPOINT, "weights without an architecture"),
    checkpoint_text: (Kind.CHECKPOINT, "weights without an architecture"),
    unpacked_archive: (Kind.OTHER_FORMAT, "unpacked .keras"),
    plain_folder: (Kind.UNKNOWN, "directory"),
    pickled: (Kind.PICKLE, "can run any code"),
    zip_of("archive/data.pkl", "archive/version"): (Kind.PYTORCH, "PyTorch"),
    zip_of("keras_model.h5", "labels.txt"): (Kind.OTHER_ZIP, "contains keras_model.h5"),
    zip_of("m/saved_model.pb"): (Kind.OTHER_ZIP, "SavedModel"),
    zip_of("a.npy", "b.npy"): (Kind.OTHER_FORMAT, "npz"),
    zip_of("a.txt"): (Kind.OTHER_ZIP, "not from Keras"),
    zip_of(): (Kind.OTHER_ZIP, "not from Keras"),
    tar: (Kind.OTHER_FORMAT, "tar"),
    gz: (Kind.OTHER_FORMAT, "gzip"),
    tflite: (Kind.OTHER_FORMAT, "Lite"),
    safetensors: (Kind.OTHER_FORMAT, "safetensors"),
    yaml: (Kind.YAML, "YAML"),
    tfjs: (Kind.OTHER_FORMAT, "TensorFlow.js"),
    other_json: (Kind.OTHER_FORMAT, "not a Keras architecture"),
    broken_json: (Kind.DAMAGED, "looks like JSON"),
    noise: (Kind.UNKNOWN, "61 62 63"),
}


@pytest.mark.parametrize("make", UNREADABLE, ids=lambda make: make.__name__)
def test_unreadable_files_are_explained(tmp_path, make):
    kind, words = UNREADABLE[make]
    path = tmp_path / "m.h5"
    make(path)
    found = sniff(path)
    assert found.kind == kind
    assert not kind.readable
    assert words in found.explanation
    assert found.advice.endswith(".")
    with pytest.raises(NotAModelError) as caught:
        open_model(path)
    assert words in str(caught.value)
    assert caught.value.hint == found.advice
    assert caught.value.exit_code == ExitCode.NOT_A_MODEL


def test_names_that_are_no_text_are_shown(tmp_path):
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file[b"\xff/kernel"] = np.ones(3, "f4")
        file["bias"] = np.ones(3, "f4")
    found = sniff(tmp_path / "m.h5")
    assert found.kind is Kind.OTHER_HDF5
    assert r"b'\xff', bias" in found.explanation


def test_checkpoint_data_is_recognised_by_its_index(tmp_path):
    (tmp_path / "ckpt.index").write_bytes(b"x")
    data = tmp_path / "ckpt.data-00000-of-00001"
    data.write_bytes(b"abcdefgh")
    assert sniff(data).kind == Kind.CHECKPOINT


def test_the_file_inside_a_saved_model_is_explained(tmp_path):
    saved_model(tmp_path / "m")
    assert sniff(tmp_path / "m" / "saved_model.pb").kind == Kind.SAVED_MODEL


def test_no_such_file(tmp_path):
    with pytest.raises(UsageError, match="no such file"):
        sniff(tmp_path / "m.h5")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "m.h5")
    assert sniff(tmp_path / "m.h5").kind == Kind.UNKNOWN


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path):
    path = legacy_model(tmp_path / "m.h5")
    path.chmod(0)
    with pytest.raises(NotAModelError, match="Permission denied"):
        sniff(path)


def test_recognising_without_hdf5_needs_no_h5py(tmp_path):
    lfs(tmp_path / "m.h5")
    code = (
        "import sys, pathlib; from converter.containers.sniff import sniff;"
        f"sniff(pathlib.Path({str(tmp_path / 'm.h5')!r})); sys.exit('h5py' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
