"""Names that Keras 3 cannot use."""

import pytest

from converter.model.description import Layer, TensorRef
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.graphs import call, called, given, graph, nested
from tests.rules.upgrading import (
    KERAS_3,
    TF_2,
    every_layer,
    findings,
    found,
    layer,
    only,
)

CODE = "KF301"


@pytest.mark.parametrize("name", ["dense", "dense_1", "block.conv-1", "A>b", "Dense2"])
def test_names_that_can_be_used_stay(name: str) -> None:
    model = graph(given(), called("Dense", name, "ids"), output=name)
    result = upgrade(model, TF_2)
    assert findings(result, CODE) == []
    assert [each.name for each in result.model.layers] == ["ids", name]


def test_files_of_keras_3_are_not_touched() -> None:
    model = graph(given(), called("Dense", "a/b", "ids"), output="a/b")
    assert findings(upgrade(model, KERAS_3), CODE) == []


@pytest.mark.parametrize(("old", "new"), [("a/b", "a_b"), ("a b", "a_b"), ("a:0", "a_0")])
def test_every_reference_follows(old: str, new: str) -> None:
    model = graph(given(), called("Dense", old, "ids"), called("Add", "add", old, old), output=old)
    result = upgrade(model, TF_2)
    assert [each.name for each in result.model.layers] == ["ids", new, "add"]
    assert call(result.model, "add").args == ([TensorRef(new), TensorRef(new)],)
    assert result.model.outputs == TensorRef(new)
    assert only(result, CODE).severity is Severity.BREAKS


def test_a_name_that_is_taken_gets_a_number() -> None:
    layers = [called("Dense", name, "ids") for name in ("a/b", "a_b", "a:b")]
    model = graph(given(), *layers, output="a/b")
    names = [each.name for each in upgrade(model, TF_2).model.layers]
    assert names == ["ids", "a_b_1", "a_b", "a_b_2"]
    assert upgrade(model, TF_2).model.outputs == TensorRef("a_b_1")


def test_inner_layers_and_models() -> None:
    inner = graph(given("x"), called("Dense", "c/d", "x"), output="c/d", inputs=("x",), name="i/n")
    wrapped = Layer("w", "TimeDistributed", inner={"layer": layer("Dense", "e/f")})
    wrapped = Layer(
        "w", "TimeDistributed", calls=called("x", "w", "ids").calls, inner=wrapped.inner
    )
    model = graph(given(), wrapped, nested("i/n", "ids", inner), output="i/n", name="t/o")
    result = upgrade(model, TF_2).model
    assert not [each.name for each in every_layer(result) if "/" in each.name]
    assert (result.name, found(result, "i_n").model.name) == ("t_o", "i_n")
