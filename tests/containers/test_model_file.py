import json
import zipfile

import h5py
import numpy as np
import pytest
from container_files import (
    BIAS,
    CONFIG,
    KERNEL,
    keras3_weights,
    keras_archive,
    legacy_model,
    wild,
)

from converter.containers import hdf5_source, open_model
from converter.containers.sniff import Kind
from converter.containers.writers import backend_of
from converter.errors import NotAModelError, UnsafeContentError
from converter.model.description import Dataset, Weight, Writer


def test_legacy_model(tmp_path):
    with open_model(legacy_model(tmp_path / "m.h5")) as model:
        contents = model.contents
        assert contents.kind == Kind.LEGACY_MODEL
        assert contents.size == (tmp_path / "m.h5").stat().st_size
        assert contents.writer == Writer((2, 2, 4), True, "tensorflow", "2.2.4-tf")
        assert contents.config == CONFIG
        assert contents.training_config == {"loss": "mse"}
        assert contents.attributes == {}
        dense, relu = contents.layer_groups
        assert (dense.name, dense.weight_names) == ("dense", ("dense/kernel:0", "dense/bias:0"))
        assert dense.weights[0] == Dataset("model_weights/dense/dense/kernel:0", (3, 4), "float32")
        assert (relu.name, relu.weights) == ("relu", ())
        assert [model.read(weight).tolist() for weight in dense.weights] == [
            KERNEL.tolist(),
            BIAS.tolist(),
        ]
        assert [weight.path for weight in contents.optimizer_weights] == [
            "optimizer_weights/Adam/iterations:0",
            "optimizer_weights/Adam/m:0",
        ]
        assert model.read(contents.optimizer_weights[0]) == 7
        assert contents.weights == dense.weights


def test_legacy_weights(tmp_path):
    with open_model(legacy_model(tmp_path / "m.h5", root=True)) as model:
        assert model.contents.kind == Kind.LEGACY_WEIGHTS
        assert model.contents.config is None
        assert model.contents.writer.label == "2.2.4-tf"
        assert model.contents.layer_groups[0].weights[0].path == "dense/dense/kernel:0"


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("image_limit", [0, 1 << 20], ids=["window", "image"])
def test_archive(tmp_path, monkeypatch, compression, image_limit):
    monkeypatch.setattr(hdf5_source, "_IMAGE_LIMIT", image_limit)
    with open_model(keras_archive(tmp_path / "m.keras", compression)) as model:
        contents = model.contents
        assert contents.kind == Kind.KERAS_ARCHIVE
        assert contents.writer == Writer((3, 15, 1), False, "", "3.15.1")
        assert contents.config["class_name"] == "Sequential"
        assert contents.training_config == {"loss": "mse"}
        assert contents.metadata == {"keras_version": "3.15.1"}
        assert contents.assets == ("assets/layers/lookup/vocabulary.txt",)
        assert list(contents.variables) == ["layers/dense/vars/0", "layers/dense/vars/1"]
        assert np.array_equal(model.read(contents.variables["layers/dense/vars/0"]), KERNEL)
        assert [float(model.read(weight)) for weight in contents.optimizer_weights] == [*range(11)]


def test_archives_that_are_open_together_are_not_confused(tmp_path):
    with (
        open_model(keras_archive(tmp_path / "a.keras")) as first,
        open_model(keras_archive(tmp_path / "b.keras")) as second,
    ):
        first.close()
        assert np.array_equal(second.read(second.contents.weights[0]), KERNEL)


def test_keras3_weights(tmp_path):
    keras3_weights(tmp_path / "m.weights.h5")
    with open_model(tmp_path / "m.weights.h5") as model:
        assert model.contents.writer.generation == 3
        assert [*model.contents.variables] == ["layers/dense/vars/0", "layers/dense/vars/1"]


@pytest.mark.parametrize("name", ["layers\\dense", "_layer_checkpoint_dependencies/dense"])
def test_early_names_are_translated(tmp_path, name):
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file[f"{name}/vars/0"] = KERNEL
    with open_model(tmp_path / "m.h5") as model:
        dataset = model.contents.variables["layers/dense/vars/0"]
        assert dataset.path == f"{name}/vars/0"
        assert np.array_equal(model.read(dataset), KERNEL)


def test_architecture(tmp_path):
    text = json.dumps(CONFIG | {"keras_version": "2.1.6", "backend": "theano"})
    (tmp_path / "m.json").write_text(text)
    with open_model(tmp_path / "m.json") as model:
        assert model.contents.config["config"] == CONFIG["config"]
        assert model.contents.writer == Writer((2, 1, 6), False, "theano", "2.1.6")
        with pytest.raises(NotAModelError, match="holds no weights"):
            model.read(Dataset("x", (), "float32"))


