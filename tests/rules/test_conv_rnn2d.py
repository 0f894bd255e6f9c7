"""ConvRNN2D around a ConvLSTM2DCell."""

from dataclasses import replace

import numpy as np
import pytest

from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    ANYWHERE,
    STANDALONE,
    findings,
    found,
    in_graph,
    layer,
    only,
    with_weights,
)

CODE = "KF161"


def around(cell: Layer, **config: object) -> Layer:
    return replace(layer("ConvRNN2D", **config), inner={"cell": cell})


def test_a_cell_of_the_user_stays() -> None:
    result = upgrade(in_graph(around(layer("MyCell", "cell", filters=2))), STANDALONE)
    assert findings(result, CODE) == []
    assert found(result.model).class_name == "ConvRNN2D"


@pytest.mark.parametrize("where", ANYWHERE)
def test_layer_and_cell_become_one(where: str) -> None:
    cell = layer("ConvLSTM2DCell", "cell", filters=2, kernel_size=[3, 3], trainable=True)
    kernel = np.ones((3, 3, 1, 8), "float32")
    cell, _ = with_weights(replace(cell, config={"name": "cell", **cell.config}), kernel=kernel)
    it = around(cell, trainable=False, return_sequences=True, unroll=False)
    result = upgrade(ANYWHERE[where](it), STANDALONE)
    new = found(result.model)
    assert new.class_name == "ConvLSTM2D"
    assert "name" not in new.config and new.config["trainable"] is False
    assert new.config["filters"] == 2 and new.config["return_sequences"] is True
    assert "unroll" not in new.config and "cell" not in new.inner
    assert [weight.name for weight in new.weights] == ["kernel"]
    assert only(result, CODE).severity is Severity.BREAKS


def test_activations_of_the_cell_come_along() -> None:
    activation = Layer("activation", "ReLU", {})
    cell = replace(layer("ConvLSTM2DCell", "cell", filters=2), inner={"activation": activation})
    new = found(upgrade(in_graph(around(cell)), STANDALONE).model)
    assert new.inner["activation"].class_name == "ReLU"
