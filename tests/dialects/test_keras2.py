"""The forms in which Keras 2 stores graphs."""

from __future__ import annotations

from typing import Any

import pytest

from converter.dialects import keras2
from converter.model.description import Call, Layer, Model, TensorRef

A, B = TensorRef("a"), TensorRef("b")


def entry(class_name: str, name: str, *nodes: Any, **config: Any) -> dict[str, Any]:
    return {
        "class_name": class_name,
        "name": name,
        "config": {"name": name, **config},
        "inbound_nodes": list(nodes),
    }


def given(name: str) -> dict[str, Any]:
    return entry("InputLayer", name, batch_input_shape=[None, 4])


def functional(*layers: Any, outputs: Any, inputs: Any = None, name: str = "m") -> dict[str, Any]:
    inputs = [["a", 0, 0], ["b", 0, 0]] if inputs is None else inputs
    config = {"name": name, "layers": [given("a"), given("b"), *layers]}
    ends = {"input_layers": inputs, "output_layers": outputs}
    return {"class_name": "Model", "config": {**config, **ends}}


def call_of(layer: dict[str, Any]) -> Call:
    model = keras2.parse(functional(layer, outputs=[[layer["name"], 0, 0]]))
    (call,) = named(model, layer["name"]).calls
    return call


def named(model: Model, name: str) -> Layer:
    return next(layer for layer in model.layers if layer.name == name)


# Nodes


@pytest.mark.parametrize(
    "node",
    [
        [["a", 0, 0]],
        [["a", 0, 0, {}]],
        ["a", 0, 0, {}],
        ["a", 0, 0],
    ],
    ids=["keras 2.0", "usual", "flat", "flat without arguments"],
)
def test_a_single_tensor(node: Any) -> None:
    assert call_of(entry("Dense", "d", node)) == Call((A,), {})


@pytest.mark.parametrize("name", ["Add", "Concatenate", "Dot", "Attention", "AdditiveAttention"])
def test_layers_that_want_a_list_keep_a_list_of_one(name: str) -> None:
    assert call_of(entry(name, "it", [["a", 0, 0, {}]])) == Call(([A],), {})


def test_several_tensors() -> None:
    node = [["a", 0, 0, {}], ["b", 0, 0, {}]]
    assert call_of(entry("Add", "it", node)) == Call(([A, B],), {})


def test_a_dictionary_of_tensors() -> None:
    node = {"x": ["a", 0, 0, {}], "y": ["b", 0, 0, {}]}
    assert call_of(entry("Mine", "it", node)) == Call(({"x": A, "y": B},), {})


def test_nested_lists_of_tensors() -> None:
    node = [[["a", 0, 0, {}]], ["b", 0, 0, {}]]
    assert call_of(entry("Mine", "it", node)) == Call(([[A], B],), {})


def test_keyword_arguments_are_repeated_on_each_tensor() -> None:
    node = [["a", 0, 0, {"training": True}], ["b", 0, 0, {"training": True}]]
    assert call_of(entry("Mine", "it", node)) == Call(([A, B],), {"training": True})


def test_tensors_among_the_keyword_arguments() -> None:
    node = [["a", 0, 0, {"value": ["b", 0, 0], "key": None, "return_attention_scores": False}]]
    expected = {"value": B, "key": None, "return_attention_scores": False}
    assert call_of(entry("MultiHeadAttention", "it", node)) == Call((A,), expected)


def test_lists_of_tensors_among_the_keyword_arguments() -> None:
    node = [["a", 0, 0, {"mask": [["a", 0, 0], ["b", 0, 0]]}]]
    assert call_of(entry("Mine", "it", node)).kwargs == {"mask": [A, B]}


@pytest.mark.parametrize("plain", [["gone", 0, 0], ["x", "y", "z"], [1, 2, 3], "a", ["a"]])
def test_lists_that_name_no_layer_stay_values(plain: Any) -> None:
    node = [["a", 0, 0, {"axes": plain}]]
    assert call_of(entry("Mine", "it", node)).kwargs == {"axes": plain}


def test_constants_stand_for_themselves() -> None:
    node = [["_CONSTANT_VALUE", -1, 2.5, {"y": ["a", 0, 0]}]]
    assert call_of(entry("TFOpLambda", "it", node)) == Call((2.5,), {"y": A})


def test_constants_among_the_keyword_arguments() -> None:
    node = [["a", 0, 0, {"y": ["_CONSTANT_VALUE", -1, [1, 2], {}]}]]
    assert call_of(entry("Mine", "it", node)).kwargs == {"y": [1, 2]}


