"""Lambda layers, wherever they stand."""

from __future__ import annotations

import base64
import marshal
from dataclasses import replace
from typing import Any

import pytest

from converter.lambdas.supplied import Followed
from converter.model.description import Call, Layer, Model, TensorRef, Writer
from converter.model.findings import Severity
from converter.ops.nodes import Known
from converter.rules.apply import Upgrade, upgrade
from tests.rules.upgrading import (
    KERAS_3,
    STANDALONE,
    TF_2,
    assert_unchanged,
    findings,
    found,
    in_graph,
    in_sequential,
    only,
)

CODE = "KF164"
KERAS_1 = Writer((1, 2, 2), False, "tensorflow", "1.2.2")


def code(source: str, **variables: Any) -> str:
    """A function as Keras stores it; this Python's bytecode."""
    made = eval(compile(source, "<ipython-input-1>", "eval"), dict(variables))
    return base64.b64encode(marshal.dumps(made.__code__)).decode()


def lambda_layer(source: str, name: str = "it", closure: Any = None, **config: Any) -> Layer:
    stored = {"function": [code(source), None, closure], "function_type": "lambda"}
    return Layer(name, "Lambda", {**stored, "output_shape": None, "arguments": {}, **config})


def graph_of(it: Layer, writer: Writer = STANDALONE) -> Upgrade:
    return upgrade(in_graph(it), writer)


def classes(model: Model) -> list[str]:
    return [layer.class_name for layer in model.layers]


def test_other_layers_stay() -> None:
    assert_unchanged(Layer("it", "Dense", {"units": 2}), CODE)


@pytest.mark.parametrize("writer", [KERAS_1, STANDALONE, TF_2, KERAS_3])
def test_a_function_becomes_nodes_and_the_last_bears_its_name(writer: Writer) -> None:
    result = graph_of(lambda_layer("lambda x: x * 2 + 1"), writer)
    finding = only(result, CODE)
    assert finding.severity is Severity.BREAKS
    assert "lambda x: x * 2 + 1" in finding.message
    assert not result.blockers
    assert classes(result.model) == ["InputLayer", "Multiply", "Add"]
    assert found(result.model).class_name == "Add"


def test_a_sequential_becomes_a_graph() -> None:
    model = in_sequential(lambda_layer("lambda x: x / 255.0"))
    dense = Layer("last", "Flatten", {"data_format": "channels_last"})
    result = upgrade(replace(model, layers=(*model.layers, dense)), STANDALONE)
    assert not result.blockers
    assert result.model.kind == "functional"
    assert classes(result.model) == ["InputLayer", "TrueDivide", "Flatten"]


def test_without_its_input_a_sequential_is_refused() -> None:
    model = Model("top", "sequential", (lambda_layer("lambda x: x / 255.0"),))
    finding = only(upgrade(model, STANDALONE), CODE)
    assert finding.severity is Severity.REFUSED
    assert "what the model's input is" in finding.message


def test_inside_another_model() -> None:
    inner = in_graph(lambda_layer("lambda x: -x"))
    result = upgrade(in_graph(Layer("inner", "Functional", model=inner, module="keras")), TF_2)
    assert only(result, CODE).layer == "inner/it"
    model = found(result.model, "inner").model
    assert model is not None
    assert classes(model) == ["InputLayer", "Negative"]


def test_each_call_of_a_shared_one_has_nodes_of_its_own() -> None:
    it = lambda_layer("lambda x: -x")
    calls = (Call((TensorRef("given"),)), Call((TensorRef("it"),)))
    model = in_graph(it)
    shared = replace(it, calls=calls)
    model = replace(model, layers=(model.layers[0], shared), outputs=TensorRef("it", 1))
    result = upgrade(model, STANDALONE)
    first, second = result.model.layers[1:]
    assert (first.class_name, second.class_name) == ("Negative", "Negative")
    assert second.calls == (Call((TensorRef(first.name),)),)
    assert result.model.outputs == TensorRef(second.name)


def test_a_wrapper_holds_a_small_model() -> None:
    given = Layer("given", "InputLayer", {"batch_shape": [None, 5, 3]})
    source = "lambda x: x * 2"
    wrapper = Layer("wrapper", "TimeDistributed", {}, inner={"layer": lambda_layer(source)})
    model = Model("top", "sequential", (given, wrapper))
    result = upgrade(model, STANDALONE)
    assert not result.blockers
    inner = found(result.model, "wrapper").inner["layer"]
    assert inner.model is not None
    assert classes(inner.model) == ["InputLayer", "Multiply"]


@pytest.mark.parametrize("source", ["lambda x: x[0]", "lambda x: x[::-1]", "lambda x: x[:1] * 2"])
def test_a_wrapper_with_a_function_across_samples_is_refused(source: str) -> None:
    given = Layer("given", "InputLayer", {"batch_shape": [None, 5, 3]})
    wrapper = Layer("wrapper", "TimeDistributed", {}, inner={"layer": lambda_layer(source)})
    result = upgrade(Model("top", "sequential", (given, wrapper)), STANDALONE)
    assert only(result, CODE).severity is Severity.REFUSED