def test_a_nested_architecture_is_refused(tmp_path):
    (tmp_path / "m.json").write_text('{"class_name":' * 3000 + "1" + "}" * 3000)
    with pytest.raises(UnsafeContentError, match="nested"):
        open_model(tmp_path / "m.json")


def edit(path, change):
    with h5py.File(path, "a") as file:
        change(file)
    return path


def test_keras_1_files_name_their_version_at_the_root_only(tmp_path):
    def change(file):
        file.attrs["keras_version"] = b"1.2.2"
        del file["model_weights"].attrs["keras_version"], file["model_weights"].attrs["backend"]
        del file.attrs["backend"]

    with open_model(edit(legacy_model(tmp_path / "m.h5"), change)) as model:
        assert model.contents.writer == Writer((1, 2, 2), False, "tensorflow", "1.2.2")


@pytest.mark.parametrize(
    "names, backend",
    [
        (["dense_1_W:0", "dense_1_b:0"], "tensorflow"),
        (["dense_1_W", "dense_1_b"], "theano"),
        (["dense_1_W:0", "dense_1_b"], ""),
        ([], ""),
    ],
)
def test_names_of_variables_show_the_backend(names, backend):
    assert backend_of(names) == backend


def test_a_file_without_version_is_from_keras_1(tmp_path):
    def change(file):
        for node in (file, file["model_weights"]):
            del node.attrs["keras_version"]

    with open_model(edit(legacy_model(tmp_path / "m.h5"), change)) as model:
        assert model.contents.writer.version == ()
        assert model.contents.writer.generation == 1


@pytest.mark.parametrize(
    "label, version, tf_keras",
    [
        ("2.1.6-tf", (2, 1, 6), True),
        ("2.3.1", (2, 3, 1), False),
        ("2.4.0", (2, 4, 0), True),
        ("2.13.1rc0", (2, 13, 1), True),
        ("3.0.0.dev2023", (3, 0, 0), False),
        ("3.15.1", (3, 15, 1), False),
        ("unknown", (), False),
    ],
)
def test_writers(tmp_path, label, version, tf_keras):
    path = edit(
        legacy_model(tmp_path / "m.h5"),
        lambda file: file["model_weights"].attrs.update(keras_version=label),
    )
    with open_model(path) as model:
        assert model.contents.writer == Writer(version, tf_keras, "tensorflow", label)


def test_top_level_weights(tmp_path):
    def change(file):
        group = file["model_weights"].create_group("top_level_model_weights")
        group.attrs["weight_names"] = np.array([b"scale:0"])
        group["scale:0"] = np.float32(2)

    with open_model(edit(legacy_model(tmp_path / "m.h5"), change)) as model:
        assert len(model.contents.layer_groups) == 2
        assert [float(model.read(w)) for w in model.contents.top_level_weights] == [2]
        assert len(model.contents.weights) == 3


def test_names_in_chunks_and_with_slashes(tmp_path):
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.attrs["layer_names0"] = np.array([b"conv1/conv"])
        file.attrs["layer_names1"] = np.array([b"conv1"])
        for name in ("conv1/conv", "conv1"):
            group = file.require_group(name)
            group.attrs["weight_names0"] = np.array([b"/w:0"])
            group["w:0"] = np.float32(len(name))
    with open_model(tmp_path / "m.h5") as model:
        assert [group.name for group in model.contents.layer_groups] == ["conv1/conv", "conv1"]
        assert [float(model.read(weight)) for weight in model.contents.weights] == [10, 5]


def test_the_oldest_weights(tmp_path):
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.attrs["nb_layers"] = 2
        for index in range(2):
            file.create_group(f"layer_{index}").attrs["nb_params"] = 11 * index
        for index in range(11):
            file[f"layer_1/param_{index}"] = np.float32(index)
    with open_model(tmp_path / "m.h5") as model:
        first, second = model.contents.layer_groups
        assert (first.name, first.weights) == ("layer_0", ())
        assert [float(model.read(weight)) for weight in second.weights] == [*range(11)]


def test_a_compile_state_that_is_no_json_does_not_matter(tmp_path):
    path = edit(
        legacy_model(tmp_path / "m.h5"),
        lambda file: file.attrs.update(training_config="None", note="x"),
    )
    with open_model(path) as model:
        assert model.contents.training_config is None
        assert model.contents.attributes == {"training_config": "None", "note": "x"}


