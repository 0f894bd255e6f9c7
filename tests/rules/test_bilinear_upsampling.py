"""Upsampling on TensorFlow 1's grid."""

import pytest

from converter.model.description import Layer, Writer
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    ANYWHERE,
    STANDALONE,
    TF_1,
    TF_2,
    THEANO,
    assert_unchanged,
    found,
    in_graph,
    layer,
    only,
)

CODE = "KF203"


@pytest.mark.parametrize(
    ("writer", "config"),
    [(each, {"interpolation": "nearest"}) for each in (TF_1, STANDALONE, TF_2)]
    + [(STANDALONE, {})],
)
def test_nearest_is_no_finding(config: dict, writer: Writer) -> None:
    assert_unchanged(layer("UpSampling2D", data_format="channels_last", **config), CODE, writer)


def test_a_file_that_does_not_say_is_taken_as_nearest_and_says_so() -> None:
    it = layer("UpSampling2D", data_format="channels_last")
    result = upgrade(in_graph(it), TF_1)
    assert only(result, CODE).severity is Severity.NOTICE
    assert found(result.model).config == it.config


def test_other_layers_are_no_finding() -> None:
    assert_unchanged(
        layer("Resizing", data_format="channels_last", interpolation="bilinear"), CODE, TF_1
    )


@pytest.mark.parametrize("version", [(2, 2, 4), (2, 3, 0), (2, 4, 0), (2, 15, 0)])
def test_tf_keras_had_the_later_grid_wherever_it_says_bilinear(version: tuple) -> None:
    it = layer("UpSampling2D", data_format="channels_last", interpolation="bilinear")
    assert_unchanged(it, CODE, Writer(version, True, "tensorflow"))


def _inside(it: Layer) -> list[Layer]:
    assert it.model is not None
    return [each for each in it.model.layers if each.class_name != "InputLayer"]


@pytest.mark.parametrize("where", ANYWHERE)
@pytest.mark.parametrize("writer", [STANDALONE, THEANO, Writer((2, 3, 1), False)])
def test_the_old_grid_is_averages_of_repeated_pixels(writer: Writer, where: str) -> None:
    it = layer("UpSampling2D", size=[2, 3], data_format="channels_last", interpolation="bilinear")
    result = upgrade(ANYWHERE[where](it), writer)
    assert only(result, CODE).severity is Severity.SILENT
    repeated, *rest = _inside(found(result.model))
    assert "interpolation" not in repeated.config
    means = [each.config for each in rest if each.class_name == "AveragePooling2D"]
    assert [each["pool_size"] for each in means] == [[2, 1], [1, 3]]
    assert all(each.module == "keras.layers" for each in rest)


def test_an_axis_that_keeps_its_length_is_left() -> None:
    it = layer("UpSampling2D", size=[1, 3], data_format="channels_last", interpolation="bilinear")
    inside = _inside(found(upgrade(in_graph(it), STANDALONE).model))
    assert [each.class_name for each in inside].count("AveragePooling2D") == 1


def test_channels_first_is_turned_around_it() -> None:
    it = layer("UpSampling2D", size=[2, 2], data_format="channels_first", interpolation="bilinear")
    inside = _inside(found(upgrade(in_graph(it), STANDALONE).model))
    assert [inside[0].config["dims"], inside[-1].config["dims"]] == [[2, 3, 1], [3, 1, 2]]
    assert "channels_first" not in str(inside)
