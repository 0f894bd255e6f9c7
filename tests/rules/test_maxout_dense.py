"""MaxoutDense as Dense and a maximum."""

import numpy as np

from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    KERAS_3,
    STANDALONE,
    TF_2,
    assert_unchanged,
    every_layer,
    findings,
    found,
    in_graph,
    layer,
    only,
    upgraded,
    value,
    with_weights,
)

CODE = "KF152"


def test_dense_stays() -> None:
    assert_unchanged(layer("Dense", units=3), CODE)


def test_a_class_of_the_users_with_this_name_is_not_touched() -> None:
    own = in_graph(layer("MaxoutDense", output_dim=3, nb_feature=2))
    assert findings(upgrade(own, TF_2), CODE) == []
    assert findings(upgrade(own, STANDALONE, ["MaxoutDense"]), CODE) == []


def test_files_of_keras_3_are_not_touched() -> None:
    assert findings(upgrade(in_graph(layer("MaxoutDense")), KERAS_3), CODE) == []


def test_the_features_lie_in_a_row_and_the_highest_counts() -> None:
    w = np.arange(24, dtype=np.float32).reshape(2, 4, 3)
    b = np.arange(6, dtype=np.float32).reshape(2, 3)
    it, stored = with_weights(layer("MaxoutDense", output_dim=3, nb_feature=2), W=w, b=b)
    result = upgraded(it, STANDALONE)
    assert only(result, CODE).severity is Severity.BREAKS
    dense = found(result.model, "it_features")
    kernel, bias = (value(each, stored) for each in dense.weights)
    x = np.array([1.0, -2.0, 0.5, 3.0], np.float32)
    features = (x @ kernel + bias).reshape(found(result.model, "it_reshape").config["target_shape"])
    np.testing.assert_allclose(features.max(0), (np.einsum("i,fio->fo", x, w) + b).max(0))
    assert found(result.model).class_name == "GlobalMaxPooling1D"


def test_without_a_bias() -> None:
    it, _ = with_weights(
        layer("MaxoutDense", output_dim=3, nb_feature=2, bias=False),
        W=np.zeros((2, 4, 3), np.float32),
    )
    dense = found(upgraded(it, STANDALONE).model, "it_features")
    assert dense.config["use_bias"] is False
    assert [each.shape for each in dense.weights] == [(4, 6)]


def test_one_that_does_not_say_its_features_is_refused() -> None:
    result = upgraded(layer("MaxoutDense", output_dim=3), STANDALONE)
    assert only(result, CODE).severity is Severity.REFUSED
    assert "MaxoutDense" in [each.class_name for each in every_layer(result.model)]
