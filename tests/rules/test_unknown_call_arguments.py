"""Call arguments that Keras 3's classes do not take."""

import pytest

from converter.model.description import TensorRef
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    TF_2,
    findings,
    found,
    in_graph,
    layer,
    only,
)

CODE = "KF905"


@pytest.mark.parametrize("key", ["mask", "initial_state"])
def test_known_ones_stay(key: str) -> None:
    model = in_graph(layer("LSTM"), TensorRef("given"), **{key: TensorRef("given")})
    result = upgrade(model, TF_2)
    assert findings(result, CODE) == []
    assert key in found(result.model).calls[0].kwargs


def test_other_classes_may_have_any() -> None:
    model = in_graph(layer("Mine"), TensorRef("given"), anything=1)
    assert findings(upgrade(model, TF_2), CODE) == []


def test_constants_of_recurrent_layers_are_refused_and_left() -> None:
    model = in_graph(layer("RNN"), TensorRef("given"), constants=[TensorRef("given")])
    result = upgrade(model, TF_2)
    assert only(result, CODE).severity is Severity.REFUSED
    assert "constants" in found(result.model).calls[0].kwargs


def test_none_is_removed() -> None:
    model = in_graph(layer("LSTM"), TensorRef("given"), constants=None, mask=TensorRef("given"))
    result = upgrade(model, TF_2)
    assert found(result.model).calls[0].kwargs == {"mask": TensorRef("given")}
    assert only(result, CODE).severity is Severity.BREAKS