def test_empty_nodes_of_inputs_are_no_calls() -> None:
    layer = {**entry("Dense", "d", [["a", 0, 0, {}]])}
    first = {**given("a"), "inbound_nodes": [[]]}
    config = functional(layer, outputs=[["d", 0, 0]])
    config["config"]["layers"][0] = first
    assert named(keras2.parse(config), "a").calls == ()


# Recurrent layers


RECURRENT = ["LSTM", "GRU", "SimpleRNN", "RNN", "ConvLSTM2D", "Bidirectional", "CuDNNLSTM"]


@pytest.mark.parametrize("name", RECURRENT)
def test_states_stand_behind_the_sequence(name: str) -> None:
    node = [["a", 0, 0, {}], ["b", 0, 0, {}], ["a", 0, 0, {}]]
    assert call_of(entry(name, "it", node)) == Call((A,), {"initial_state": [B, A]})


@pytest.mark.parametrize("name", RECURRENT)
def test_constants_stand_behind_the_states(name: str) -> None:
    node = [["a", 0, 0, {}], ["b", 0, 0, {}], ["a", 0, 0, {}]]
    call = call_of(entry(name, "it", node, num_constants=1))
    assert call == Call((A,), {"initial_state": [B], "constants": [A]})


def test_states_among_the_keyword_arguments() -> None:
    node = [["a", 0, 0, {"initial_state": [["b", 0, 0], ["a", 0, 0]]}]]
    assert call_of(entry("LSTM", "it", node)) == Call((A,), {"initial_state": [B, A]})


def test_other_layers_get_all_tensors_as_one_argument() -> None:
    node = [["a", 0, 0, {}], ["b", 0, 0, {}]]
    assert call_of(entry("Mine", "it", node)) == Call(([A, B],), {})


# Ends


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ([["d", 0, 0]], TensorRef("d")),
        (["d", 0, 0], TensorRef("d")),
        ([["d", 0, 0], ["a", 0, 0]], [TensorRef("d"), A]),
        ({"x": ["d", 0, 0]}, {"x": TensorRef("d")}),
        ({"x": [["d", 0, 0]]}, {"x": [TensorRef("d")]}),
    ],
)
def test_ends(stored: Any, read: Any) -> None:
    layer = entry("Dense", "d", [["a", 0, 0, {}]])
    assert keras2.parse(functional(layer, outputs=stored)).outputs == read


# Calls of nested models


def nested(name: str = "n", *nodes: Any, kind: str = "Model") -> dict[str, Any]:
    inside = functional(entry("Dense", "i", [["a", 0, 0, {}]]), outputs=[["i", 0, 0]], name=name)
    sequential = {"name": name, "layers": [entry("Dense", "i", batch_input_shape=[None, 4])]}
    config = inside["config"] if kind == "Model" else sequential
    return {"class_name": kind, "name": name, "config": config, "inbound_nodes": list(nodes)}


def uses(*calls: int) -> dict[str, Any]:
    return entry("Add", "sum", [["n", call, 0, {}] for call in calls])


def indices(model: Model, user: str = "sum") -> list[int]:
    return [ref.call for ref in named(model, user).calls[0].args[0]]


@pytest.mark.parametrize("base", [0, 1])
@pytest.mark.parametrize("kind", ["Model", "Sequential"])
def test_calls_are_counted_from_zero_whatever_the_writer_did(kind: str, base: int) -> None:
    node_a, node_b = [["a", 0, 0, {}]], [["b", 0, 0, {}]]
    layers = [nested("n", node_a, node_b, kind=kind), uses(base, base + 1)]
    model = keras2.parse(functional(*layers, outputs=[["sum", 0, 0]]))
    assert indices(model) == [0, 1]


def test_a_number_beyond_the_calls_tells_that_counting_started_at_one() -> None:
    layers = [nested("n", [["a", 0, 0, {}]], [["b", 0, 0, {}]]), uses(2)]
    model = keras2.parse(functional(*layers, outputs=[["sum", 0, 0]]))
    assert indices(model) == [1]


def test_the_outputs_of_the_model_are_counted_alike() -> None:
    layers = [nested("n", [["a", 0, 0, {}]])]
    model = keras2.parse(functional(*layers, outputs=[["n", 1, 0]]))
    assert model.outputs == TensorRef("n", 0, 0)


def test_ordinary_layers_keep_their_numbers() -> None:
    shared = entry("Dense", "n", [["a", 0, 0, {}]], [["b", 0, 0, {}]])
    model = keras2.parse(functional(shared, uses(1, 0), outputs=[["sum", 0, 0]]))
    assert indices(model) == [1, 0]


