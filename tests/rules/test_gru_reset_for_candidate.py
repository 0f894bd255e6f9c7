"""GRU of Keras 2.0.0 and 2.0.1, whose candidate was computed from the reset gate's input."""

import numpy as np
import pytest

from converter.model.description import Dataset, Layer, Weight, Writer
from converter.model.findings import Severity
from tests.rules.upgrading import findings, found, layer, only, upgraded

CODE = "KF259"
KERAS_2_0_0 = Writer((2, 0, 0), False, "tensorflow", "2.0.0")
KERAS_2_0_2 = Writer((2, 0, 2), False, "tensorflow", "2.0.2")
SHAPES = {"kernel": (2, 3), "recurrent_kernel": (1, 3), "bias": (3,)}


def gru(**config: object) -> Layer:
    weights = tuple(
        Weight(name, (Dataset(name, shape, "float32"),), shape, "float32")
        for name, shape in SHAPES.items()
    )
    it = layer("GRU", units=1, activation="tanh", recurrent_activation="sigmoid", **config)
    return Layer("it", "GRU", it.config, weights=weights)


@pytest.mark.parametrize(
    ("config", "writer"),
    [
        ({"implementation": 0}, KERAS_2_0_0),
        ({"implementation": 2}, KERAS_2_0_0),
        ({"implementation": 1, "use_bias": False}, KERAS_2_0_0),
        ({"implementation": 1}, KERAS_2_0_2),
    ],
)
def test_others_stay(config: dict[str, object], writer: Writer) -> None:
    assert findings(upgraded(gru(**config), writer), CODE) == []


def test_the_candidate_gets_what_it_was_computed_with() -> None:
    result = upgraded(gru(implementation=1), KERAS_2_0_0)
    assert only(result, CODE).severity is Severity.SILENT
    values = {"kernel": np.array([[1, 2, 3], [4, 5, 6]]), "bias": np.array([1, 2, 3])}
    values["recurrent_kernel"] = np.array([[7, 8, 9]])
    after = {
        weight.name: (
            weight.compute([values[weight.name]]) if weight.compute else values[weight.name]
        ).tolist()
        for weight in found(result.model).weights
    }
    assert after == {
        "kernel": [[1, 2, 2], [4, 5, 5]],
        "bias": [1, 2, 5],
        "recurrent_kernel": [[7, 8, 9]],
    }
