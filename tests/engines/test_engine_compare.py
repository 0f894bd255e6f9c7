from __future__ import annotations

import numpy as np
import pytest

from converter.engines.compare import all_finite, compare, compare_outputs
from converter.engines.results import Tolerance

TOLERANCE = Tolerance()
ONES = np.ones((2, 3), np.float32)


def changed(index, value):
    array = ONES.copy()
    array[index] = value
    return array


def test_equal_arrays_agree():
    result = compare("y", ONES, ONES.copy(), TOLERANCE)
    assert result.ok
    assert (result.max_abs, result.max_rel, result.scale, result.reason) == (0.0, 0.0, 1.0, "")


@pytest.mark.parametrize(("value", "ok"), [(1.0001, True), (1.0002, False), (0.9998, False)])
def test_tolerance_is_relative_plus_absolute(value, ok):
    assert compare("y", changed((1, 2), value), ONES, TOLERANCE).ok is ok


@pytest.mark.parametrize(("value", "ok"), [(0.9e-5, True), (1.1e-5, False)])
def test_only_the_absolute_tolerance_counts_at_zero(value, ok):
    assert compare("y", np.array([value]), np.zeros(1), TOLERANCE).ok is ok


def test_worst_value_is_reported():
    result = compare("y", changed((1, 0), 4.0), ONES, TOLERANCE)
    assert (result.worst, result.got, result.expected) == ((1, 0), 4.0, 1.0)
    assert (result.max_abs, result.max_rel) == (3.0, 3.0)
    assert result.reason == "it differs by up to 3"


def test_looser_tolerance_accepts_half_precision():
    half = changed((0, 0), 1.003).astype(np.float16)
    assert not compare("y", half, ONES, TOLERANCE).ok
    assert compare("y", half, ONES, Tolerance(rtol=1e-2, atol=1e-3)).ok


@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
def test_special_values_must_stand_at_the_same_places(special):
    array = changed((0, 1), special)
    assert compare("y", array, array.copy(), TOLERANCE).ok
    assert not compare("y", array, ONES, TOLERANCE).ok
    assert not compare("y", ONES, array, TOLERANCE).ok
    assert not compare("y", array, changed((0, 2), special), TOLERANCE).ok


def test_infinities_of_different_sign_differ():
    result = compare("y", np.array([np.inf]), np.array([-np.inf]), TOLERANCE)
    assert result.reason == "infinities at other places than in the reference"


def test_shapes_must_be_equal_even_where_they_broadcast():
    result = compare("y", np.ones((2, 1)), np.ones((2, 3)), TOLERANCE)
    assert result.reason == "its shape is (2, 1), not (2, 3)"


def test_empty_arrays_agree():
    assert compare("y", np.ones((0, 3)), np.ones((0, 3)), TOLERANCE).ok


def test_integers_and_booleans_are_compared_as_numbers():
    assert not compare("y", np.array([1, 2]), np.array([1, 3]), TOLERANCE).ok
    assert compare("y", np.array([True]), np.array([1.0]), TOLERANCE).ok


def test_strings_are_compared_exactly_whatever_holds_them():
    text, raw = np.array(["a", "ö"]), np.array([b"a", "ö".encode()], dtype=object)
    assert compare("y", raw, text, TOLERANCE).ok
    result = compare("y", np.array(["a", "b"]), text, TOLERANCE)
    assert (result.ok, result.worst) == (False, (1,))


def test_complex_numbers_are_compared_by_parts():
    assert compare("y", np.array([1 + 2j]), np.array([1 + 2j]), TOLERANCE).ok
    assert not compare("y", np.array([1 + 2j]), np.array([1 - 2j]), TOLERANCE).ok


def test_outputs_are_paired_by_position():
    results = compare_outputs({"a": ONES, "b": 2 * ONES}, [ONES, 2 * ONES], TOLERANCE)
    assert [(item.name, item.ok) for item in results] == [("a", True), ("b", True)]
    swapped = compare_outputs({"a": ONES, "b": 2 * ONES}, [2 * ONES, ONES], TOLERANCE)
    assert [item.ok for item in swapped] == [False, False]


def test_missing_and_surplus_outputs_are_differences():
    surplus = compare_outputs({"a": ONES, "b": ONES}, [ONES], TOLERANCE)
    missing = compare_outputs({"a": ONES}, [ONES, ONES], TOLERANCE)
    assert [item.ok for item in surplus] == [True, False]
    assert [item.ok for item in missing] == [True, False]


def test_only_numbers_can_be_infinite():
    assert all_finite({"a": ONES, "s": np.array(["x"])})
    assert not all_finite({"a": changed((0, 0), np.nan)})
