"""Merge by its mode."""

import pytest

from converter.model.description import Call, Layer, Model, TensorRef, Writer
from converter.model.findings import Severity
from converter.rules.apply import Upgrade, upgrade
from tests.rules.upgrading import KERAS_3, STANDALONE, assert_unchanged, findings, found, only

CODE, COSINE = "KF156", "KF232"
KERAS_1 = Writer((1, 2, 2), False, "tensorflow", "1.2.2")


def merged(writer: Writer = KERAS_1, shape: object = (None, 4), **config: object) -> Upgrade:
    given = [Layer(name, "InputLayer", {"batch_shape": shape}) for name in ("one", "two")]
    ends = [TensorRef("one"), TensorRef("two")]
    it = Layer("it", "Merge", config, calls=(Call((ends,), {"mask": [None, None]}),))
    return upgrade(Model("top", "functional", (*given, it), ends, TensorRef("it")), writer)


@pytest.mark.parametrize("name", ["Add", "Concatenate"])
def test_todays_layers_stay(name: str) -> None:
    assert_unchanged(Layer("it", name, {"axis": 1} if name == "Concatenate" else {}), CODE)


def test_files_of_keras_3_are_not_touched() -> None:
    assert findings(merged(KERAS_3, mode="sum"), CODE) == []


@pytest.mark.parametrize("writer", [KERAS_1, STANDALONE])
@pytest.mark.parametrize(
    ("mode", "becomes", "config"),
    [
        ("sum", "Add", {}),
        ("mul", "Multiply", {}),
        ("ave", "Average", {}),
        ("max", "Maximum", {}),
        ("concat", "Concatenate", {"axis": 1}),
        ("dot", "Dot", {"axes": [1, 1]}),
    ],
)
def test_each_mode_has_a_layer(writer: Writer, mode: str, becomes: str, config: dict) -> None:
    result = merged(writer, mode=mode, concat_axis=1, dot_axes=[1, 1])
    assert only(result, CODE).severity is Severity.BREAKS
    it = found(result.model)
    assert it.class_name == becomes
    assert {key: it.config[key] for key in config} == config


def test_masks_that_are_none_are_not_handed_over() -> None:
    it = found(merged(mode="concat", concat_axis=1).model)
    assert "mask" not in it.calls[0].kwargs


@pytest.mark.parametrize("kind", ["lambda", "function"])
def test_code_is_left_to_the_rule_of_lambdas(kind: str) -> None:
    result = merged(mode="4wEAAAA", mode_type=kind)
    assert findings(result, CODE) == []
    assert only(result, "KF164").severity is Severity.REFUSED
    assert found(result.model).class_name == "Merge"


def test_a_cosine_is_not_below_the_least_length() -> None:
    result = merged(mode="cos", dot_axes=1)
    assert findings(result, CODE) == []
    assert only(result, COSINE).severity is Severity.BREAKS
    model = found(result.model).model
    assert model is not None
    assert [each.class_name for each in model.layers].count("Dot") == 3
    limits = [each.calls[0].args[1] for each in model.layers if each.class_name == "Maximum"]
    assert limits == [0.0, 1e-7]


@pytest.mark.parametrize(
    ("shape", "backend"), [((None, 3, 4), "theano"), ((None, 2, 3, 4), "tensorflow")]
)
def test_cosines_that_are_not_known_are_refused(shape: object, backend: str) -> None:
    result = merged(Writer((1, 2, 2), False, backend, "1.2.2"), shape, mode="cos", dot_axes=1)
    assert only(result, COSINE).severity is Severity.REFUSED
