"""The neutral description itself."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from converter.model.description import Dataset, Layer, Model, Weight, Writer, numpy_dtype


def weight(shape: tuple[int, ...] = (2, 3)) -> Weight:
    return Weight("kernel", (Dataset("a/b", shape, "float32"),), shape, "float32")


def test_layers_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Layer("a", "Dense").name = "b"  # type: ignore[misc]


def test_configs_are_changed_in_a_copy() -> None:
    old = Layer("a", "Dense", {"units": 3, "use_bias": True})
    new = old.with_config(drop=["use_bias"], units=4, activation="relu")
    assert new.config == {"units": 4, "activation": "relu"}
    assert old.config == {"units": 3, "use_bias": True}


def test_dropping_what_is_not_there_is_no_error() -> None:
    assert Layer("a", "Dense", {"units": 3}).with_config(drop=["gone"]).config == {"units": 3}


@pytest.mark.parametrize(
    ("version", "generation"), [((), 1), ((1, 2, 2), 1), ((2, 0, 6), 2), ((3, 15, 1), 3)]
)
def test_generations(version: tuple[int, ...], generation: int) -> None:
    assert Writer(version).generation == generation


@pytest.mark.parametrize(
    ("kind", "name"), [("sequential", "Sequential"), ("functional", "Functional")]
)
def test_classes_of_models(kind: str, name: str) -> None:
    assert Model("m", kind, ()).class_name == name


@pytest.mark.parametrize(
    ("shape", "dtype", "nbytes"),
    [((2, 3), "float32", 24), ((), "float64", 8), ((0, 5), "float32", 0), ((3,), "bfloat16", 6)],
)
def test_sizes(shape: tuple[int, ...], dtype: str, nbytes: int) -> None:
    assert Dataset("a", shape, dtype).nbytes == nbytes


def test_sizes_beyond_32_bits() -> None:
    assert Dataset("a", (2**20, 2**20), "float32").nbytes == 2**42


def test_bfloat16_is_two_raw_bytes() -> None:
    assert numpy_dtype("bfloat16").itemsize == 2


def test_mapping_a_weight_reads_nothing_until_it_is_computed() -> None:
    values = np.arange(6.0, dtype=np.float32).reshape(2, 3)
    changed = weight().map(np.transpose, shape=(3, 2)).map(lambda array: array + 1)
    assert changed.compute is not None
    np.testing.assert_array_equal(changed.compute([values]), values.T + 1)
    assert (changed.shape, changed.sources) == ((3, 2), weight().sources)


def test_the_first_mapping_is_applied_first() -> None:
    changed = weight(()).map(lambda value: value + 1).map(lambda value: value * 10)
    assert changed.compute is not None
    assert changed.compute([np.array(2)]) == 30


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [(True, True, True), (True, False, False), (False, True, False), (False, False, False)],
)
def test_rows_can_be_streamed_only_if_every_step_allows_it(
    first: bool, second: bool, expected: bool
) -> None:
    changed = weight().map(np.negative, rowwise=first).map(np.negative, rowwise=second)
    assert changed.rowwise is expected
