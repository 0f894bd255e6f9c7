import h5py
import numpy as np
import pytest
from container_files import legacy_model, wild
from h5py import h5d, h5g, h5p, h5s, h5t

from converter.containers import guard, open_model
from converter.containers.hdf5_source import Hdf5Source
from converter.errors import ExitCode, NotAModelError, UnsafeContentError


def external_link(file):
    file["model_weights/x"] = h5py.ExternalLink("/etc/other.h5", "/secret")


def soft_link(file):
    file["model_weights/x"] = h5py.SoftLink("/model_weights/dense")


def dangling_soft_link(file):
    file["x"] = h5py.SoftLink("/nowhere")


def external_storage(file):
    file.create_dataset("x", (4,), "u1", external=[("/etc/passwd", 0, 4)])


def virtual(file):
    layout = h5py.VirtualLayout((4,), "u1")
    layout[:] = h5py.VirtualSource("/etc/other.h5", "secret", (4,))
    file.create_virtual_dataset("x", layout)


def virtual_without_sources(file):
    plist = h5p.create(h5p.DATASET_CREATE)
    plist.set_layout(h5d.VIRTUAL)
    h5d.create(file.id, b"x", h5t.IEEE_F32LE, h5s.create_simple((4,)), dcpl=plist)


def plugin_filter(file):
    plist = h5p.create(h5p.DATASET_CREATE)
    plist.set_chunk((4,))
    plist.set_filter(32015, 1, (3,))
    h5d.create(file.id, b"x", h5t.IEEE_F32LE, h5s.create_simple((4,)), dcpl=plist)


def shape_bomb(file):
    file.create_dataset("x", (1 << 40,), "f4", chunks=(1 << 20,), compression="gzip")


def never_written_bomb(file):
    file.create_dataset("x", (1 << 40,), "f4")


def many_small_bombs(file):
    for index in range(300):
        file.create_dataset(f"x{index}", (1 << 24,), "f4", chunks=(1 << 10,), compression="gzip")


def chunk_bomb(file):
    options = {"chunks": (1 << 29,), "maxshape": (None,), "compression": "gzip"}
    file.create_dataset("x", (4,), "f4", **options)


def shared_array(file):
    file["x"] = np.zeros(100_000, "f4")
    file["y"] = file["z"] = file["x"]


def cycle(file):
    file["model_weights/dense/up"] = file["model_weights"]


def root_cycle(file):
    file["x"] = file["/"]


def shared_group(file):
    file["x"] = file["model_weights/dense"]


def text_array(file):
    file["x"] = ["a", "b"]


def references(file):
    file["x"] = np.array([file.ref], dtype=h5py.ref_dtype)


def ragged(file):
    file.create_dataset("x", (2,), h5py.vlen_dtype(np.float32))


def records(file):
    file["x"] = np.zeros(2, dtype=[("a", "f4"), ("b", "i4")])


def opaque(file):
    file["x"] = np.zeros(2, dtype="V2")


def named_type(file):
    file["x"] = np.dtype("f8")


def too_deep(file):
    file.create_group("x/" * (guard.MAX_DEPTH + 1))


def deep_enough_to_overflow_the_stack(file):
    group = file.id
    for _ in range(20_000):
        group = h5g.create(group, b"x")


def many_attributes(file):
    for index in range(guard.MAX_ATTRIBUTES + 1):
        file["model_weights"].attrs[str(index)] = 1


HOSTILE = {
    external_link: "/model_weights/x: an external link to '/etc/other.h5:/secret'",
    soft_link: "/model_weights/x: a soft link to '/model_weights/dense'",
    dangling_soft_link: "/x: a soft link to '/nowhere'",
    external_storage: "/x: external storage in '/etc/passwd'",
    virtual: "/x: a virtual dataset that reads '/etc/other.h5'",
    virtual_without_sources: "/x: a virtual dataset",
    plugin_filter: "/x: compressed with filter 32015",
    shape_bomb: "/x: declares 4,398,046,511,104 bytes",
    never_written_bomb: "/x: declares 4,398,046,511,104 bytes",
    many_small_bombs: "declares 20,132,659,200 bytes",
    chunk_bomb: "/x: a chunk of 2,147,483,648 bytes",
    shared_array: "/y: arrays declare more bytes than the file has",
    cycle: "/model_weights/dense/up: a group that is reached twice",
    root_cycle: "/x: a group that is reached twice",
    shared_group: "/x: a group that is reached twice",
    text_array: "/x: an array of text",
    references: "/x: an array of references",
    ragged: "/x: an array of variable-length data",
    records: "/x: an array of records",
    opaque: "/x: an array of opaque bytes",
    named_type: "/x: a named datatype",
    too_deep: "nest more than 64 levels",
    deep_enough_to_overflow_the_stack: "nest more than 64 levels",
    many_attributes: "/model_weights: has 1,00",
}


