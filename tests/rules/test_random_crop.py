"""RandomCrop as it works at inference."""

import pytest

from converter.model.description import Writer
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
)

CODE = "KF207"


def crop(**config: object):
    return layer("RandomCrop", height=4, width=6, **config)


@pytest.mark.parametrize("name", ["CenterCrop", "RandomFlip", "Resizing"])
def test_other_layers_stay(name: str) -> None:
    assert_unchanged(layer(name, height=4, width=6, data_format="channels_last"), CODE)


def test_files_of_keras_3_are_not_touched() -> None:
    assert findings(upgrade(in_graph(crop()), KERAS_3), CODE) == []


@pytest.mark.parametrize("version", [(2, 3, 0), (2, 4, 0), (2, 5, 0), (2, 6, 0)])
def test_one_that_resizes_first_is_written_with_op_nodes(version: tuple) -> None:
    result = upgraded(crop(), Writer(version, True))
    assert only(result, CODE).severity is Severity.SILENT
    it = found(result.model)
    assert it.model is not None
    shapes = [each.config["shape"] for each in it.model.layers if each.class_name == "BroadcastTo"]
    assert shapes == [[4], [6]]


@pytest.mark.parametrize(("version", "ratio"), [((2, 3, 0), False), ((2, 4, 0), True)])
def test_the_first_release_took_crops_as_square(version: tuple, ratio: bool) -> None:
    it = found(upgraded(crop(), Writer(version, True)).model)
    assert it.model is not None
    nodes = {each.name: each for each in it.model.layers}
    (tall,) = [each for each in nodes.values() if each.class_name == "Greater"]
    compared = [nodes[ref.layer].class_name for ref in tall.calls[0].args]
    assert compared == (["Multiply"] * 2 if ratio else ["Sum"] * 2)


@pytest.mark.parametrize("where", ANYWHERE)
def test_one_that_resizes_first_in_every_position(where: str) -> None:
    result = upgrade(ANYWHERE[where](crop()), Writer((2, 5, 0), True))
    assert found(result.model).class_name == "Functional"


def test_channels_stay_where_they_are() -> None:
    writer = Writer((3, 5, 0), False, "tensorflow", "3.5.0")
    it = found(upgraded(crop(data_format="channels_first"), writer).model)
    assert it.config["data_format"] == "channels_first"


@pytest.mark.parametrize("where", ANYWHERE)
def test_becomes_resizing(where: str) -> None:
    result = upgrade(ANYWHERE[where](crop(seed=3, dtype="float32", trainable=False)), TF_2)
    it = found(result.model)
    assert it.class_name == "Resizing"
    assert (it.config["height"], it.config["width"]) == (4, 6)
    assert it.config["crop_to_aspect_ratio"] is True
    assert (it.config["dtype"], it.config["trainable"]) == ("float32", False)
    assert "seed" not in it.config


def test_early_releases_of_keras_3_took_the_middle_too() -> None:
    writer = Writer((3, 5, 0), False, "tensorflow", "3.5.0")
    result = upgrade(in_graph(crop()), writer)
    assert only(result, CODE).severity is Severity.SILENT
    assert found(result.model).class_name == "Resizing"
