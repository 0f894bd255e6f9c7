import h5py
import numpy as np
import pytest
from h5py import h5a
from hypothesis import given
from hypothesis import strategies as st

from converter.containers import attributes
from converter.errors import NotAModelError, OutputError, UnsafeContentError

# HDF5 ends text at the first NUL; surrogates are not UTF-8.
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
NAMES = st.lists(TEXT.filter(lambda name: len(name) < 200), max_size=30)


@pytest.fixture
def file(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as opened:
        yield opened


def memory_file():
    return h5py.File("attributes", "w", driver="core", backing_store=False)


@given(TEXT)
def test_text_comes_back(value):
    with memory_file() as file:
        attributes.write_text(file.id, "x", value)
        assert attributes.text(file.id, "x", "here") == value
        assert file.attrs["x"] == value


@given(NAMES)
def test_names_come_back(names):
    with memory_file() as file:
        attributes.write_names(file.id, "layer_names", names)
        assert attributes.names(file.id, "layer_names", "here") == tuple(names)


@given(st.integers(1, 3000), st.integers(1, 300))
def test_long_lists_are_chunked_below_the_header_limit(count, length):
    names = [f"{index:05d}".ljust(length, "x")[:length] for index in range(count)]
    with memory_file() as file:
        attributes.write_names(file.id, "layer_names", names)
        stored = dict(file.attrs)
        assert all(chunk.nbytes <= attributes.HEADER_LIMIT for chunk in stored.values())
        assert attributes.names(file.id, "layer_names", "here") == tuple(names)
        whole = np.asarray([name.encode() for name in names])
        chunks = keras_chunks(whole)
        assert [len(stored[name]) for name in sorted(stored, key=suffix)] == [
            len(c) for c in chunks
        ]


def keras_chunks(whole):
    """The loop of save_attributes_to_hdf5_group in every Keras."""
    number = 1
    chunks = np.array_split(whole, number)
    while any(chunk.nbytes > 64512 for chunk in chunks):
        number += 1
        chunks = np.array_split(whole, number)
    return chunks


def suffix(name):
    return int(name.removeprefix("layer_names") or 0)


def test_a_name_longer_than_a_header_cannot_be_written(file):
    with pytest.raises(OutputError, match="70000 bytes"):
        attributes.write_names(file.id, "x", ["n" * 70_000])


@pytest.mark.parametrize(
    "value",
    [
        "text",
        b"text",
        np.bytes_(b"text"),
        np.array("text", dtype=h5py.string_dtype()),
        np.array(b"text", dtype="S9"),
        np.array([b"text"]),
        ["text"],
        np.array([["text"]], dtype=object),
    ],
    ids=["str", "bytes", "fixed", "0-d", "padded", "1-element", "1-string", "2-d"],
)
def test_all_ways_of_storing_one_text(file, value):
    file.attrs.create(
        "x", value, dtype=None if not isinstance(value, list) else h5py.string_dtype()
    )
    assert attributes.text(file.id, "x", "here") == "text"


@pytest.mark.parametrize("value", [np.array([b"a", b"bc"]), ["a", "bc"]], ids=["fixed", "vlen"])
def test_all_ways_of_storing_names(file, value):
    file.attrs["x"] = value
    assert attributes.names(file.id, "x", "here") == ("a", "bc")


def test_what_is_not_there(file):
    file.attrs["number"] = 3
    file.attrs["empty"] = h5py.Empty("f4")
    assert attributes.text(file.id, "x", "here") is None
    assert attributes.names(file.id, "x", "here") is None
    assert attributes.json(file.id, "x", "here") is None
    assert attributes.text(file.id, "number", "here") is None
    assert attributes.number(file.id, "number") == 3
    assert attributes.number(file.id, "empty") is None


def test_malformed_attributes_say_which(file):
    file.attrs["latin"] = b"caf\xe9"
    file.attrs["two"] = ["a", "b"]
    file.attrs["numbers"] = [1, 2]
    file.attrs["json"] = "{"
    with pytest.raises(NotAModelError, match="attribute latin of here is not UTF-8"):
        attributes.text(file.id, "latin", "here")
    with pytest.raises(NotAModelError, match="two of here holds 2 texts"):
        attributes.text(file.id, "two", "here")
    with pytest.raises(NotAModelError, match="numbers of here holds no names"):
        attributes.names(file.id, "numbers", "here")
    with pytest.raises(NotAModelError, match="json of here is not valid JSON"):
        attributes.json(file.id, "json", "here")


def test_texts_of_an_object(file):
    file.attrs["a"] = "x"
    file.attrs["b"] = 1.5
    file.attrs["c"] = ["x", "y"]
    assert attributes.texts(file.id, "here") == {"a": "x", "b": "1.5", "c": "x, y"}


def forge_references(path):
    """Let all references of an attribute of four texts point to the first text."""
    data = bytearray(path.read_bytes())
    first = data.index((400_000).to_bytes(4, "little"))
    for index in range(1, 4):
        data[first + 16 * index : first + 16 * (index + 1)] = data[first : first + 16]
    path.write_bytes(data)


@pytest.mark.parametrize("userblock", [0, 1024])
@pytest.mark.parametrize("group", ["/", "g/h"])
def test_one_huge_text_listed_many_times_is_refused(tmp_path, monkeypatch, userblock, group):
    path = tmp_path / "x.h5"
    with h5py.File(path, "w", userblock_size=userblock) as file:
        node = file.require_group(group)
        node.attrs.update({f"other{index}": "y" * index for index in range(20)})
        node.attrs["layer_names"] = ["x" * 400_000, "a", "b", "c"]
    with h5py.File(path) as file:
        assert len(attributes.names(file[group].id, "layer_names", "here")) == 4
    forge_references(path)
    with h5py.File(path) as file:
        assert len(file[group].attrs["layer_names"][3]) == 400_000
        monkeypatch.setattr(attributes, "_MAX_TEXT", 1_599_999)
        with pytest.raises(UnsafeContentError, match="layer_names unpacks"):
            attributes.names(file[group].id, "layer_names", "here")
        monkeypatch.setattr(attributes, "_MAX_TEXT", 1_600_000)
        assert len(attributes.names(file[group].id, "layer_names", "here")) == 4


def test_ordinary_names_in_a_large_file_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(attributes, "_MAX_TEXT", 1 << 20)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.attrs["layer_names"] = ["a", "b", "c"]
        file["d"] = np.zeros(1 << 20, "u1")
    with h5py.File(tmp_path / "x.h5") as file:
        assert attributes.names(file.id, "layer_names", "here") == ("a", "b", "c")


def test_where_the_lengths_cannot_be_seen_the_file_size_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(attributes, "_MAX_TEXT", 1 << 20)
    with h5py.File(tmp_path / "x.h5", "w", libver="latest") as file:
        file.attrs["layer_names"] = ["a", "b", "c"]
        file["d"] = np.zeros(1 << 20, "u1")
    with h5py.File(tmp_path / "x.h5") as file, pytest.raises(UnsafeContentError):
        attributes.names(file.id, "layer_names", "here")


@pytest.mark.parametrize(
    "value",
    [
        "text",
        np.bytes_(b"fixed"),
        ["a", "b"],
        np.array([b"a", b"bc"]),
        3,
        np.zeros((2, 2)),
        True,
        "",
    ],
    ids=repr,
)
def test_copies_keep_the_storage_type(file, value):
    file.attrs["x"] = value
    target = file.create_group("g")
    attributes.copy(file.id, target.id, "x", "here")
    before, after = (h5a.open(node.id, b"x") for node in (file, target))
    assert before.get_type().equal(after.get_type())
    assert np.array_equal(file.attrs["x"], target.attrs["x"])


def test_references_are_not_copied(file):
    file.attrs["x"] = file.ref
    with pytest.raises(UnsafeContentError, match="'x' is neither text nor numbers"):
        attributes.copy(file.id, file.create_group("g").id, "x", "here")


@pytest.mark.parametrize("old, fixed", [(np.bytes_(b"a"), True), ("a", False), (b"a", False)])
def test_a_changed_text_keeps_its_storage_type(file, old, fixed):
    file.attrs["x"] = old
    attributes.write_like(file.id, "x", "longer", h5a.open(file.id, b"x"))
    assert h5a.open(file.id, b"x").get_type().is_variable_str() is not fixed
    assert attributes.text(file.id, "x", "here") == "longer"


def test_a_text_that_outgrows_fixed_length_is_stored_all_the_same(file):
    file.attrs["x"] = np.bytes_(b"a")
    attributes.write_like(file.id, "x", "x" * 100_000, h5a.open(file.id, b"x"))
    assert attributes.text(file.id, "x", "here") == "x" * 100_000
