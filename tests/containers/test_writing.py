import json
import subprocess
import sys
import zipfile

import h5py
import numpy as np
import pytest
from container_files import BIAS, CONFIG, KERNEL, keras_archive, legacy_model, wild
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.containers import (
    hdf5_target,
    open_model,
    write_architecture,
    write_keras,
    write_legacy_h5,
    write_legacy_weights,
    write_weights_h5,
    writing,
)
from converter.errors import NotAModelError, OutputError
from converter.model.description import Dataset, Weight


def stored(dataset):
    return Weight(dataset.path, (dataset,), dataset.shape, dataset.dtype)


def constant(values):
    values = np.asarray(values)
    name = values.dtype.name if values.dtype.kind != "V" else "bfloat16"
    return Weight("x", (), values.shape, name, lambda _: values)


@pytest.fixture
def source(tmp_path):
    with open_model(legacy_model(tmp_path / "source.h5")) as model:
        yield model


def test_an_archive_as_keras_writes_it(tmp_path, source, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    kernel, bias = source.contents.weights
    path = tmp_path / "m.keras"
    write_keras(
        path,
        config=CONFIG | {"compile_config": None},
        variables=[
            ("layers/dense/vars/0", stored(kernel)),
            ("layers/dense/vars/1", stored(bias).map(lambda value: value * 2, rowwise=True)),
            ("layers/dense_1/vars/0", constant(np.float32(3))),
            ("layers/dense_1/vars/1", constant(np.zeros((0, 3), "f4"))),
            ("layers/dense_1/vars/2", constant(np.array([b"\x80\x3f"], "V2"))),
            ("layers/dense_1/vars/3", constant([True, False])),
        ],
        source=source,
        keras_version="3.15.1",
        metadata=lambda: {"kfix": {"rules": []}},
    )
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["config.json", "model.weights.h5", "metadata.json"]
        assert {member.compress_type for member in archive.infolist()} == {zipfile.ZIP_STORED}
        assert json.loads(archive.read("metadata.json")) == {
            "keras_version": "3.15.1",
            "date_saved": "2001-09-09@01:46:40",
            "kfix": {"rules": []},
        }
        with archive.open("model.weights.h5") as member, h5py.File(member) as file:
            assert np.array_equal(file["layers/dense/vars/0"], KERNEL)
            assert np.array_equal(file["layers/dense/vars/1"], BIAS * 2)
            assert file["layers/dense_1/vars/0"][()] == 3
            assert file["layers/dense_1/vars/1"].shape == (0, 3)
            assert file["layers/dense_1/vars/2"].attrs["dtype"] == "bfloat16"
            assert file["layers/dense_1/vars/2"][()].tobytes() == b"\x80\x3f"
            assert file["layers/dense_1/vars/3"][()].tolist() == [True, False]
            assert file["layers/dense_1/vars/3"].dtype == bool
    with open_model(path) as model:
        assert len(model.contents.variables) == 6


def write_everything(folder, source):
    kernel, bias = (stored(weight) for weight in source.contents.weights)
    variables = [("layers/dense/vars/0", kernel), ("layers/dense/vars/1", bias)]
    groups = [("dense", [("kernel:0", kernel), ("bias:0", bias)]), ("relu", [])]
    options = {"source": source, "keras_version": "3.15.1"}
    write_keras(folder / "m.keras", config=CONFIG, variables=variables, **options)
    write_weights_h5(folder / "m.weights.h5", variables=variables, source=source)
    write_legacy_weights(folder / "w.h5", groups=groups, **options)
    write_legacy_h5(
        folder / "m.h5", model_config=CONFIG, training_config=None, groups=groups, **options
    )
    write_architecture(folder / "m.json", CONFIG)


def test_output_depends_on_input_alone(tmp_path, source, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_everything(tmp_path / name, source)
        monkeypatch.setattr(writing.time, "localtime", None)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
        with open_model(path) as model:
            assert model.contents.config in (CONFIG, None)


def test_legacy_model(tmp_path, source):
    kernel, bias = source.contents.weights
    write_legacy_h5(
        tmp_path / "m.h5",
        model_config=CONFIG,
        training_config={"loss": "mae"},
        groups=[
            ("z/dense", [("z/dense/kernel:0", stored(kernel)), ("z/dense/bias:0", stored(bias))]),
            ("a", []),
        ],
        source=source,
        keras_version="2.15.0",
        backend="jax",
        attributes=lambda: {"kfix": "{}"},
        optimizer_weights=[("iterations:0", constant(np.int64(5)))],
    )
    with h5py.File(tmp_path / "m.h5") as file:
        assert isinstance(file.attrs["model_config"], str)
        assert file["model_weights"].attrs["layer_names"].dtype == "S7"
        assert file["model_weights/a"].attrs["weight_names"].shape == (0,)
        assert file["model_weights/z/dense/z/dense/kernel:0"].shape == (3, 4)
    with open_model(tmp_path / "m.h5") as model:
        contents = model.contents
        assert contents.config == CONFIG
        assert contents.training_config == {"loss": "mae"}
        assert (contents.writer.label, contents.writer.backend) == ("2.15.0", "jax")
        assert contents.attributes == {"kfix": "{}"}
        assert [group.name for group in contents.layer_groups] == ["z/dense", "a"]
        assert np.array_equal(model.read(contents.weights[0]), KERNEL)
        assert model.read(contents.optimizer_weights[0]) == 5


def test_legacy_weights_lie_at_the_root(tmp_path, source):
    kernel = source.contents.weights[0]
    write_legacy_weights(
        tmp_path / "w.h5",
        groups=[("dense", [("kernel:0", stored(kernel))])],
        source=source,
        keras_version="2.15.0",
    )
    with h5py.File(tmp_path / "w.h5") as file:
        assert [*file] == ["dense"]
        assert {*file.attrs} == {"backend", "keras_version", "layer_names"}
        assert np.array_equal(file["dense/kernel:0"], KERNEL)


def test_thousands_of_layers(tmp_path):
    groups = [(f"layer_with_a_long_name_{index:06d}", []) for index in range(5000)]
    write_legacy_weights(tmp_path / "w.h5", groups=groups, source=None, keras_version="3")
    with open_model(tmp_path / "w.h5") as model:
        assert [group.name for group in model.contents.layer_groups] == [name for name, _ in groups]


def test_two_arrays_in_one_place(tmp_path):
    twice = [("layers/a/vars/0", constant(BIAS))] * 2
    with pytest.raises(OutputError, match="/layers/a/vars/0 would be written twice"):
        write_weights_h5(tmp_path / "w.h5", variables=twice, source=None)
    below = [("a", constant(BIAS)), ("a/b", constant(BIAS))]
    with pytest.raises(OutputError, match="would be written twice"):
        write_weights_h5(tmp_path / "w.h5", variables=below, source=None)


def test_a_value_of_another_shape_is_a_mistake(tmp_path):
    wrong = Weight("kernel", (), (3,), "float32", lambda _: np.zeros(4, "f4"))
    with pytest.raises(ValueError, match="weight kernel should be"):
        write_weights_h5(tmp_path / "w.h5", variables=[("x/vars/0", wrong)], source=None)


def test_sources_that_end_early_are_reported(tmp_path, source):
    kernel = source.contents.weights[0]
    (tmp_path / "source.h5").write_bytes(b"")
    with pytest.raises(NotAModelError, match="ends in the middle"):
        write_weights_h5(tmp_path / "w.h5", variables=[("x/vars/0", stored(kernel))], source=source)


@pytest.mark.parametrize("dtype", ["f8", "f2", "i1", "u2", "?", ">f4"])
@pytest.mark.parametrize("options", [{}, {"chunks": (7, 3), "compression": "gzip"}], ids=repr)
def test_streaming_gives_the_same_numbers(tmp_path, monkeypatch, dtype, options):
    monkeypatch.setattr(hdf5_target, "BLOCK", 64)
    values = (np.arange(150).reshape(50, 3) % 120).astype(dtype)
    with h5py.File(tmp_path / "s.h5", "w") as file:
        file.create_dataset("x/vars/0", data=values, **options)
    with open_model(tmp_path / "s.h5") as model:
        dataset = model.contents.variables["x/vars/0"]
        same = stored(dataset)
        turned = same.map(lambda value: value[:, ::-1], rowwise=True)
        pairs = Weight("p", (dataset, dataset), (50, 6), dataset.dtype, np.hstack, rowwise=True)
        as_float = Weight("f", (dataset,), dataset.shape, "float32")
        variables = [(f"v/vars/{i}", w) for i, w in enumerate((same, turned, pairs, as_float))]
        write_keras(
            tmp_path / "m.keras", config={}, variables=variables, source=model, keras_version="3"
        )
    native = values.astype(values.dtype.newbyteorder("="))
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        assert archive.testzip() is None
    with open_model(tmp_path / "m.keras") as model:
        found = [model.read(dataset) for dataset in model.contents.variables.values()]
        assert np.array_equal(found[0], native)
        assert found[0].dtype == native.dtype
        assert np.array_equal(found[1], native[:, ::-1])
        assert np.array_equal(found[2], np.hstack([native, native]))
        assert np.array_equal(found[3], native.astype("f4"))


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=8),
    st.sampled_from([13, 64, 999]),
)
@settings(deadline=None, max_examples=40)
def test_any_mix_of_sizes_is_written_with_the_right_checksum(tmp_path_factory, shapes, block):
    folder = tmp_path_factory.mktemp("mix")
    arrays = [np.arange(a * b, dtype="f4").reshape(a, b) for a, b in shapes]
    variables = [(f"l{i}/vars/0", constant(array)) for i, array in enumerate(arrays)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hdf5_target, "BLOCK", block)
        write_keras(
            folder / "m.keras", config={}, variables=variables, source=None, keras_version="3"
        )
    with zipfile.ZipFile(folder / "m.keras") as archive:
        assert archive.testzip() is None
    with open_model(folder / "m.keras") as model:
        for index, array in enumerate(arrays):
            dataset = model.contents.variables[f"l{index}/vars/0"]
            assert np.array_equal(model.read(dataset), array)


