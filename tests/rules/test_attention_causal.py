"""``causal`` on attention layers."""

from dataclasses import replace

import pytest

from converter.model.description import Call, TensorRef
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    KERAS_3,
    TF_2,
    assert_unchanged,
    findings,
    found,
    in_graph,
    layer,
    upgraded,
)

CODE = "KF117"
CLASSES = ["Attention", "AdditiveAttention"]


@pytest.mark.parametrize("name", ["MultiHeadAttention", "Conv1D", "Dense"])
def test_other_layers_stay(name: str) -> None:
    assert_unchanged(layer(name, causal=True, data_format="channels_last"), CODE)


@pytest.mark.parametrize("name", CLASSES)
def test_files_of_keras_3_are_not_touched(name: str) -> None:
    assert findings(upgrade(in_graph(layer(name, causal=False)), KERAS_3), CODE) == []


@pytest.mark.parametrize("name", CLASSES)
def test_without_causality_the_key_goes(name: str) -> None:
    result = upgraded(layer(name, causal=False))
    assert found(result.model).config == {}
    assert [call.kwargs for call in found(result.model).calls] == [{}]


@pytest.mark.parametrize("name", CLASSES)
def test_causality_moves_to_every_call(name: str) -> None:
    call = Call(([TensorRef("given"), TensorRef("given")],), {"training": None})
    model = in_graph(layer(name, causal=True))
    layers = (model.layers[0], replace(model.layers[1], calls=(call, call)))
    result = upgrade(replace(model, layers=layers), TF_2)
    assert found(result.model).config == {}
    assert [each.kwargs["use_causal_mask"] for each in found(result.model).calls] == [True, True]
    assert all(each.args == call.args for each in found(result.model).calls)
