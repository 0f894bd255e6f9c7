"""SReLU and ParametricSoftplus, by what their graphs compute."""

from __future__ import annotations

import numpy as np
import pytest

from converter.model.description import Layer, Writer
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import findings, found, in_graph, layer, only, upgraded, with_weights

CODES = {"SReLU": "KF155", "ParametricSoftplus": "KF154"}
NAMES = {
    "SReLU": ["t_left", "a_left", "t_right", "a_right"],
    "ParametricSoftplus": ["alphas", "betas"],
}
TENSORFLOW = Writer((1, 2, 2), False, "tensorflow", "1.2.2")
THEANO = Writer((1, 2, 2), False, "theano", "1.2.2")


def made(name: str, shape: tuple[int, ...] = (4,)) -> Layer:
    return with_weights(layer(name), **{each: np.ones(shape, np.float32) for each in NAMES[name]})[
        0
    ]


@pytest.mark.parametrize("code", CODES.values())
def test_other_activations_stay(code: str) -> None:
    assert findings(upgraded(layer("LeakyReLU"), TENSORFLOW), code) == []


@pytest.mark.parametrize("name", CODES)
def test_classes_of_others_in_keras_2_stay(name: str) -> None:
    assert findings(upgraded(made(name)), CODES[name]) == []


@pytest.mark.parametrize("name", CODES)
def test_they_are_small_models(name: str) -> None:
    result = upgrade(in_graph(made(name)), TENSORFLOW)
    assert only(result, CODES[name]).severity is Severity.BREAKS
    assert found(result.model).model is not None


@pytest.mark.parametrize("name", CODES)
def test_one_without_weights_is_refused(name: str) -> None:
    result = upgrade(in_graph(layer(name)), TENSORFLOW)
    assert only(result, CODES[name]).severity is Severity.REFUSED


@pytest.mark.parametrize("name", CODES)
def test_one_number_for_all_features_is_refused(name: str) -> None:
    result = upgrade(in_graph(made(name, (1,))), TENSORFLOW)
    assert only(result, CODES[name]).severity is Severity.REFUSED


def test_theano_cut_a_falling_slope_at_the_right_threshold() -> None:
    counts = []
    for writer in (TENSORFLOW, THEANO):
        model = found(upgrade(in_graph(made("SReLU")), writer).model).model
        assert model is not None
        counts.append([each.class_name for each in model.layers].count("Add"))
    assert counts == [1, 2]