def test_large_archives_have_wide_sizes(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "_ZIP64_FROM", 0)
    write_keras(
        tmp_path / "m.keras",
        config={},
        variables=[("a/vars/0", constant(BIAS))],
        source=None,
        keras_version="3",
    )
    with open_model(tmp_path / "m.keras") as model:
        assert np.array_equal(model.read(model.contents.weights[0]), BIAS)


MEMORY = """
import resource, sys
from pathlib import Path
from converter.containers import copy_h5, open_model, write_keras
from converter.model.description import Weight
source, target = map(Path, sys.argv[1:])
with open_model(source) as model:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    weights = [Weight("x", (d,), d.shape, d.dtype) for d in model.contents.weights]
    half = [weight.map(lambda value: value / 2, rowwise=True) for weight in weights]
    variables = [(f"l{i}/vars/0", weight) for i, weight in enumerate(weights + half)]
    write_keras(target, config={}, variables=variables, source=model, keras_version="3")
copy_h5(source, target)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss counts in other units")
def test_memory_does_not_grow_with_the_model(tmp_path):
    with h5py.File(tmp_path / "s.h5", "w") as file:
        file["x/vars/0"] = np.zeros((2000, 16_384), "f4")
    command = [sys.executable, "-c", MEMORY, str(tmp_path / "s.h5"), str(tmp_path / "t")]
    grown = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert int(grown) < 40_000, "kilobytes for 131 MB of numbers"


@pytest.mark.parametrize("path", wild("*.h*5"))
def test_real_files_come_back(path, tmp_path):
    if path.stat().st_size < 1000:
        pytest.skip("a Git LFS pointer")
    with open_model(path) as model:
        before = model.contents
        groups = [
            (
                group.name,
                [
                    (name, stored(weight))
                    for name, weight in zip(group.weight_names, group.weights, strict=True)
                ],
            )
            for group in before.layer_groups
        ]
        write_legacy_h5(
            tmp_path / "m.h5",
            model_config=before.config,
            training_config=before.training_config,
            groups=groups,
            source=model,
            keras_version=before.writer.label,
        )
        with open_model(tmp_path / "m.h5") as written:
            after = written.contents
            assert after.config == before.config
            assert after.training_config == before.training_config
            assert [g.weight_names for g in after.layer_groups] == [
                g.weight_names for g in before.layer_groups
            ]
            for old, new in zip(before.weights, after.weights, strict=True):
                assert np.array_equal(model.read(old), written.read(new))


def test_datasets_of_an_archive_can_be_written_too(tmp_path):
    with open_model(keras_archive(tmp_path / "a.keras", zipfile.ZIP_DEFLATED)) as model:
        variables = [(path, stored(d)) for path, d in model.contents.variables.items()]
        write_weights_h5(
            tmp_path / "w.h5", variables=variables, source=model, attributes=lambda: {"kfix": "{}"}
        )
    with open_model(tmp_path / "w.h5") as model:
        assert model.contents.attributes == {"kfix": "{}"}
        assert np.array_equal(model.read(Dataset("layers/dense/vars/0", (3, 4), "float32")), KERNEL)
