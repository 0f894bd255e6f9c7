"""Orderings that Keras 1 did not save."""

from __future__ import annotations

from typing import Any

import pytest

from converter.model.description import Call, Layer, Model, TensorRef, Writer
from converter.model.findings import Severity
from converter.rules.apply import Upgrade, upgrade
from tests.rules.upgrading import STANDALONE, findings, found, layer, only, upgraded

CODE = "KF142"
KERAS_1 = Writer((1, 2, 2), False, "tensorflow", "1.2.2")


def beside(it: Layer, *orderings: str, shape: Any = (None, 6, 7, 2)) -> Upgrade:
    """The layer upgraded in a graph with a pooling layer of each ordering."""
    source = (Call((TensorRef("given"),)),)
    given = Layer("given", "InputLayer", {"batch_input_shape": list(shape)})
    others = [
        Layer(f"pool_{each}", "MaxPooling2D", {"dim_ordering": each}, calls=source)
        for each in orderings
    ]
    called = Layer(it.name, it.class_name, it.config, calls=source)
    layers = (given, *others, called)
    return upgrade(Model("top", "functional", layers, TensorRef("given"), TensorRef("it")), KERAS_1)


def test_a_layer_that_says_it_is_no_finding() -> None:
    it = layer("UpSampling2D", size=[2, 2], dim_ordering="th")
    assert findings(upgraded(it, KERAS_1), CODE) == []


@pytest.mark.parametrize("name", ["UpSampling1D", "ZeroPadding1D", "Cropping1D", "Flatten"])
def test_one_dimension_needs_no_ordering(name: str) -> None:
    assert findings(upgraded(layer(name), KERAS_1), CODE) == []


def test_keras_2_is_no_finding() -> None:
    assert findings(upgraded(layer("UpSampling2D", size=[2, 2]), STANDALONE), CODE) == []


@pytest.mark.parametrize(("said", "format"), [("th", "channels_first"), ("tf", "channels_last")])
@pytest.mark.parametrize(
    "it",
    [
        layer("UpSampling2D", size=[2, 2]),
        layer("ZeroPadding2D", padding=[1, 1]),
        layer("Cropping2D", cropping=[[1, 1], [1, 1]]),
        layer("GlobalMaxPooling2D"),
        layer("SpatialDropout2D", p=0.5),
    ],
)
def test_the_other_layers_tell(it: Layer, said: str, format: str) -> None:
    result = beside(it, said)
    assert only(result, CODE).severity is Severity.NOTICE
    assert found(result.model).config["data_format"] == format


@pytest.mark.parametrize("orderings", [(), ("th", "tf")])
def test_without_one_answer_it_is_refused(orderings: tuple[str, ...]) -> None:
    finding = only(beside(layer("ZeroPadding2D", padding=[1, 1]), *orderings), CODE)
    assert finding.severity is Severity.REFUSED
    assert "it.dim_ordering" in finding.remedy


def test_layers_that_had_one_order_tell_nothing() -> None:
    model = Model("top", "sequential", (layer("Convolution1D", "other"), layer("UpSampling2D")))
    assert only(upgrade(model, KERAS_1), CODE).severity is Severity.REFUSED


@pytest.mark.parametrize(
    "it",
    [
        layer("SpatialDropout2D", p=0.5),
        layer("ZeroPadding2D", padding=[0, 0]),
        layer("UpSampling2D", size=[1, 1]),
        layer("Cropping2D", cropping=[[0, 0], [0, 0]]),
    ],
)
def test_what_does_nothing_needs_no_answer(it: Layer) -> None:
    assert only(beside(it), CODE).severity is Severity.NOTICE


@pytest.mark.parametrize(
    ("shape", "format"),
    [((None, 6, 7, 2), "channels_last"), ((None, 2, 6, 7), "channels_first"), (None, None)],
)
def test_the_channels_are_not_cropped_away(shape: Any, format: str | None) -> None:
    it = layer("Cropping2D", cropping=[[1, 2], [0, 3]])
    result = beside(it, shape=shape or (None, 6, 7, 8))
    refused = only(result, CODE).severity is Severity.REFUSED
    assert refused == (format is None)
    assert refused or found(result.model).config["data_format"] == format


def test_layers_of_nested_models_tell_each_other() -> None:
    inner = Model("inner", "sequential", (layer("ZeroPadding2D", padding=[1, 1]),))
    outer = (layer("MaxPooling2D", "pool", dim_ordering="th"),)
    nested = Layer("inner", "Sequential", model=inner, module="keras")
    result = upgrade(Model("top", "sequential", (*outer, nested)), KERAS_1)
    assert only(result, CODE).layer == "inner/it"
    assert found(result.model).config["data_format"] == "channels_first"