@pytest.mark.parametrize("make", HOSTILE, ids=lambda make: make.__name__)
@pytest.mark.parametrize("userblock", [0, 512], ids=["plain", "userblock"])
def test_hostile_files_are_refused(tmp_path, make, userblock):
    path = tmp_path / "m.h5"
    with h5py.File(path, "w", userblock_size=userblock, libver=("earliest", "latest")) as file:
        file.attrs["model_config"] = "{}"
        file.create_group("model_weights/dense")
        make(file)
    with pytest.raises(UnsafeContentError) as caught:
        open_model(path)
    message = str(caught.value)
    assert HOSTILE[make] in message
    assert "\n" not in message
    assert caught.value.hint
    assert caught.value.exit_code == ExitCode.UNSAFE


def test_too_many_objects(tmp_path, monkeypatch):
    monkeypatch.setattr(guard, "MAX_OBJECTS", 5)
    with pytest.raises(UnsafeContentError, match="more than 5 objects"):
        open_model(legacy_model(tmp_path / "m.h5"))


def test_a_huge_attribute_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr(guard, "MAX_ATTRIBUTE_BYTES", 1 << 16)
    path = tmp_path / "m.h5"
    with h5py.File(path, "w", libver="latest") as file:
        file.attrs["model_config"] = "{}"
        file.create_group("model_weights/relu").attrs.create("big", np.zeros(1 << 16, "f4"))
    with pytest.raises(
        UnsafeContentError, match="/model_weights/relu: attribute 'big' declares 262,144"
    ):
        open_model(path)


@pytest.mark.parametrize(
    "options",
    [
        {"compression": "gzip", "shuffle": True, "fletcher32": True},
        {"compression": "lzf"},
        {"scaleoffset": 4},
        {"chunks": (2, 2)},
        {"dtype": ">f4"},
        {"dtype": "f2"},
        {"dtype": "?"},
        {"dtype": "c8"},
        {"dtype": "u1"},
    ],
    ids=repr,
)
def test_harmless_arrays_are_read(tmp_path, options):
    values = np.arange(12).reshape(3, 4)
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.attrs["layer_names"] = np.array([])
        file.create_dataset("x", data=values.astype(options.get("dtype", "f4")), **options)
    with Hdf5Source.open(tmp_path / "m.h5") as source:
        found = source.read(source.tree.stored["x"].dataset)
        assert found.dtype.isnative
        assert found.dtype.name == source.tree.stored["x"].dataset.dtype
        assert np.allclose(found, values.astype(found.dtype), atol=0.01)


def test_zeros_that_compress_well_are_no_bomb(tmp_path):
    # Fresh optimizer moments: 300 MB that deflate to a thousandth.
    with h5py.File(tmp_path / "m.h5", "w") as file:
        data = np.zeros((300, 1 << 18), "f4")
        file.create_dataset("x", data=data, chunks=(10, 1 << 18), compression="gzip")
        file["noise"] = np.random.default_rng(0).random(200_000)
    with Hdf5Source.open(tmp_path / "m.h5") as source:
        assert source.tree.stored["x"].dataset.shape == data.shape


def test_an_array_under_two_names_is_harmless(tmp_path):
    with h5py.File(legacy_model(tmp_path / "m.h5"), "a") as file:
        file["model_weights/dense/tied"] = file["model_weights/dense/dense/bias:0"]
    with open_model(tmp_path / "m.h5") as model:
        assert len(model.contents.weights) == 2


def test_damage_behind_the_superblock_is_no_crash(tmp_path):
    whole = legacy_model(tmp_path / "m.h5").read_bytes()
    for start in range(96, len(whole), len(whole) // 60):
        (tmp_path / "d.h5").write_bytes(whole[:start] + b"\xee" * 24 + whole[start + 24 :])
        try:
            with open_model(tmp_path / "d.h5") as model:
                for weight in model.contents.weights:
                    model.read(weight)
        except (NotAModelError, UnsafeContentError):
            pass


@pytest.mark.parametrize("path", wild("*.h*5"))
def test_no_real_file_is_refused(path):
    if path.stat().st_size < 1000:
        pytest.skip("a Git LFS pointer")
    with Hdf5Source.open(path) as source:
        assert source.tree.stored
