"""CategoryEncoding to one_hot before Keras 3.4."""

import pytest

from converter.model.description import Call, Layer, Model, TensorRef, Writer
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    KERAS_3,
    assert_unchanged,
    every_layer,
    findings,
    found,
    in_graph,
    layer,
    only,
)

CODE = "KF222"
KERAS_3_3 = Writer((3, 3, 3), False, "tensorflow", "3.3.3")


def one_hot(**config: object) -> Layer:
    return layer("CategoryEncoding", num_tokens=5, output_mode="one_hot", **config)


@pytest.mark.parametrize("mode", ["multi_hot", "count"])
def test_other_modes_stay(mode: str) -> None:
    it = layer("CategoryEncoding", num_tokens=5, output_mode=mode, dtype="int32")
    assert_unchanged(it, CODE, KERAS_3_3)


def test_since_3_4_the_layer_does_it_as_today() -> None:
    for version in ((3, 4, 0), (3, 4, 1)):
        writer = Writer(version, False, "tensorflow", ".".join(map(str, version)))
        assert_unchanged(one_hot(dtype="int32"), CODE, writer)
    assert_unchanged(one_hot(dtype="int32"), CODE, KERAS_3)


@pytest.mark.parametrize("dtype", ["int32", {"class_name": "DTypePolicy", "config": "int32"}])
def test_it_becomes_an_op_node(dtype: object) -> None:
    if isinstance(dtype, dict):
        dtype = {**dtype, "config": {"name": dtype["config"]}}
    result = upgrade(in_graph(one_hot(dtype=dtype)), KERAS_3_3)
    assert found(result.model).class_name == "Functional"
    (op,) = [each for each in every_layer(result.model) if each.class_name == "OneHot"]
    assert op.config == {
        "num_classes": 5,
        "dtype": "int32",
        "sparse": False,
    }
    assert only(result, CODE).severity is Severity.SILENT


def test_without_a_rank_it_is_refused_and_left() -> None:
    given = Layer("given", "InputLayer", {})
    it = Layer("it", "CategoryEncoding", one_hot().config, calls=(Call((TensorRef("given"),)),))
    model = Model("top", "functional", (given, it), TensorRef("given"), TensorRef("it"))
    result = upgrade(model, KERAS_3_3)
    assert only(result, CODE).severity is Severity.REFUSED
    assert found(result.model).class_name == "CategoryEncoding"


def test_other_layers_stay() -> None:
    assert findings(upgrade(in_graph(layer("Mine", output_mode="one_hot")), KERAS_3_3), CODE) == []
