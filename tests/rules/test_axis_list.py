"""Axes stored as lists."""

from dataclasses import replace

import numpy as np
import pytest

from converter.model.description import Array, Layer, Writer
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    ANYWHERE,
    KERAS_3,
    TF_2,
    assert_unchanged,
    findings,
    found,
    in_graph,
    layer,
    only,
    upgraded,
    value,
    with_weights,
)

CODE = "KF121"
CLASSES = [
    *("BatchNormalization", "LayerNormalization", "Normalization", "Softmax", "UnitNormalization"),
    "RMSNormalization",
]


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("axis", [-1, 3, None])
def test_numbers_stay(name: str, axis: object) -> None:
    assert_unchanged(layer(name, axis=axis), CODE)


@pytest.mark.parametrize("name", ["Concatenate", "Dense", "Dot"])
def test_other_layers_stay(name: str) -> None:
    assert_unchanged(layer(name, axis=[1]), CODE)


def test_batch_normalization_over_several_axes_is_refused_and_left() -> None:
    result = upgraded(layer("BatchNormalization", axis=[1, 3]))
    assert only(result, CODE).severity is Severity.REFUSED
    assert found(result.model).config == {"axis": [1, 3]}


@pytest.mark.parametrize("name", CLASSES)
def test_files_of_keras_3_are_not_touched(name: str) -> None:
    assert findings(upgrade(in_graph(layer(name, axis=[3])), KERAS_3), CODE) == []


@pytest.mark.parametrize("where", ANYWHERE)
@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("stored", [[3], {"class_name": "__tuple__", "items": [3]}])
def test_one_axis_becomes_a_number(name: str, stored: object, where: str) -> None:
    result = upgrade(ANYWHERE[where](layer(name, axis=stored)), TF_2)
    assert found(result.model).config == {"axis": 3}
    assert only(result, CODE).severity is Severity.BREAKS


@pytest.mark.parametrize("name", CLASSES[1:])
@pytest.mark.parametrize("stored", [[1, 2], {"class_name": "__tuple__", "items": [1, 2]}])
def test_several_axes_are_kept_and_reported(name: str, stored: object) -> None:
    result = upgraded(layer(name, axis=stored))
    assert found(result.model).config == {"axis": [1, 2]}
    assert only(result, CODE).severity is Severity.SILENT


IN_H5 = {"legacy": True}


@pytest.mark.parametrize("name", CLASSES[1:])
def test_several_axes_are_lost_from_h5_files_of_keras_3_only(name: str) -> None:
    it = layer(name, axis=[1, 2])
    assert findings(upgrade(in_graph(it), KERAS_3), CODE) == []
    result = upgrade(in_graph(replace(it, **IN_H5)), KERAS_3)
    assert only(result, CODE).severity is Severity.SILENT
    assert found(result.model).config == it.config


@pytest.mark.parametrize("axis", [-1, [2]])
@pytest.mark.parametrize("name", CLASSES)
def test_one_axis_in_an_h5_file_of_keras_3_stays(name: str, axis: object) -> None:
    it = replace(layer(name, axis=axis), **IN_H5)
    assert findings(upgrade(in_graph(it), KERAS_3), CODE) == []


def test_no_axis_is_lost_from_h5_files_of_keras_3() -> None:
    it = layer("Normalization", axis=None)
    assert findings(upgrade(in_graph(it), KERAS_3), CODE) == []
    result = upgrade(in_graph(replace(it, **IN_H5)), KERAS_3)
    assert only(result, CODE).severity is Severity.BREAKS
    assert found(result.model).config == {"axis": None}


@pytest.mark.parametrize(
    ("mean", "severity"),
    [(0.5, Severity.NOTICE), ([[0.5, 1.0]], Severity.BREAKS), (None, Severity.SILENT)],
)
def test_one_given_mean_fits_any_axis(mean: object, severity: Severity) -> None:
    it = layer("Normalization", axis=[1, 2], mean=mean, variance=mean)
    assert only(upgrade(in_graph(it), TF_2), CODE).severity is severity


KERAS_3_8 = Writer((3, 8, 0), False, "tensorflow", "3.8.0")


def scaled(axes: list[int], *shape: int) -> tuple[Layer, dict[str, Array]]:
    gamma = np.arange(np.prod(shape, dtype=int), dtype="float32").reshape(shape)
    return with_weights(layer("LayerNormalization", axis=axes), gamma=gamma)


@pytest.mark.parametrize("writer", [TF_2, KERAS_3_8], ids=lambda w: w.label)
def test_axes_out_of_order_are_sorted_and_weights_reshaped(writer: Writer) -> None:
    it, stored = scaled([3, 1], 5, 4)
    result = upgrade(in_graph(it), writer)
    after = found(result.model)
    assert only(result, CODE).severity is Severity.BREAKS
    assert after.config["axis"] == [1, 3]
    assert after.weights[0].shape == (4, 5)
    np.testing.assert_array_equal(value(after.weights[0], stored).ravel(), stored["gamma"].ravel())


def test_sorted_axes_of_keras_3_stay() -> None:
    it, _ = scaled([1, 3], 4, 5)
    assert findings(upgrade(in_graph(it), KERAS_3_8), CODE) == []


def test_lost_axes_are_silent_only_without_weights() -> None:
    it, _ = scaled([1, 2], 4, 5)
    assert only(upgrade(in_graph(it), TF_2), CODE).severity is Severity.BREAKS
    plain = layer("LayerNormalization", axis=[1, 2])
    assert only(upgrade(in_graph(plain), TF_2), CODE).severity is Severity.SILENT
