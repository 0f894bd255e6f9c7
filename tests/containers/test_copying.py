import errno
import json
import zipfile

import h5py
import numpy as np
import pytest
from container_files import CONFIG, KERNEL, keras_archive, legacy_model, wild
from h5py import h5a, h5d, h5p, h5s, h5t

from converter.containers import copy_h5, copy_keras, open_model
from converter.containers.window import Window
from converter.errors import NotAModelError, UnsafeContentError, UsageError


def same_type(first, second, name):
    kinds = (h5a.open(node.id, name.encode()).get_type() for node in (first, second))
    return next(kinds).equal(next(kinds))


def everything(path, **options):
    """All ways of storing arrays and attributes that a copy has to keep."""
    with h5py.File(path, "w", **options) as file:
        file.attrs["z"] = np.bytes_(b"fixed")
        file.attrs["a"] = "variable"
        file.attrs["names"] = ["x", "yz"]
        file.attrs["number"] = 1.5
        file.attrs["empty"] = h5py.Empty("S4")
        group = file.create_group(
            "z", **({"track_order": True} if options.get("track_order") else {})
        )
        group.attrs["name"] = "z"
        group["b"] = KERNEL
        group["a"] = KERNEL.astype(">f8")
        group["b"].attrs["note"] = np.bytes_(b"on an array")
        group.create_dataset(
            "gz", data=np.eye(50), chunks=(7, 50), compression="gzip", shuffle=True
        )
        group.create_dataset("sparse", (100, 4), "f4", chunks=(10, 4), maxshape=(None, 4))[
            20:30
        ] = 1
        group.create_dataset("unwritten", (3,), "f4", fillvalue=2)
        group["scalar"] = np.int64(4)
        group["flags"] = np.array([True, False])
        group.create_dataset("nothing", (0, 3), "f4")
        group.create_dataset("null", data=h5py.Empty("f4"))
        compact = h5p.create(h5p.DATASET_CREATE)
        compact.set_layout(h5d.COMPACT)
        made = h5d.create(group.id, b"tiny", h5t.IEEE_F32LE, h5s.create_simple((2,)), dcpl=compact)
        h5py.Dataset(made)[:] = [5, 6]
        file.create_group("a")
    return path


@pytest.mark.parametrize(
    "options",
    [{}, {"track_order": True}, {"userblock_size": 512}, {"libver": "latest"}],
    ids=repr,
)
def test_everything_is_kept(tmp_path, options):
    source = everything(tmp_path / "s.h5", **options)
    copy_h5(source, tmp_path / "t.h5")
    with h5py.File(source) as old, h5py.File(tmp_path / "t.h5") as new:
        assert [*new] == [*old]
        assert [*new["z"]] == [*old["z"]]
        assert [*new.attrs] == [*old.attrs]
        for name in old.attrs:
            assert same_type(old, new, name)
            assert np.array_equal(np.asarray(old.attrs[name]), np.asarray(new.attrs[name]))
        assert same_type(old["z/b"], new["z/b"], "note")
        for name, before in old["z"].items():
            after = new["z"][name]
            assert before.id.get_type().equal(after.id.get_type())
            for field in ("shape", "maxshape", "chunks", "compression", "shuffle", "fillvalue"):
                assert getattr(before, field) == getattr(after, field), name
            if before.shape is not None:
                assert np.array_equal(before[()], after[()]), name


def test_a_large_fixed_attribute_of_the_new_format_is_kept(tmp_path):
    with h5py.File(tmp_path / "s.h5", "w", libver="latest") as file:
        file.attrs["model_config"] = np.bytes_(b"x" * 100_000)
        file["w/vars/0"] = KERNEL
    copy_h5(tmp_path / "s.h5", tmp_path / "t.h5")
    with h5py.File(tmp_path / "t.h5") as file:
        assert isinstance(file.attrs["model_config"], np.bytes_)
        assert len(file.attrs["model_config"]) == 100_000


