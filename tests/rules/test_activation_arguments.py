"""Numbers of activation layers in Keras 2's words."""

import pytest

from converter.model.findings import Edit, Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    ANYWHERE,
    KERAS_3,
    TF_2,
    activation,
    assert_unchanged,
    findings,
    found,
    in_graph,
    layer,
    only,
    upgraded,
)

CODE = "KF123"
STORED = {"type": "ndarray", "value": 0.3}


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("LeakyReLU", {"negative_slope": 0.2}),
        ("ELU", {"alpha": 0.2}),
        ("ReLU", {"max_value": 6.0, "negative_slope": 0.0, "threshold": 0.0}),
        ("ReLU", {"max_value": None}),
        ("PReLU", {"alpha": STORED}),
        ("GaussianNoise", {"alpha": STORED}),
    ],
)
def test_plain_numbers_and_other_layers_stay(name: str, config: dict) -> None:
    assert_unchanged(layer(name, **config), CODE)


@pytest.mark.parametrize("alpha", [0.2, STORED])
def test_files_of_keras_3_are_not_touched(alpha: object) -> None:
    assert findings(upgrade(in_graph(layer("LeakyReLU", alpha=alpha)), KERAS_3), CODE) == []


@pytest.mark.parametrize("where", [*ANYWHERE, "activation"])
def test_the_slope_of_leaky_relu_gets_its_name_of_today(where: str) -> None:
    positions = {**ANYWHERE, "activation": activation}
    result = upgrade(positions[where](layer("LeakyReLU", alpha=0.2)), TF_2)
    assert found(result.model).config == {"negative_slope": 0.2}
    assert only(result, CODE).severity is Severity.BREAKS


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("LeakyReLU", "alpha", "negative_slope"),
        ("ELU", "alpha", "alpha"),
        ("ReLU", "max_value", "max_value"),
        ("ReLU", "negative_slope", "negative_slope"),
        ("ReLU", "threshold", "threshold"),
    ],
)
def test_numbers_stored_as_arrays_are_unpacked(name: str, old: str, new: str) -> None:
    result = upgraded(layer(name, **{old: STORED}))
    assert found(result.model).config == {new: 0.3}
    assert Edit(new, None if new != old else STORED, 0.3) in only(result, CODE).edits
