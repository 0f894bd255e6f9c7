"""``groups`` on convolutions that do not take it."""

import pytest

from converter.model.findings import Edit, Severity
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

CODE = "KF113"
CLASSES = [
    *("DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D"),
    *("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"),
]


@pytest.mark.parametrize("name", ["Conv1D", "Conv2D", "Conv3D"])
@pytest.mark.parametrize("groups", [1, 2])
def test_plain_convolutions_keep_groups(name: str, groups: int) -> None:
    assert_unchanged(layer(name, filters=4, groups=groups, data_format="channels_last"), CODE)


def test_group_normalization_keeps_groups() -> None:
    assert_unchanged(layer("GroupNormalization", groups=2), CODE)


@pytest.mark.parametrize("name", CLASSES)
def test_other_values_are_refused_and_left(name: str) -> None:
    result = upgraded(layer(name, groups=2))
    assert only(result, CODE).severity is Severity.REFUSED
    assert "groups=2" in only(result, CODE).message
    assert found(result.model).config["groups"] == 2


@pytest.mark.parametrize("name", CLASSES)
def test_files_of_keras_3_are_not_touched(name: str) -> None:
    result = upgrade(in_graph(layer(name, groups=1)), KERAS_3)
    assert findings(result, CODE) == []
    assert found(result.model).config["groups"] == 1


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("where", ANYWHERE)
def test_one_group_is_removed_everywhere(name: str, where: str) -> None:
    it = layer(name, filters=4, groups=1, data_format="channels_last")
    result = upgrade(ANYWHERE[where](it), TF_2)
    assert dict(found(result.model).config) == {"filters": 4, "data_format": "channels_last"}
    assert only(result, CODE).severity is Severity.BREAKS


@pytest.mark.parametrize("name", CLASSES)
def test_the_finding_tells_layer_and_edit(name: str) -> None:
    finding = only(upgraded(layer(name, groups=1)), CODE)
    assert finding.layer == "it"
    assert finding.rule == "depthwise-groups"
    assert finding.edits == (Edit("groups", 1, None),)
    assert name in finding.message
