from __future__ import annotations

import pytest

from converter.model.description import Layer, Model, Writer
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
    in_sequential,
    layer,
    only,
)

CODE = "KF310"
FIRST = {"data_format": "channels_first"}
LAST = {"data_format": "channels_last"}


def convolution(name: str = "Conv2D", **config: object) -> Layer:
    return layer(name, **{"filters": 3, "kernel_size": [2, 2], **FIRST, **config})


@pytest.mark.parametrize(
    "it",
    [
        convolution(**LAST),
        layer("MaxPooling2D", **FIRST),
        layer("GlobalAveragePooling2D", **FIRST),
        layer("Flatten", **FIRST),
        layer("UpSampling2D", interpolation="nearest", **FIRST),
        layer("BatchNormalization", axis=1),
    ],
)
def test_what_is_right_on_a_cpu_stays(it: Layer) -> None:
    result = upgrade(in_graph(it), KERAS_3)
    assert findings(result, CODE) == []
    assert found(result.model).config == it.config


@pytest.mark.parametrize("writer", [TF_2, KERAS_3])
@pytest.mark.parametrize("where", ANYWHERE)
def test_turned_everywhere(where: str, writer: Writer) -> None:
    result = upgrade(ANYWHERE[where](convolution()), writer)
    assert only(result, CODE).severity is Severity.SILENT
    turned = [each for each in every_layer(result.model) if each.class_name == "Conv2D"]
    assert [each.config["data_format"] for each in turned] == ["channels_last"]
    permutes = [each for each in every_layer(result.model) if each.class_name == "Permute"]
    assert [each.config["dims"] for each in permutes] == [[2, 3, 1], [3, 1, 2]]


def test_a_sequential_of_conv_lstms_stays_one() -> None:
    result = upgrade(in_sequential(convolution("ConvLSTM2D", return_sequences=False)), TF_2)
    assert result.model.kind == "sequential"


def both(**config: object) -> Layer:
    inner = convolution("ConvLSTM2D", return_sequences=True, **config)
    return Layer("both", "Bidirectional", {}, inner={"layer": inner, "backward_layer": inner})


def test_joined_directions_make_a_graph() -> None:
    result = upgrade(in_sequential(both()), TF_2)
    assert result.model.kind == "functional"
    assert only(result, CODE).severity is Severity.SILENT


def test_joined_directions_without_an_input_layer_are_refused() -> None:
    result = upgrade(Model("top", "sequential", (both(),)), TF_2)
    assert only(result, CODE).severity is Severity.REFUSED
    assert found(result.model, "it").config["data_format"] == "channels_first"


def test_joined_directions_in_a_time_distributed_are_refused() -> None:
    wrapper = Layer("wrapper", "TimeDistributed", inner={"layer": both()})
    assert only(upgrade(in_graph(wrapper), TF_2), CODE).severity is Severity.REFUSED


@pytest.mark.parametrize("key", ["activation", "recurrent_activation"])
def test_a_softmax_inside_a_conv_lstm_is_refused(key: str) -> None:
    it = convolution("ConvLSTM2D", return_sequences=False, **{key: "softmax"})
    assert only(upgrade(in_graph(it), TF_2), CODE).severity is Severity.REFUSED


def test_a_mask_for_a_conv_lstm_is_refused() -> None:
    masking = layer("Masking", "masking", mask_value=0.0)
    it = convolution("ConvLSTM2D", return_sequences=False)
    given = Layer("given", "InputLayer", {"batch_shape": [None, 3, 2, 5, 5]})
    result = upgrade(Model("top", "sequential", (given, masking, it)), TF_2)
    assert only(result, CODE).severity is Severity.REFUSED
