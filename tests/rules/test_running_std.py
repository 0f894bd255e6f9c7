"""The last weight of BatchNormalization in the first releases of Keras 1."""

import numpy as np
import pytest

from converter.model.description import Writer
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    findings,
    found,
    in_graph,
    layer,
    only,
    upgraded,
    value,
    with_weights,
)

CODE = "KF217"
EPSILON = 0.25


def normalization(**config: object):
    vectors = {name: np.ones(2, np.float32) for name in ("gamma", "beta", "moving_mean")}
    stored = np.array([2.0, 0.5], np.float32)
    it = layer("BatchNormalization", epsilon=EPSILON, **config)
    return with_weights(it, **vectors, moving_variance=stored)


def keras1(version: tuple, backend: str) -> Writer:
    return Writer(version, False, backend, ".".join(map(str, version)))


@pytest.mark.parametrize(
    "writer", [keras1((1, 0, 8), "theano"), keras1((1, 2, 2), ""), keras1((1, 0, 7), "tensorflow")]
)
def test_later_ones_stay(writer: Writer) -> None:
    assert findings(upgrade(in_graph(normalization()[0]), writer), CODE) == []


def test_files_of_keras_2_are_not_touched() -> None:
    assert findings(upgraded(normalization()[0]), CODE) == []


@pytest.mark.parametrize("mode", [1, 2])
def test_modes_without_averages_stay(mode: int) -> None:
    it, _ = normalization(mode=mode)
    assert findings(upgrade(in_graph(it), keras1((1, 0, 5), "theano")), CODE) == []


@pytest.mark.parametrize(
    ("version", "divisor"),
    [
        ((), lambda stored: stored + EPSILON),
        ((1, 0, 5), lambda stored: stored + EPSILON),
        ((1, 0, 7), lambda stored: np.sqrt(stored) + EPSILON),
    ],
)
def test_the_root_of_the_new_variance_is_what_was_divided_by(
    version: tuple, divisor: object
) -> None:
    it, stored = normalization()
    result = upgrade(in_graph(it), keras1(version, "theano"))
    assert only(result, CODE).severity is Severity.SILENT
    variance = value(found(result.model).weights[-1], stored)
    np.testing.assert_allclose(
        np.sqrt(variance + EPSILON), divisor(stored["moving_variance"]), rtol=1e-6
    )


def test_an_unknown_backend_is_refused() -> None:
    result = upgrade(in_graph(normalization()[0]), keras1((1, 0, 5), ""))
    assert only(result, CODE).severity is Severity.REFUSED
