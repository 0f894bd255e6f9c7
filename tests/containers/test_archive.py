import io
import stat
import struct
import zipfile

import h5py
import pytest
from container_files import keras3_weights, keras_archive

from converter.containers import archive as archives
from converter.containers import open_model
from converter.errors import NotAModelError, UnsafeContentError


def add(path, name, data=b"x", **fields):
    member = zipfile.ZipInfo(name)
    for field, value in fields.items():
        setattr(member, field, value)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(member, data)


@pytest.mark.parametrize(
    "name", ["../x", "a/../../x", "/etc/passwd", "..\\x", "C:\\x", "C:x", "assets/../../x"]
)
def test_names_that_lead_out_are_refused(tmp_path, name):
    path = keras_archive(tmp_path / "m.keras")
    add(path, name)
    with pytest.raises(UnsafeContentError, match="would lie outside"):
        open_model(path)


def test_symbolic_links_are_refused(tmp_path):
    path = keras_archive(tmp_path / "m.keras")
    add(path, "assets/x", b"/etc/passwd", external_attr=(stat.S_IFLNK | 0o777) << 16)
    with pytest.raises(UnsafeContentError, match="'assets/x' is a symbolic link"):
        open_model(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_listed_twice_is_refused(tmp_path):
    path = keras_archive(tmp_path / "m.keras")
    add(path, "config.json", b"{}")
    with pytest.raises(UnsafeContentError, match="'config.json' is listed twice"):
        open_model(path)


def test_encrypted_members_are_refused(tmp_path):
    path = keras_archive(tmp_path / "m.keras")
    data = bytearray(path.read_bytes())
    entry = data.rindex(b"PK\x01\x02")
    data[entry + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(UnsafeContentError, match="is encrypted"):
        open_model(path)


def test_unusual_compression_is_refused(tmp_path):
    path = keras_archive(tmp_path / "m.keras", zipfile.ZIP_BZIP2)
    with pytest.raises(UnsafeContentError, match="compressed with method 12"):
        open_model(path)


def test_a_bomb_is_refused_unpacked(tmp_path):
    path = keras_archive(tmp_path / "m.keras")
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("assets/zeros", bytes(archives.RATIO_FLOOR + 1))
    with pytest.raises(UnsafeContentError, match="'assets/zeros' unpacks"):
        open_model(path)


def test_many_members_that_are_a_bomb_together_are_refused(tmp_path):
    path = keras_archive(tmp_path / "m.keras")
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        for index in range(3):
            archive.writestr(f"assets/{index}", bytes(archives.RATIO_FLOOR // 2))
    with pytest.raises(UnsafeContentError, match="declare to be"):
        open_model(path)


def test_a_member_that_lies_about_its_size_is_refused(tmp_path):
    path = keras_archive(tmp_path / "m.keras")
    data = bytearray(path.read_bytes())
    entry = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 4)
    struct.pack_into("<I", data, entry + 24, 1 << 30)
    path.write_bytes(data)
    with pytest.raises(UnsafeContentError, match="two different sizes"):
        open_model(path)


def test_overlapping_members_are_refused(tmp_path):
    path = keras_archive(tmp_path / "m.keras")
    data = bytearray(path.read_bytes())
    first = data.index(b"PK\x01\x02")
    second = data.index(b"PK\x01\x02", first + 4)
    # Both say that they begin where the first one does.
    data[second + 42 : second + 46] = data[first + 42 : first + 46]
    path.write_bytes(data)
    with pytest.raises(UnsafeContentError, match="overlaps"):
        open_model(path)


def test_too_many_members(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_MEMBERS", 3)
    with pytest.raises(UnsafeContentError, match="4 members"):
        open_model(keras_archive(tmp_path / "m.keras"))


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_the_weights_inside_are_guarded_too(tmp_path, compression):
    weights = io.BytesIO()
    keras3_weights(weights)
    with h5py.File(weights, "a") as file:
        file["x"] = h5py.ExternalLink("/etc/other.h5", "/secret")
    with zipfile.ZipFile(tmp_path / "m.keras", "w", compression) as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("model.weights.h5", weights.getvalue())
    with pytest.raises(UnsafeContentError, match="/x: an external link"):
        open_model(tmp_path / "m.keras")


def test_nested_config_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr("config.json", '{"a":' * 5000 + "1" + "}" * 5000)
        archive.writestr("model.weights.h5", b"")
    with pytest.raises(UnsafeContentError, match=r"config\.json is nested"):
        open_model(tmp_path / "m.keras")


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_damage_is_no_crash(tmp_path, compression):
    whole = keras_archive(tmp_path / "m.keras", compression).read_bytes()
    for start in range(0, len(whole), len(whole) // 60):
        (tmp_path / "d.keras").write_bytes(whole[:start] + b"\xee" * 24 + whole[start + 24 :])
        try:
            with open_model(tmp_path / "d.keras") as model:
                for weight in model.contents.weights:
                    model.read(weight)
        except (NotAModelError, UnsafeContentError):
            pass


def test_weights_in_another_format_are_explained(tmp_path):
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("model.weights.npz", b"")
    with pytest.raises(NotAModelError, match="not HDF5"):
        open_model(tmp_path / "m.keras")
