"""A damaged state of an optimizer costs the state and never the model."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from converter import check, convert, inspect, repair, strip_optimizer
from converter.containers import open_model
from converter.errors import NotAModelError


def corrupt(path: Path, name: str) -> None:
    """Stores an array in chunks with a checksum, and turns a byte of one around."""
    with h5py.File(path, "r+") as file:
        values = np.atleast_1d(file[name][()])
        del file[name]
        made = file.create_dataset(name, data=values, chunks=values.shape, fletcher32=True)
        file.flush()
        place = made.id.get_chunk_info(0).byte_offset
    damage(path, place)


def damage(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 0xFF
    path.write_bytes(content)


def arrays(path: Path, group: str) -> list[str]:
    found: list[str] = []
    with h5py.File(path) as file:
        file[group].visititems(
            lambda name, item: found.append(f"{group}/{name}") if hasattr(item, "dtype") else None
        )
    return found


def unreadable_chunk(path: Path) -> None:
    corrupt(path, arrays(path, "optimizer_weights")[-1])


def unreadable_steps(path: Path) -> None:
    steps = next(name for name in arrays(path, "optimizer_weights") if "iter" in name)
    with h5py.File(path, "r+") as file:
        values = np.full((1,), file[steps][()])
        del file[steps]
        made = file.create_dataset(steps, data=values, chunks=(1,), fletcher32=True)
        file.flush()
        place = made.id.get_chunk_info(0).byte_offset
    damage(path, place)


def missing_array(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        del file[arrays(path, "optimizer_weights")[-1]]


def missing_names(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        del file["optimizer_weights"].attrs["weight_names"]


def names_that_are_numbers(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        file["optimizer_weights"].attrs["weight_names"] = np.arange(3)


def names_that_are_no_text(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        file["optimizer_weights"].attrs["weight_names"] = [b"\xff\xfe", b"\x80"]


def other_shapes(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        for name in arrays(path, "optimizer_weights"):
            del file[name]
            file[name] = np.zeros((2, 3, 7), "float32")


def scalars(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        for name in arrays(path, "optimizer_weights"):
            del file[name]
            file[name] = np.float64("nan")


def no_array(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        del file["optimizer_weights"]
        file["optimizer_weights"] = np.zeros(3)


def broken_header(path: Path) -> None:
    """A byte in the header of an array, such that it is found and can't be opened."""
    name = arrays(path, "optimizer_weights")[-1]
    whole = path.read_bytes()
    with h5py.File(path) as file:
        start = h5py.h5o.get_info(file[name].id).addr
    for place in range(start, start + 250):
        path.write_bytes(whole)
        damage(path, place)
        with h5py.File(path) as file:
            try:
                file["optimizer_weights"].visit(lambda _: None)
                file[name]
            except KeyError:
                return
            except RuntimeError:
                continue
    raise AssertionError("no such byte")


WAYS = [
    unreadable_chunk,
    unreadable_steps,
    missing_array,
    missing_names,
    names_that_are_numbers,
    names_that_are_no_text,
    other_shapes,
    scalars,
    no_array,
    broken_header,
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_the_model_of_an_h5_converts_without_it(sample, tmp_path, way):
    path = sample("tf-2.8.0", "compiled_options")
    whole = convert(path, tmp_path / "whole.keras", verify=False)
    assert "carried over" in {each.remedy for each in whole.findings}
    way(path)
    inspect(path)
    check(path)
    done = convert(path, tmp_path / "out.keras", verify=False)
    remedies = {each.remedy for each in done.findings}
    assert "carried over" not in remedies
    with open_model(done.output) as written, open_model(whole.output) as expected:
        assert written.contents.optimizer_weights == ()
        assert written.contents.config["compile_config"] is not None
        for name, dataset in expected.contents.variables.items():
            found = written.read(written.contents.variables[name])
            np.testing.assert_array_equal(found, expected.read(dataset))
    assert "left out, training starts with a fresh optimizer" in remedies
    repair(path, tmp_path / "repaired.h5")
    stripped = strip_optimizer(path, tmp_path / "stripped.h5")
    with h5py.File(stripped.output) as file:
        assert "optimizer_weights" not in file


@pytest.fixture
def archive(sample, tmp_path) -> Path:
    path = sample("keras-3.15.1", "optimizer_adam-keras")
    assert path.suffix == ".keras"
    return path


def rewritten(path: Path, change) -> None:
    """The archive with other weights."""
    folder = path.with_suffix(".parts")
    with zipfile.ZipFile(path) as stored:
        stored.extractall(folder)
    change(folder / "model.weights.h5")
    with zipfile.ZipFile(path, "w") as stored:
        for each in sorted(folder.iterdir()):
            stored.write(each, each.name)
    shutil.rmtree(folder)


def test_the_model_of_an_archive_converts_without_it(archive, tmp_path):
    rewritten(archive, lambda weights: corrupt(weights, arrays(weights, "optimizer")[-1]))
    done = convert(archive, tmp_path / "out.keras", verify=False)
    assert any("can't go on" in each.message for each in done.findings)
    with open_model(done.output) as written:
        assert written.contents.optimizer_weights == ()


def test_damage_of_the_model_itself_is_still_an_error(sample, tmp_path):
    path = sample("tf-2.8.0", "compiled_options")
    corrupt(path, arrays(path, "model_weights")[-1])
    with pytest.raises(NotAModelError, match="damaged"):
        convert(path, tmp_path / "out.keras", verify=False)
