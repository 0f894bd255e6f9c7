"""Boundaries of Discretization before TensorFlow 2.6."""

import math

import numpy as np
import pytest

from converter.model.description import Layer, Writer
from converter.model.findings import Severity
from converter.rules.apply import Upgrade, upgrade
from tests.rules.upgrading import (
    TF_2,
    assert_unchanged,
    found,
    in_graph,
    layer,
    only,
)

CODE = "KF240"
TF_2_4 = Writer((2, 4, 0), True, "tensorflow", "2.4.0")


def upgraded(it: Layer) -> Upgrade:
    return upgrade(in_graph(it), TF_2_4)


def test_boundaries_by_their_later_name_stay() -> None:
    assert_unchanged(layer("Discretization", bin_boundaries=[0.0, 1.0]), CODE, TF_2)


def test_other_layers_keep_their_bins() -> None:
    assert_unchanged(layer("Own", bins=[0.0, 1.0]), CODE, TF_2_4)


def test_bins_of_the_first_release_are_renamed() -> None:
    result = upgraded(layer("Discretization", bins=[-1.0, 0.0, 0.3]))
    assert only(result, CODE).severity is Severity.BREAKS
    assert dict(found(result.model).config) == {"bin_boundaries": [-1.0, 0.0, 0.3]}


@pytest.mark.parametrize("boundary", [-1.0, 0.3, 0.5, 3.0e8, -2.5e-7])
def test_bins_that_end_in_infinity_hold_their_boundaries(boundary: float) -> None:
    result = upgraded(layer("Discretization", bins=[boundary, math.inf]))
    (raised,) = found(result.model).config["bin_boundaries"]
    stored = np.float32(boundary)
    assert np.float32(raised) > stored
    assert np.nextafter(np.float32(raised), np.float32(-math.inf)) == stored


def test_zero_is_raised_to_a_number_that_is_not_taken_as_zero() -> None:
    result = upgraded(layer("Discretization", bins=[0.0, math.inf, math.inf]))
    assert found(result.model).config["bin_boundaries"] == [float(np.finfo(np.float32).tiny)]


@pytest.mark.parametrize("config", [{}, {"bin_boundaries": None, "num_bins": 4}])
def test_boundaries_that_are_not_in_the_file_are_refused(config: dict) -> None:
    result = upgraded(layer("Discretization", **config))
    assert only(result, CODE).severity is Severity.REFUSED


def test_boundaries_out_of_order_are_refused() -> None:
    result = upgraded(layer("Discretization", bins=[1.0, 0.0, math.inf]))
    assert only(result, CODE).severity is Severity.REFUSED