@pytest.mark.parametrize(
    "path, message",
    [
        ("model_weights/relu", "layer 'relu' is listed in layer_names"),
        ("model_weights/dense/dense/bias:0", "weight 'dense/bias:0' is listed in weight_names"),
    ],
)
def test_what_is_missing_is_named(tmp_path, path, message):
    broken = edit(legacy_model(tmp_path / "m.h5"), lambda file: file.__delitem__(path))
    with pytest.raises(NotAModelError, match=message):
        open_model(broken)


def test_a_lost_list_of_layers_is_named(tmp_path):
    broken = edit(
        legacy_model(tmp_path / "m.h5"),
        lambda file: file["model_weights"].attrs.__delitem__("layer_names"),
    )
    with pytest.raises(NotAModelError, match="no layer_names"):
        open_model(broken)


LAYOUTS = {
    "contiguous": {},
    "chunked": {"chunks": (3, 2)},
    "gzip": {"chunks": (4, 5), "compression": "gzip"},
    "big-endian": {"dtype": ">f4"},
    "wide": {"dtype": "f8"},
}


@pytest.mark.parametrize("nbytes", [1, 40, 100, 1 << 20])
@pytest.mark.parametrize("options", LAYOUTS.values(), ids=LAYOUTS)
def test_blocks_are_the_array(tmp_path, options, nbytes):
    values = np.arange(50).reshape(10, 5).astype(options.get("dtype", "f4"))
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.create_dataset("x/vars/0", data=values, **options)
    with open_model(tmp_path / "m.h5") as model:
        dataset = model.contents.variables["x/vars/0"]
        together = np.zeros(values.shape)
        for rows, block in model.blocks(dataset, nbytes):
            together[rows] = block
            assert block.dtype.isnative
        assert np.array_equal(together, values)
        assert np.array_equal(model.read(dataset), values)


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (3, 0)])
def test_scalars_and_empty_arrays_are_one_block(tmp_path, shape):
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file["x/vars/0"] = np.ones(shape, "f4")
    with open_model(tmp_path / "m.h5") as model:
        dataset = model.contents.variables["x/vars/0"]
        ((rows, block),) = model.blocks(dataset)
        assert rows == slice(None)
        assert block.shape == model.read(dataset).shape == shape


def test_bfloat16_is_two_raw_bytes(tmp_path):
    raw = np.array([b"\x80\x3f", b"\x00\x40"], dtype="V2")
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file["x/vars/0"] = raw
        file["x/vars/0"].attrs["dtype"] = "bfloat16"
    with open_model(tmp_path / "m.h5") as model:
        dataset = model.contents.variables["x/vars/0"]
        assert dataset == Dataset("x/vars/0", (2,), "bfloat16")
        assert model.read(dataset).tobytes() == raw.tobytes()


def test_values_are_computed(tmp_path):
    with open_model(legacy_model(tmp_path / "m.h5")) as model:
        kernel, bias = model.contents.layer_groups[0].weights
        weight = Weight("kernel", (kernel,), kernel.shape, "float32")
        assert np.array_equal(model.value(weight), KERNEL)
        turned = weight.map(lambda value: value.T, shape=(4, 3))
        assert np.array_equal(model.value(turned), KERNEL.T)
        assert model.value(turned).flags.c_contiguous
        both = Weight("x", (kernel, bias), (3, 4), "float32", lambda arrays: arrays[0] + arrays[1])
        assert np.array_equal(model.value(both), KERNEL + BIAS)
        with pytest.raises(ValueError, match="should be"):
            model.value(weight.map(lambda value: value.T))


def test_arrays_stay_valid_after_closing(tmp_path):
    with open_model(legacy_model(tmp_path / "m.h5")) as model:
        values = model.read(model.contents.weights[0])
    assert np.array_equal(values, KERNEL)


@pytest.mark.parametrize("path", wild("*"))
def test_real_files(path):
    try:
        model = open_model(path)
    except NotAModelError as error:
        assert error.hint
        return
    with model:
        contents = model.contents
        assert contents.weights
        for dataset in contents.weights + contents.optimizer_weights:
            values = model.read(dataset)
            assert (values.shape, values.dtype.name) == (dataset.shape, dataset.dtype)
        if contents.kind in (Kind.LEGACY_MODEL, Kind.KERAS_ARCHIVE):
            assert contents.config["class_name"] in ("Sequential", "Model", "Functional")