def test_dropping_and_setting(tmp_path):
    source = legacy_model(tmp_path / "s.h5")
    before = source.read_bytes()
    copy_h5(
        source,
        tmp_path / "t.h5",
        drop_attributes=["training_config", "model_weights@backend", "missing"],
        drop_groups=["optimizer_weights", "/model_weights/relu", "missing"],
        set_attributes={"model_config": "{}", "model_weights@keras_version": "9", "kfix": "new"},
    )
    assert source.read_bytes() == before
    with h5py.File(tmp_path / "t.h5") as file:
        assert {*file.attrs} == {"backend", "keras_version", "kfix", "model_config"}
        assert {*file["model_weights"].attrs} == {"keras_version", "layer_names"}
        assert file.attrs["model_config"] == "{}"
        assert file["model_weights"].attrs["keras_version"] == "9"
        assert [*file] == ["model_weights"]
        assert [*file["model_weights"]] == ["dense"]


def test_a_set_attribute_keeps_its_storage_type(tmp_path):
    source = everything(tmp_path / "s.h5")
    copy_h5(source, tmp_path / "t.h5", set_attributes={"z": "longer than before", "a": "b"})
    with h5py.File(tmp_path / "t.h5") as file:
        assert isinstance(file.attrs["z"], np.bytes_)
        assert isinstance(file.attrs["a"], str)


def test_names_in_chunks_are_dropped_together(tmp_path):
    with h5py.File(tmp_path / "s.h5", "w") as file:
        file.attrs["layer_names0"] = np.array([b"a"])
        file.attrs["layer_names1"] = np.array([b"b"])
        file.attrs["other"] = 1
    copy_h5(tmp_path / "s.h5", tmp_path / "t.h5", drop_attributes=["layer_names"])
    with h5py.File(tmp_path / "t.h5") as file:
        assert [*file.attrs] == ["other"]


def test_space_is_freed(tmp_path):
    with h5py.File(legacy_model(tmp_path / "s.h5"), "a") as file:
        file["optimizer_weights/big"] = np.zeros(100_000, "f4")
        file["hole"] = np.zeros(100_000, "f4")
        del file["hole"]
    copy_h5(tmp_path / "s.h5", tmp_path / "t.h5", drop_groups=["optimizer_weights"])
    assert (tmp_path / "t.h5").stat().st_size < 20_000


def test_copies_are_the_same_every_time(tmp_path):
    for name in ("a.h5", "b.h5"):
        copy_h5(legacy_model(tmp_path / "s.h5"), tmp_path / name)
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_a_copy_onto_itself_is_refused(tmp_path):
    source = legacy_model(tmp_path / "s.h5")
    before = source.read_bytes()
    with pytest.raises(UsageError, match="onto itself"):
        copy_h5(source, source)
    with pytest.raises(UsageError, match="onto itself"):
        copy_keras(source, source)
    assert source.read_bytes() == before


def test_setting_on_a_missing_group(tmp_path):
    with pytest.raises(UsageError, match="keras_version is to be set on /nope"):
        copy_h5(
            legacy_model(tmp_path / "s.h5"),
            tmp_path / "t.h5",
            set_attributes={"nope@keras_version": "1"},
        )


def test_hostile_content_is_not_carried_along(tmp_path):
    with h5py.File(legacy_model(tmp_path / "s.h5"), "a") as file:
        file.create_dataset("x", (4,), "u1", external=[("/etc/passwd", 0, 4)])
    with pytest.raises(UnsafeContentError, match="external storage"):
        copy_h5(tmp_path / "s.h5", tmp_path / "t.h5", drop_groups=["x"])
    assert not (tmp_path / "t.h5").exists()


