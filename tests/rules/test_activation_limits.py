"""Slopes and thresholds of activation layers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from converter.model.description import Writer
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    ANYWHERE,
    KERAS_3,
    STANDALONE,
    TF_1,
    TF_2,
    THEANO,
    findings,
    found,
    in_graph,
    layer,
    only,
)

CODE = "KF256"
KERAS_2_0 = Writer((2, 0, 6), False, "tensorflow", "2.0.6")


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("LeakyReLU", {"negative_slope": 0.3}),
        ("LeakyReLU", {"negative_slope": 1.0}),
        ("LeakyReLU", {}),
        ("ReLU", {"negative_slope": 0.0, "threshold": 0.0, "max_value": None}),
        ("ReLU", {"negative_slope": 0.5, "threshold": 1.0}),
        ("ELU", {"alpha": -2.0}),
    ],
)
def test_usual_values_stay(name: str, config: dict[str, Any]) -> None:
    result = upgrade(in_graph(layer(name, **config)), STANDALONE)
    assert findings(result, CODE) == []


@pytest.mark.parametrize("writer", [TF_2, KERAS_2_0, THEANO, KERAS_3], ids=lambda w: w.label)
def test_steep_slopes_of_writers_that_did_as_today(writer: Writer) -> None:
    model = in_graph(layer("LeakyReLU", negative_slope=1.5))
    assert findings(upgrade(model, writer), CODE) == []


@pytest.mark.parametrize("writer", [STANDALONE, TF_1], ids=lambda w: w.label)
@pytest.mark.parametrize("where", ANYWHERE)
def test_steep_slopes_that_may_be_of_tensorflow_1(where: str, writer: Writer) -> None:
    result = upgrade(ANYWHERE[where](layer("LeakyReLU", alpha=1.5)), writer)
    assert only(result, CODE).severity is Severity.REFUSED
    assert found(result.model).config == {"negative_slope": 1.5}


@pytest.mark.parametrize(
    ("writer", "option"),
    [(STANDALONE, "--writer keras-2.2.4-tensorflow-1.14 or"), (TF_1, "--writer tf-1.14 or")],
)
def test_the_releases_to_name_are_told(writer: Writer, option: str) -> None:
    result = upgrade(in_graph(layer("LeakyReLU", alpha=1.5)), writer)
    assert option in only(result, CODE).remedy


@pytest.mark.parametrize("writer", [STANDALONE, TF_1], ids=lambda w: w.label)
@pytest.mark.parametrize(("release", "old"), [((1, 14), True), ((1, 15), False), ((2, 1), False)])
def test_steep_slopes_of_a_release_that_the_user_names(
    writer: Writer, release: tuple[int, int], old: bool
) -> None:
    told = replace(writer, backend_version=release)
    result = upgrade(in_graph(layer("LeakyReLU", alpha=4.0)), told)
    assert [each.severity for each in findings(result, CODE)] == [Severity.SILENT] * old
    new = [each.config for each in result.model.layers[1:]]
    assert new == (
        [{"negative_slope": 0.25}, {"scale": 4.0, "offset": 0.0}]
        if old
        else [{"negative_slope": 4.0}]
    )


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("LeakyReLU", {"negative_slope": -0.5}),
        ("ReLU", {"threshold": -1.0}),
        ("ReLU", {"negative_slope": -0.1}),
        ("ThresholdedReLU", {"theta": -1.0}),
    ],
)
@pytest.mark.parametrize("where", ANYWHERE)
def test_negative_values_go_to_the_function(name: str, config: dict[str, Any], where: str) -> None:
    result = upgrade(ANYWHERE[where](layer(name, dtype="float32", **config)), TF_2)
    assert only(result, CODE).severity is Severity.BREAKS
    new = found(result.model)
    assert (new.class_name, set(new.config)) == ("Activation", {"dtype", "activation"})
    assert new.config["activation"]["class_name"] == "ReLU"
    value = next(iter(config.values()))
    assert value in new.config["activation"]["config"].values()
    assert result.blockers == ()
