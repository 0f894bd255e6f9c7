"""Single inputs and outputs in lists."""

from dataclasses import replace

import pytest

from converter.model.description import Model, TensorRef, Writer
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.graphs import called, given, graph, nested
from tests.rules.upgrading import (
    KERAS_3,
    findings,
    found,
    only,
)

CODE = "KF306"
KERAS_3_3 = Writer((3, 3, 3), False, "tensorflow", "3.3.3")


def listed(name: str = "top") -> Model:
    plain = graph(given(), called("Dense", "dense", "ids"), output="dense", name=name)
    return replace(plain, inputs=[plain.inputs], outputs=[plain.outputs])


def test_several_stay() -> None:
    both = replace(listed(), outputs=[TensorRef("dense"), TensorRef("ids")])
    result = upgrade(replace(both, inputs=TensorRef("ids")), KERAS_3_3)
    assert findings(result, CODE) == []
    assert len(result.model.outputs) == 2


@pytest.mark.parametrize("outputs", [TensorRef("dense"), {"out": TensorRef("dense")}])
def test_other_forms_stay(outputs: object) -> None:
    result = upgrade(replace(listed(), inputs=TensorRef("ids"), outputs=outputs), KERAS_3_3)
    assert findings(result, CODE) == []
    assert result.model.outputs == outputs


def test_later_writers_mean_the_list() -> None:
    result = upgrade(listed(), KERAS_3)
    assert findings(result, CODE) == []
    assert result.model.outputs == [TensorRef("dense")]


def test_early_writers_do_not() -> None:
    result = upgrade(listed(), KERAS_3_3)
    assert (result.model.inputs, result.model.outputs) == (TensorRef("ids"), TensorRef("dense"))
    assert only(result, CODE).severity is Severity.BREAKS


@pytest.mark.parametrize("writer", [KERAS_3, KERAS_3_3])
def test_nested_models_give_a_tensor(writer: Writer) -> None:
    model = graph(given(), nested("inner", "ids", listed("inner")), output="inner")
    result = upgrade(model, writer)
    assert found(result.model, "inner").model.outputs == TensorRef("dense")
