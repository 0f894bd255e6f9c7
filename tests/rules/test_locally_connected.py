"""Locally connected layers as patches and a product."""

from __future__ import annotations

import numpy as np
import pytest

from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    ANYWHERE,
    KERAS_3,
    TF_2,
    every_layer,
    findings,
    found,
    in_graph,
    layer,
    only,
    upgraded,
    with_weights,
)

CODE = "KF151"


def local(**config: object) -> Layer:
    """Two rows and five columns of a 2×2 patch with 2 channels."""
    config = {"filters": 3, "kernel_size": [2, 2], "strides": [1, 1], **config}
    kernel = np.zeros((10, 8, 3), np.float32)
    bias = np.zeros((2, 5, 3), np.float32)
    return with_weights(layer("LocallyConnected2D", **config), kernel=kernel, bias=bias)[0]


def chain(it: Layer) -> list[str]:
    layers = upgraded(it).model.layers
    return [each.class_name for each in layers if each.name.startswith("it")]


@pytest.mark.parametrize("name", ["Conv2D", "DepthwiseConv2D"])
def test_convolutions_stay(name: str) -> None:
    result = upgraded(layer(name, kernel_size=[2, 2]))
    assert findings(result, CODE) == []
    assert found(result.model).class_name == name


def test_files_of_keras_3_are_not_touched() -> None:
    assert findings(upgrade(in_graph(local()), KERAS_3), CODE) == []


def test_patches_and_a_product() -> None:
    result = upgraded(local(activation="relu", implementation=1))
    assert only(result, CODE).severity is Severity.BREAKS
    it = found(result.model)
    assert it.class_name == "EinsumDense"
    assert it.config["equation"] == "bxyp,xypf->bxyf"
    assert it.config["output_shape"] == [2, 5, 3]
    assert it.config["bias_axes"] == "xyf"
    assert "implementation" not in it.config
    patches = found(result.model, "it_patches")
    assert patches.config["trainable"] is False
    assert it.weights[0].shape == (2, 5, 8, 3)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, ["DepthwiseConv2D", "EinsumDense"]),
        ({"strides": [1, 2]}, ["DepthwiseConv2D", "MaxPooling2D", "EinsumDense"]),
        (
            {"data_format": "channels_first"},
            ["Permute", "DepthwiseConv2D", "EinsumDense", "Permute"],
        ),
    ],
)
def test_strides_and_channels_take_more_layers(config: dict, expected: list[str]) -> None:
    assert chain(local(**config)) == expected


def test_one_of_one_axis() -> None:
    it = layer("LocallyConnected1D", filters=3, kernel_size=[2], strides=[1], use_bias=False)
    it, _ = with_weights(it, kernel=np.zeros((4, 6, 3), np.float32))
    result = upgraded(it)
    assert found(result.model).config["output_shape"] == [4, 3]
    assert found(result.model).config["bias_axes"] is None


@pytest.mark.parametrize("where", ANYWHERE)
def test_it_is_written_everywhere(where: str) -> None:
    result = upgrade(ANYWHERE[where](local()), TF_2)
    assert only(result, CODE).severity is Severity.BREAKS
    assert "EinsumDense" in [each.class_name for each in every_layer(result.model)]


def test_one_without_weights_is_refused() -> None:
    it = layer("LocallyConnected2D", filters=3, kernel_size=[2, 2], strides=[1, 1])
    result = upgraded(it)
    assert only(result, CODE).severity is Severity.REFUSED
    assert found(result.model).class_name == "LocallyConnected2D"
