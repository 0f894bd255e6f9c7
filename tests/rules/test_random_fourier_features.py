"""RandomFourierFeatures as Dense and a cosine."""

import numpy as np
import pytest

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
    value,
    with_weights,
)

CODE = "KF157"


def test_dense_stays() -> None:
    assert_unchanged(layer("Dense", units=3), CODE)


def test_files_of_keras_3_are_not_touched() -> None:
    assert findings(upgrade(in_graph(layer("RandomFourierFeatures")), KERAS_3), CODE) == []


@pytest.mark.parametrize("where", ANYWHERE)
def test_the_kernel_is_divided_by_the_scale(where: str) -> None:
    it, stored = with_weights(
        layer("RandomFourierFeatures", output_dim=3),
        unscaled_kernel=np.arange(12, dtype=np.float32).reshape(4, 3),
        bias=np.ones(3, np.float32),
        kernel_scale=np.array(4, np.float32),
    )
    result = upgrade(ANYWHERE[where](it), TF_2)
    assert only(result, CODE).severity is Severity.BREAKS
    _, dense, cosine = found(result.model).model.layers
    assert cosine.class_name == "Cos"
    kernel, bias = (value(each, stored) for each in dense.weights)
    np.testing.assert_array_equal(kernel, stored["unscaled_kernel"] / 4)
    np.testing.assert_array_equal(bias, stored["bias"])


def test_one_without_its_weights_is_refused() -> None:
    it, _ = with_weights(layer("RandomFourierFeatures"), bias=np.ones(3, np.float32))
    assert only(upgraded(it), CODE).severity is Severity.REFUSED