def test_a_full_disk_passes_as_such(tmp_path, monkeypatch):
    def full(raw, block):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("converter.containers.hdf5_target.write_all", full)
    with pytest.raises(OSError, match="No space left"):
        copy_h5(legacy_model(tmp_path / "s.h5"), tmp_path / "t.h5")


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_archives(tmp_path, compression):
    source = keras_archive(tmp_path / "s.keras", compression)
    before = source.read_bytes()
    config = CONFIG | {"compile_config": None}
    copy_keras(
        source,
        tmp_path / "t.keras",
        config=config,
        metadata=lambda: {"kfix": {"from": "x"}},
        drop_optimizer=True,
    )
    assert source.read_bytes() == before
    with zipfile.ZipFile(tmp_path / "t.keras") as archive:
        assert archive.testzip() is None
        assert archive.read("assets/layers/lookup/vocabulary.txt") == b"a\nb\n"
        assert archive.getinfo("model.weights.h5").compress_type == zipfile.ZIP_STORED
    with open_model(tmp_path / "t.keras") as model:
        contents = model.contents
        assert contents.config == config
        assert contents.metadata == {"keras_version": "3.15.1", "kfix": {"from": "x"}}
        assert contents.optimizer_weights == ()
        assert np.array_equal(model.read(contents.variables["layers/dense/vars/0"]), KERNEL)
        with h5py.File(tmp_path / "w.h5", "w"):
            pass
        assert model.source.hdf5["layers/dense/vars"].attrs["name"] == "dense"


def test_an_archive_without_changes(tmp_path):
    copy_keras(keras_archive(tmp_path / "s.keras"), tmp_path / "t.keras")
    with open_model(tmp_path / "t.keras") as model, open_model(tmp_path / "s.keras") as old:
        assert model.contents.config == old.contents.config
        assert model.contents.variables == old.contents.variables
        assert len(model.contents.optimizer_weights) == 11


def test_a_damaged_archive(tmp_path):
    (tmp_path / "s.keras").write_bytes(b"PK\x03\x04 and nothing else")
    with pytest.raises(NotAModelError, match="damaged zip"):
        copy_keras(tmp_path / "s.keras", tmp_path / "t.keras")


@pytest.mark.parametrize("path", wild("*.h*5"))
def test_real_files_keep_all_but_the_optimizer(path, tmp_path):
    if path.stat().st_size < 1000:
        pytest.skip("a Git LFS pointer")
    copy_h5(path, tmp_path / "t.h5", drop_groups=["optimizer_weights"])
    with open_model(path) as before, open_model(tmp_path / "t.h5") as after:
        old, new = before.contents, after.contents
        assert new.optimizer_weights == ()
        for field in ("config", "training_config", "writer", "attributes", "layer_groups"):
            assert getattr(new, field) == getattr(old, field)
        for weight in old.weights:
            assert np.array_equal(before.read(weight), after.read(weight))


@pytest.mark.parametrize("path", wild("*.keras"))
def test_real_archives_keep_all_but_the_optimizer(path, tmp_path):
    copy_keras(path, tmp_path / "t.keras", drop_optimizer=True)
    with open_model(path) as before, open_model(tmp_path / "t.keras") as after:
        assert after.contents.optimizer_weights == ()
        assert after.contents.variables == before.contents.variables
        assert json.dumps(after.contents.config) == json.dumps(before.contents.config)


def test_a_window_shows_only_its_part(tmp_path):
    (tmp_path / "f").write_bytes(b"0123456789")
    with (tmp_path / "f").open("rb", buffering=0) as raw:
        window = Window(raw, 2, 5)
        assert window.read() == b"23456"
        assert window.seek(-2, 2) == 3
        assert window.read(10) == b"56"
        assert window.seek(100) == 100
        assert window.read() == b""
        assert not window.writable()


def test_a_window_can_grow(tmp_path):
    with (tmp_path / "f").open("w+b", buffering=0) as raw:
        raw.write(b"ab")
        window = Window(raw, 2)
        assert window.write(b"cde") == 3
        assert window.tell() == 3
        assert window.length() == 3
        window.truncate(2)
    assert (tmp_path / "f").read_bytes() == b"abcd"


def test_what_takes_longer_to_find_out_is_written_last(tmp_path):
    source = tmp_path / "s.h5"
    with h5py.File(source, "w") as file:
        file.attrs["kfix"] = "of an earlier copy"
        file["a"] = np.arange(3)
    copy_h5(source, tmp_path / "t.h5", late_attributes=lambda: {"kfix": "new", "b": "c"})
    with h5py.File(tmp_path / "t.h5") as file:
        assert dict(file.attrs) == {"kfix": "new", "b": "c"}
        assert file["a"][()].tolist() == [0, 1, 2]
