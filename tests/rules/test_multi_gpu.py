"""Models spread over several GPUs."""

import base64
from dataclasses import replace
from typing import Any

import pytest

from converter.model.description import Call, CompileState, Layer, Model, TensorRef
from converter.rules import multi_gpu
from converter.rules.apply import Upgrade, upgrade
from tests.rules.graphs import called
from tests.rules.upgrading import KERAS_3, TF_1, findings, only

CODE = "KF160"
CODE_TEXT = base64.b64encode(b"\0".join(multi_gpu.NAMES_IN_CODE)).decode()


def given(name: str) -> Layer:
    return Layer(name, "InputLayer", {"batch_input_shape": [None, 4], "dtype": "float32"})


def part(name: str, source: str, index: int, count: int = 2, code: str = CODE_TEXT) -> Layer:
    config = {
        "function": [code, None, None],
        "function_type": "lambda",
        "arguments": {"i": index, "parts": count},
    }
    return called("Lambda", name, source, config=config)


def template(*more: Layer, last: str = "out", kind: str = "functional", **config: Any) -> Model:
    out = called("Dense", "out", "x", config={"units": 2, **config})
    ends = (TensorRef("x"), TensorRef(last)) if kind == "functional" else (None, None)
    return Model("template", kind, (given("x"), out, *more), *ends)


def nested(model: Model, *calls: Call) -> Layer:
    return Layer("template", model.class_name, calls=calls, model=model, module="keras")


def spread(inner: Model | None = None, code: str = CODE_TEXT, **changed: Layer) -> Model:
    """What two GPUs make of a model with one input and one output; layers by name may differ."""
    calls = Call((TensorRef("part_0"),)), Call((TensorRef("part_1"),))
    parts = [TensorRef("template", index) for index in range(2)]
    merge = Layer("out", "Concatenate", {"axis": 0}, calls=(Call((parts,)),))
    layers = {
        "x": given("x"),
        "part_0": part("part_0", "x", 0, code=code),
        "part_1": part("part_1", "x", 1, code=code),
        "template": nested(inner or template(), *calls),
        "out": merge,
    }
    return Model(
        "whole",
        "functional",
        tuple({**layers, **changed}.values()),
        TensorRef("x"),
        TensorRef("out"),
    )


def is_left(model: Model, writer: Any = TF_1) -> bool:
    """Nothing is lifted, and the Lambdas are refused."""
    result = upgrade(model, writer)
    refused = {finding.layer for finding in result.blockers}
    return findings(result, CODE) == [] and {"part_0", "part_1"} <= refused


def names(result: Upgrade) -> list[str]:
    return [layer.name for layer in result.model.layers]


def test_another_function_is_left() -> None:
    assert is_left(spread(code=base64.b64encode(b"my_slice data i parts").decode()))
    assert is_left(spread(code="not base64"))


def test_a_function_with_a_closure_is_left() -> None:
    first = part("part_0", "x", 0)
    closed = first.with_config(function=[CODE_TEXT, None, [3]])
    assert is_left(spread(part_0=closed))


def test_a_function_by_name_is_left() -> None:
    assert is_left(spread(part_0=part("part_0", "x", 0).with_config(function="get_slice")))


@pytest.mark.parametrize(
    "changed",
    [
        {"part_1": part("part_1", "x", 0)},
        {"part_1": part("part_1", "x", 1, 3)},
        {"extra": part("extra", "x", 2)},
        {"extra": called("Activation", "extra", "out", config={"activation": "relu"})},
    ],
)
def test_other_parts_are_left(changed: dict[str, Layer]) -> None:
    assert is_left(spread(**changed))


def test_parts_in_another_order_are_left() -> None:
    model = spread()
    merge = model.layers[-1]
    turned = Call(([TensorRef("template", 1), TensorRef("template", 0)],))
    assert is_left(spread(out=replace(merge, calls=(turned,))))


def test_merging_along_another_axis_is_left() -> None:
    merge = spread().layers[-1]
    assert is_left(spread(out=replace(merge, config={"axis": -1})))


@pytest.mark.parametrize(
    "model",
    [
        template(called("Softmax", "s", "out", config={"axis": 0}), last="s"),
        template(called("BatchNormalization", "s", "out", training=True), last="s"),
        template(called("LSTM", "s", "out", config={"units": 2, "stateful": True}), last="s"),
    ],
)
def test_a_model_that_looks_at_the_batch_is_left(model: Model) -> None:
    assert is_left(spread(model))


def test_files_of_keras_3_are_left() -> None:
    assert is_left(spread(), KERAS_3)


def test_the_model_inside_becomes_the_model() -> None:
    result = upgrade(spread(), TF_1)
    only(result, CODE)
    assert not result.blockers
    assert names(result) == ["x", "out"]
    assert (result.model.inputs, result.model.outputs) == (TensorRef("x"), TensorRef("out"))


def test_a_sequential_keeps_its_input() -> None:
    inner = template(kind="sequential")
    result = upgrade(spread(replace(inner, layers=inner.layers[1:])), TF_1)
    assert result.model.kind == "sequential"
    assert names(result) == ["x", "out"]


def test_a_lambda_inside_is_refused_all_the_same() -> None:
    own = called("Lambda", "own", "out", config={"function": ["code", None, None]})
    result = upgrade(spread(template(own, last="own")), TF_1)
    only(result, CODE)
    assert {finding.layer for finding in result.blockers} == {"template/own", "own"}


def test_a_frozen_whole_stays_frozen() -> None:
    result = upgrade(replace(spread(), config={"trainable": False}), TF_1)
    assert result.model.config["trainable"] is False


def test_compile_state_follows_the_names_of_the_outputs() -> None:
    merge = replace(spread().layers[-1], name="merged")
    model = replace(
        spread(out=merge),
        outputs=TensorRef("merged"),
        compile=CompileState({"class_name": "SGD", "config": {}}, {"merged": "mse"}),
    )
    result = upgrade(model, TF_1)
    assert result.model.compile is not None
    assert list(result.model.compile.loss) == ["out"]


def test_inside_another_model() -> None:
    inner = replace(template(kind="sequential"), name="template")
    inner = replace(spread(inner), name="spread")
    call = Call((TensorRef("ids"),))
    layer = Layer("spread", "Functional", calls=(call,), model=inner, module="keras")
    top = Model("top", "functional", (given("ids"), layer), TensorRef("ids"), TensorRef("spread"))
    result = upgrade(top, TF_1)
    assert only(result, CODE).layer == "spread"
    lifted = result.model.layers[1].model
    assert lifted is not None and lifted.kind == "functional" and lifted.name == "spread"
    assert [layer.name for layer in lifted.layers] == ["x", "out"]