def test_a_wrapper_that_is_called_twice_is_refused() -> None:
    given = Layer("given", "InputLayer", {"batch_shape": [None, 5, 3]})
    calls = (Call((TensorRef("given"),)), Call((TensorRef("it"),)))
    it = Layer("it", "TimeDistributed", inner={"layer": lambda_layer("lambda x: -x")}, calls=calls)
    model = Model("top", "functional", (given, it), TensorRef("given"), TensorRef("it", 1))
    finding = only(upgrade(model, STANDALONE), CODE)
    assert finding.severity is Severity.REFUSED
    assert "several times" in finding.message


def test_inside_other_wrappers_it_is_refused() -> None:
    it = Layer("it", "Bidirectional", {}, inner={"layer": lambda_layer("lambda x: x")})
    assert only(graph_of(it), CODE).severity is Severity.REFUSED


def test_a_merge_by_a_function() -> None:
    given = [Layer(name, "InputLayer", {"batch_shape": [None, 4]}) for name in ("one", "two")]
    ends = [TensorRef("one"), TensorRef("two")]
    config = {"mode": code("lambda xs: xs[0] - xs[1]"), "mode_type": "lambda", "arguments": {}}
    it = Layer("it", "Merge", config, calls=(Call((ends,), {"mask": [None, None]}),))
    result = upgrade(Model("top", "functional", (*given, it), ends, TensorRef("it")), KERAS_1)
    assert not result.blockers
    assert found(result.model).class_name == "Subtract"


def test_variables_from_outside_have_the_values_of_the_file_and_are_told() -> None:
    made = eval("(lambda by: lambda x: x * by)(3.0)")
    stored = base64.b64encode(marshal.dumps(made.__code__)).decode()
    it = Layer("it", "Lambda", {"function": [stored, None, [2.5]], "function_type": "lambda"})
    result = graph_of(it)
    assert "by = 2.5" in only(result, CODE).message
    assert found(result.model).calls[0].args[1] == 2.5


def test_the_layers_arguments_go_before_defaults() -> None:
    stored = [code("lambda x, by=1.0: x * by"), [1.0], None]
    config = {"function": stored, "function_type": "lambda", "arguments": {"by": 4.0}}
    result = graph_of(Layer("it", "Lambda", config))
    assert found(result.model).calls[0].args[1] == 4.0


def test_the_mask_that_reaches_it_is_an_argument() -> None:
    given = Layer("given", "InputLayer", {"batch_shape": [None, 6], "dtype": "int32"})
    embedding = {"input_dim": 9, "output_dim": 4, "mask_zero": True}
    words = Layer("words", "Embedding", embedding, calls=(Call((TensorRef("given"),)),))
    source = "lambda x, mask: x * K.cast(K.expand_dims(mask), 'float32')"
    it = replace(lambda_layer(source), calls=(Call((TensorRef("words"),)),))
    model = Model("top", "functional", (given, words, it), TensorRef("given"), TensorRef("it"))
    result = upgrade(model, STANDALONE)
    assert [each for each in classes(result.model) if each in ("NotEqual", "Multiply")] == [
        "NotEqual",
        "Multiply",
    ]


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"function": "mine", "function_type": "function"}, "'mine'"),
        ({"function": ["AAAA", None, None], "function_type": "lambda"}, "can't be read"),
        ({"mask": [None], "mask_type": "lambda"}, "a mask of its own"),
    ],
)
def test_what_has_no_form_names_the_option(config: dict[str, Any], said: str) -> None:
    finding = only(graph_of(lambda_layer("lambda x: x * 2", **config), TF_2), CODE)
    assert finding.severity is Severity.REFUSED
    assert said in finding.message
    assert "--lambda it=" in finding.remedy


def test_unknown_names_are_refused_with_the_function() -> None:
    finding = only(graph_of(lambda_layer("lambda x: mine(x)")), CODE)
    assert "lambda x: mine(x)" in finding.message
    assert "'mine'" in finding.message


def test_op_layers_beside_it_are_written_in_the_same_pass() -> None:
    it = lambda_layer("lambda x: x * 2")
    model = in_graph(it)
    config = {"function": "math.add", "dtype": "float32", "trainable": True}
    behind = Layer("added", "TFOpLambda", config, calls=(Call((TensorRef("it"),), {"y": 1.0}),))
    whole = replace(model, layers=(*model.layers, behind), outputs=TensorRef("added"))
    result = upgrade(whole, TF_2)
    assert not result.blockers
    assert classes(result.model) == ["InputLayer", "Multiply", "Add"]
    assert len(findings(result, CODE)) == 2


def test_a_function_of_the_users_takes_its_place() -> None:
    asked = []

    def follow(inputs: Any, as_list: bool, arguments: Any) -> Followed:
        asked.append((inputs, as_list, arguments))
        ops = "keras.src.ops.numpy"
        nodes = (
            Layer("x", "InputLayer", {"batch_shape": [None, 4]}),
            Layer("absolute", "Absolute", calls=(Call((TensorRef("x"),)),), module=ops),
        )
        model = Model("f", "functional", nodes, TensorRef("x"), TensorRef("absolute"))
        return Followed(model, (Known("float32", (None, 4), of_batch=True),))

    it = lambda_layer("lambda x: mine(x)", arguments={"by": 2})
    result = upgrade(in_graph(it), STANDALONE, lambdas={"it": follow})
    assert not result.blockers
    assert classes(result.model) == ["InputLayer", "Absolute"]
    assert found(result.model).class_name == "Absolute"
    ((inputs, as_list, arguments),) = asked
    assert (inputs[0].shape, as_list, arguments) == ((None, 4), False, {"by": 2})
