"""LayerScale of ConvNeXt."""

from __future__ import annotations

import numpy as np

from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    TF_2,
    findings,
    found,
    in_graph,
    layer,
    only,
    upgraded,
    with_weights,
)

CODE = "KF163"
SCALE, _ = with_weights(
    layer("LayerScale", init_values=1e-6, projection_dim=4), gamma=np.ones(4, "float32")
)


def test_it_becomes_an_einsum_dense() -> None:
    result = upgraded(SCALE)
    assert only(result, CODE).severity is Severity.BREAKS
    new = found(result.model)
    assert new.class_name == "EinsumDense"
    assert (new.config["equation"], new.config["output_shape"]) == ("...d,d->...d", [4])
    assert [weight.name for weight in new.weights] == ["kernel"]


def test_one_with_other_weights_is_not_keras_s() -> None:
    other, _ = with_weights(layer("LayerScale", projection_dim=4), gamma=np.ones(3, "float32"))
    result = upgraded(other)
    assert findings(result, CODE) == []
    assert result.blockers


def test_one_that_the_user_gives_is_his() -> None:
    assert findings(upgrade(in_graph(SCALE), TF_2, custom=["LayerScale"]), CODE) == []
