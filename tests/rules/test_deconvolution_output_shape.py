"""Deconvolution2D's output shape."""

from __future__ import annotations

from typing import Any

import pytest

from converter.model.description import Writer
from converter.model.findings import Severity
from tests.rules.upgrading import STANDALONE, every_layer, findings, found, layer, only, upgraded

CODE = "KF141"
KERAS_1 = Writer((1, 2, 2), False, "tensorflow", "1.2.2")


def deconvolution(
    shape: Any, size: int, stride: int, mode: str = "same", ordering: str = "tf"
) -> Any:
    config = {"nb_filter": 2, "nb_row": size, "nb_col": size, "subsample": [stride, stride]}
    shapes = {"output_shape": shape, "border_mode": mode, "dim_ordering": ordering}
    return upgraded(layer("Deconvolution2D", **config, **shapes), KERAS_1)


def test_a_layer_that_was_not_told_is_no_finding() -> None:
    assert findings(upgraded(layer("Deconvolution2D", nb_filter=2), KERAS_1), CODE) == []


def test_keras_2_is_no_finding() -> None:
    assert findings(upgraded(layer("Conv2DTranspose", output_shape=[1]), STANDALONE), CODE) == []


@pytest.mark.parametrize(
    ("shape", "size", "stride", "mode"),
    [
        ([None, 12, 10, 2], 3, 2, "same"),
        ([3, 12, 10, 2], 2, 2, "same"),
        ([3, 12, 9, 2], 4, 1, "valid"),
        ([3, 11, 9, 2], 3, 2, "valid"),
        ([3, 12, 9, 2], 2, 3, "valid"),
    ],
)
def test_what_keras_3_finds_itself_is_removed(
    shape: Any, size: int, stride: int, mode: str
) -> None:
    result = deconvolution(shape, size, stride, mode)
    assert only(result, CODE).severity is Severity.BREAKS
    assert "output_shape" not in found(result.model).config
    assert "output_padding" not in found(result.model).config


@pytest.mark.parametrize(
    ("shape", "size", "stride", "mode", "expected"),
    [
        ([3, 11, 10, 2], 3, 2, "same", [0, 1]),
        ([3, 12, 9, 2], 3, 2, "valid", [1, 0]),
        ([3, 16, 12, 2], 5, 3, "same", [0, 2]),
    ],
)
def test_what_strides_leave_open_is_told(
    shape: Any, size: int, stride: int, mode: str, expected: list[int]
) -> None:
    config = found(deconvolution(shape, size, stride, mode).model).config
    assert config["output_padding"] == expected


def test_the_spatial_axes_follow_the_ordering() -> None:
    model = deconvolution([3, 2, 11, 10], 3, 2, ordering="th").model
    (it,) = (each for each in every_layer(model) if each.class_name == "Conv2DTranspose")
    assert it.config["output_padding"] == [0, 1]


@pytest.mark.parametrize("shape", [None, [3, None, 10, 2], [12, 10]])
def test_a_shape_that_says_too_little_is_refused(shape: Any) -> None:
    assert only(deconvolution(shape, 3, 2), CODE).severity is Severity.REFUSED


def test_a_shape_that_can_not_be_told_is_refused() -> None:
    assert only(deconvolution([3, 11, 10, 2], 2, 2), CODE).severity is Severity.REFUSED
