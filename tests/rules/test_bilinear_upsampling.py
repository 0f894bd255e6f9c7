"""Upsampling on TensorFlow 1's grid."""

import pytest

from converter.model.description import Writer
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    ANYWHERE,
    STANDALONE,
    TF_1,
    TF_2,
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


@pytest.mark.parametrize("version", [(2, 3, 0), (2, 4, 0), (2, 15, 0)])
def test_later_writers_are_no_finding(version: tuple) -> None:
    it = layer("UpSampling2D", data_format="channels_last", interpolation="bilinear")
    assert_unchanged(it, CODE, Writer(version, True, "tensorflow"))


@pytest.mark.parametrize("where", ANYWHERE)
@pytest.mark.parametrize(
    "writer", [TF_1, STANDALONE, Writer((2, 2, 4), True), Writer((2, 3, 1), False)]
)
def test_the_old_grid_is_refused_and_left(writer: Writer, where: str) -> None:
    it = layer("UpSampling2D", data_format="channels_last", interpolation="bilinear")
    result = upgrade(ANYWHERE[where](it), writer)
    assert only(result, CODE).severity is Severity.REFUSED
    assert found(result.model).config == it.config
