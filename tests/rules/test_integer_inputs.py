"""Layers that get integers."""

from __future__ import annotations

from typing import Any

import pytest

from converter.model.description import Call, Layer, Model, TensorRef, Writer
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import KERAS_3, TF_2, findings, found, only

CODE = "KF252"
KERAS_3_0 = Writer((3, 0, 5), False, "tensorflow", "3.0.5")
KERAS_3_8 = Writer((3, 8, 0), False, "tensorflow", "3.8.0")
CHANNELS = {"data_format": "channels_last"}


def fed(class_name: str, dtype: str = "uint8", **config: Any) -> Model:
    given = Layer("given", "InputLayer", {"batch_shape": [None, 4, 4, 3], "dtype": dtype})
    calls = (Call((TensorRef("given"),)),)
    it = Layer("it", class_name, {**CHANNELS, **config}, calls=calls)
    return Model("top", "functional", (given, it), TensorRef("given"), TensorRef("it"))


@pytest.mark.parametrize("name", ["Resizing", "LayerNormalization", "GlobalAveragePooling2D"])
def test_floats_are_not_touched(name: str) -> None:
    assert findings(upgrade(fed(name, "float32"), TF_2), CODE) == []


@pytest.mark.parametrize("name", ["Rescaling", "MaxPooling2D", "Flatten", "Dense", "UpSampling2D"])
def test_layers_that_treat_integers_alike_stay(name: str) -> None:
    assert findings(upgrade(fed(name), TF_2), CODE) == []


def test_the_nearest_pixel_is_the_same() -> None:
    assert findings(upgrade(fed("Resizing", interpolation="nearest"), TF_2), CODE) == []


@pytest.mark.parametrize("name", ["Resizing", "LayerNormalization", "GlobalAveragePooling2D"])
def test_the_newest_keras_is_not_touched(name: str) -> None:
    assert findings(upgrade(fed(name), KERAS_3), CODE) == []


@pytest.mark.parametrize(
    ("name", "config", "writer"),
    [
        ("Resizing", {}, TF_2),
        ("UpSampling2D", {"interpolation": "bilinear"}, TF_2),
        ("LayerNormalization", {"axis": -1}, TF_2),
        ("LayerNormalization", {"axis": -1}, KERAS_3_8),
    ],
)
def test_a_rescaling_makes_them_floats(name: str, config: Any, writer: Writer) -> None:
    result = upgrade(fed(name, dtype="uint8", **config), writer)
    assert only(result, CODE).severity is Severity.SILENT
    floats = found(result.model, "it_floats")
    assert (floats.class_name, floats.config["scale"]) == ("Rescaling", 1.0)
    assert floats.calls[0].args == (TensorRef("given"),)
    assert found(result.model).calls[0].args == (TensorRef("it_floats"),)


def test_in_a_sequential() -> None:
    given = Layer("given", "InputLayer", {"batch_shape": [None, 4, 4, 3], "dtype": "uint8"})
    model = Model("top", "sequential", (given, Layer("it", "Resizing", CHANNELS)))
    names = [layer.name for layer in upgrade(model, TF_2).model.layers]
    assert names == ["given", "it_floats", "it"]


def test_resizing_of_keras_3_is_the_same_in_predict() -> None:
    assert findings(upgrade(fed("Resizing"), KERAS_3_0), CODE) == []


@pytest.mark.parametrize("name", ["GlobalAveragePooling1D", "GlobalAveragePooling2D"])
def test_averages_are_divided_as_integers(name: str) -> None:
    result = upgrade(fed(name, "int32"), TF_2)
    assert only(result, CODE).severity is Severity.SILENT
    names = [layer.class_name for layer in result.model.layers if layer.module != "keras.layers"]
    assert names == ["Sum", "OnesLike", "Sum", "Abs", "FloorDivide", "Sign", "Multiply"]
    axes = found(result.model, "it_sum").config["axis"]
    assert axes == [1] if "1D" in name else [1, 2]


def test_averages_of_bytes_are_refused_and_left() -> None:
    result = upgrade(fed("GlobalAveragePooling2D"), TF_2)
    assert only(result, CODE).severity is Severity.REFUSED
    assert found(result.model).calls[0].args == (TensorRef("given"),)


def test_upsampling_of_early_keras_3_cuts_fractions_off() -> None:
    model = fed("UpSampling2D", interpolation="bilinear")
    assert findings(upgrade(model, KERAS_3_8), CODE) == []
    result = upgrade(model, KERAS_3_0)
    assert only(result, CODE).severity is Severity.SILENT
    cast = found(result.model)
    assert (cast.class_name, cast.config) == ("Cast", {"dtype": "uint8"})
    assert found(result.model, "it_grown").calls[0].args == (TensorRef("it_floats"),)
