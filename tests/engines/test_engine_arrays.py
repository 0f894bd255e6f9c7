from __future__ import annotations

import numpy as np
import pytest

from converter.engines import arrays
from converter.engines.results import InputSpec


def one(spec, *, size=16, batch=2, seed=0):
    return arrays.random_inputs([spec], size, batch, seed)[0]


def test_open_axes_are_filled():
    assert one(InputSpec("x", (None, None, 3, None))).shape == (2, 16, 3, 16)
    assert one(InputSpec("x", (5, 2))).shape == (5, 2)


def test_arrays_repeat_with_their_seed_only():
    spec = InputSpec("x", (None, 4))
    assert np.array_equal(one(spec), one(spec))
    assert not np.array_equal(one(spec), one(spec, seed=1))


def test_floats_spread_on_both_sides_of_zero():
    values = one(InputSpec("x", (None, 100)))
    assert values.dtype == np.float32
    assert values.min() < -1 < 1 < values.max()


def test_bounds_are_kept():
    values = one(InputSpec("x", (None, 100), low=3, high=4))
    assert 3 <= values.min() < values.max() <= 4


def test_ids_are_whole_numbers_below_the_vocabulary():
    values = one(InputSpec("x", (None, 100), low=0, high=5, integral=True))
    assert values.dtype == np.float32
    assert set(np.unique(values)) == {0, 1, 2, 3, 4}


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8"])
def test_integers_without_bounds_are_0_and_1(dtype):
    values = one(InputSpec("x", (None, 50), dtype))
    assert values.dtype == dtype
    assert set(np.unique(values)) == {0, 1}


def test_booleans_and_strings():
    assert set(np.unique(one(InputSpec("x", (None, 50), "bool")))) == {False, True}
    text = one(InputSpec("x", (None, 3), "string"))
    assert text.shape == (2, 3)
    assert text.dtype.kind == "U"
    assert all(len(item.split(" ")) == 3 for item in text.flat)


def test_files_keep_order_strings_and_slashes(tmp_path):
    given = {
        "z": np.array([["ö", ""]]),
        "a/b": np.array([b"x"], dtype=object),
        "c": np.ones(2, np.float16),
    }
    arrays.save(tmp_path / "x.npz", given)
    read = arrays.load(tmp_path / "x.npz")
    assert list(read) == ["z", "a/b", "c"]
    assert read["z"].tolist() == [["ö", ""]]
    assert read["a/b"].tolist() == ["x"]
    assert read["c"].dtype == np.float16


def test_pickled_arrays_are_refused(tmp_path):
    np.savez(tmp_path / "x.npz", a=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        arrays.load(tmp_path / "x.npz")


def test_repeated_names_become_distinct():
    assert arrays.distinct(["a", "b"]) == ["a", "b"]
    assert arrays.distinct(["a", "a", "a"]) == ["a", "a_1", "a_2"]
    assert arrays.distinct(["a", "a", "a_1"]) == ["a", "a_2", "a_1"]


def test_choices_are_all_taken():
    values = one(InputSpec("x", (None, 9), "string", choices=("red", "old", "")))
    assert len(values) >= 16
    assert set(np.unique(values)) == {"red", "old", ""}


def test_choices_of_numbers_have_the_dtype():
    values = one(InputSpec("x", (None, 9), "int32", choices=(3, 70, -1)))
    assert values.dtype == np.int32
    assert set(np.unique(values)) == {3, 70, -1}


def test_phrases_hold_up_to_three_words():
    values = one(InputSpec("x", (None, 9), "string", choices=("red", "old"), phrases=True))
    assert {len(text.split()) for text in values.ravel()} == {1, 2, 3}


def test_a_spec_is_the_same_from_json():
    spec = InputSpec("x", (None, 9), "string", choices=("red", "old"), phrases=True)
    data = {"name": "x", "shape": [None, 9], "dtype": "string"}
    assert InputSpec.of({**data, "choices": ["red", "old"], "phrases": True}) == spec
    assert InputSpec.of(data) == InputSpec("x", (None, 9), "string")