def test_several_outputs_of_a_nested_model() -> None:
    layer = entry("Add", "sum", [["n", 1, 0, {}], ["n", 1, 1, {}]])
    layers = [nested("n", [["a", 0, 0, {}]]), layer]
    model = keras2.parse(functional(*layers, outputs=[["sum", 0, 0]]))
    refs = named(model, "sum").calls[0].args[0]
    assert refs == [TensorRef("n", 0, 0), TensorRef("n", 0, 1)]


# Sequential models


def sequential(config: Any) -> Model:
    return keras2.parse({"class_name": "Sequential", "config": config})


def test_a_bare_list_of_layers() -> None:
    layers = [entry("Dense", "d", batch_input_shape=[None, 4], dtype="float32")]
    model = sequential(layers)
    assert (model.kind, model.name) == ("sequential", "sequential")
    assert [layer.name for layer in model.layers] == ["d_input", "d"]


def test_the_input_layer_that_the_first_layer_implies() -> None:
    model = sequential({"name": "s", "layers": [entry("Dense", "d", batch_input_shape=[None, 4])]})
    first = model.layers[0]
    assert first.class_name == "InputLayer"
    assert first.config["batch_input_shape"] == [None, 4]
    assert first.config["dtype"] == "float32"


def test_an_embedding_takes_indices() -> None:
    model = sequential([entry("Embedding", "e", batch_input_shape=[None, 4], dtype="float32")])
    assert model.layers[0].config["dtype"] == "int32"


def test_the_shape_may_stand_in_a_wrapped_layer() -> None:
    inner = entry("Dense", "d", batch_input_shape=[None, 3, 4])
    model = sequential([entry("TimeDistributed", "t", layer=inner)])
    assert model.layers[0].config["batch_input_shape"] == [None, 3, 4]


def test_without_a_shape_there_is_no_input_layer() -> None:
    assert [layer.name for layer in sequential([entry("Dense", "d", units=3)]).layers] == ["d"]


def test_an_own_input_layer_stays_the_only_one() -> None:
    model = sequential([given("a"), entry("Dense", "d", batch_input_shape=[None, 4])])
    assert [layer.name for layer in model.layers] == ["a", "d"]


def test_layers_without_a_name_outside_their_config() -> None:
    bare = {"class_name": "Dense", "config": {"name": "d", "units": 3}}
    assert sequential([bare]).layers[0].name == "d"


# Layers inside layers


def test_wrapped_layers_cells_and_activations() -> None:
    cells = [entry("LSTMCell", "c0"), entry("GRUCell", "c1")]
    stack = entry("StackedRNNCells", "stack", cells=cells)
    layers = [
        entry("TimeDistributed", "t", layer=entry("Dense", "d")),
        entry("RNN", "r", cell=stack),
        entry("Dense", "p", activation=entry("PReLU", "q")),
    ]
    first, second, third = sequential({"name": "s", "layers": layers}).layers
    assert first.inner["layer"].class_name == "Dense"
    inner = second.inner["cell"].inner
    assert [inner[key].class_name for key in ("cells/0", "cells/1")] == ["LSTMCell", "GRUCell"]
    assert third.inner["activation"].class_name == "PReLU"
    assert "activation" not in third.config


def test_the_backward_layer_runs_the_other_way() -> None:
    wrapped = entry("Bidirectional", "b", layer=entry("LSTM", "l", go_backwards=False, units=3))
    inner = sequential([wrapped]).layers[0].inner
    assert inner["layer"].config == {"go_backwards": False, "units": 3}
    assert inner["backward_layer"].config == {"go_backwards": True, "units": 3}
    assert inner["backward_layer"].name == "backward_l"


def test_the_cell_of_the_backward_layer_is_another_one() -> None:
    wrapped = entry("Bidirectional", "b", layer=entry("RNN", "r", cell=entry("Mine", "c")))
    inner = sequential([wrapped]).layers[0].inner
    assert inner["layer"].inner["cell"] == inner["backward_layer"].inner["cell"]
    assert inner["layer"].inner["cell"] is not inner["backward_layer"].inner["cell"]


def test_a_backward_layer_of_its_own_is_kept() -> None:
    backward = entry("GRU", "g", go_backwards=True)
    wrapped = entry("Bidirectional", "b", layer=entry("LSTM", "l"), backward_layer=backward)
    assert sequential([wrapped]).layers[0].inner["backward_layer"].class_name == "GRU"


def test_a_subclass_made_from_inputs_and_outputs_is_its_graph() -> None:
    config = functional(entry("Dense", "d", [["a", 0, 0, {}]]), outputs=[["d", 0, 0]])
    model = keras2.parse({**config, "class_name": "MyModel"})
    assert [layer.name for layer in model.layers] == ["a", "b", "d"]
