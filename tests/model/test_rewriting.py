"""Changes to whole graphs."""

from __future__ import annotations

from converter.model.description import Call, Layer, Model, TensorRef
from converter.model.masks import Mask, MaskedCall, Origin
from converter.model.rewriting import (
    as_functional,
    free_name,
    mask_nodes,
    rename_layers,
    with_call,
    with_explicit_mask,
)
from tests.rules.graphs import call, called, embedding, given, graph, nested


def test_no_names_no_change() -> None:
    model = graph(given(), called("Dense", "d", "ids"), output="d")
    assert rename_layers(model, {}) is model


def test_references_follow_a_new_name() -> None:
    layers = (
        given(),
        called("Dense", "d", "ids"),
        called("Add", "add", "d", "ids", mask=TensorRef("d")),
    )
    model = rename_layers(graph(*layers, output="d"), {"d": "dense", "ids": "in"})
    assert [layer.name for layer in model.layers] == ["in", "dense", "add"]
    assert (model.inputs, model.outputs) == (TensorRef("in"), TensorRef("dense"))
    both = [TensorRef("dense"), TensorRef("in")]
    assert call(model, "add") == Call((both,), {"mask": TensorRef("dense")})


def test_calls_and_outputs_keep_their_numbers() -> None:
    it = Layer("add", "Add", calls=(Call((TensorRef("d", 2, 1),)),))
    model = rename_layers(graph(given(), it, output="add"), {"d": "x"})
    assert call(model, "add").args == (TensorRef("x", 2, 1),)


def test_a_nested_model_bears_the_name_of_its_layer() -> None:
    inner = graph(given("x"), output="x", inputs=("x",), name="inner")
    model = rename_layers(
        graph(given(), nested("inner", "ids", inner), output="inner"), {"inner": "n"}
    )
    assert model.layers[1].model is not None
    assert model.layers[1].model.name == "n"


def test_free_names() -> None:
    assert free_name("a", set()) == "a"
    assert free_name("a", {"a", "a_1", "b"}) == "a_2"


def test_one_of_several_calls_is_replaced() -> None:
    layer = Layer("d", "Dense", calls=tuple(Call((TensorRef(name),)) for name in "abc"))
    changed = with_call(layer, 1, Call((TensorRef("x"),)))
    assert [each.args[0].layer for each in changed.calls] == ["a", "x", "c"]


def test_nodes_of_a_mask() -> None:
    mask = Mask((Origin(TensorRef("ids")), Origin(TensorRef("x"), 2.0, over_features=True)))
    nodes = mask_nodes("m", mask)
    assert [node.class_name for node in nodes] == ["NotEqual", "NotEqual", "Any", "LogicalAnd"]
    first, second, over_features, both = nodes
    assert first.calls[0].args == (TensorRef("ids"), 0)
    assert second.calls[0].args == (TensorRef("x"), 2.0)
    assert over_features.calls[0].args == (TensorRef(second.name),)
    assert both.calls[0].args == (TensorRef(first.name), TensorRef(over_features.name))
    assert len({node.name for node in nodes}) == len(nodes)


def test_a_call_gets_its_mask() -> None:
    lstm = called("LSTM", "lstm", "embedding", initial_state=[TensorRef("s")])
    model = graph(given(), embedding(), lstm, output="lstm")
    found = MaskedCall("lstm", lstm, 0, Mask((Origin(TensorRef("ids")),)))
    changed = with_explicit_mask(model, found)
    node = changed.layers[-1]
    assert node.class_name == "NotEqual"
    assert call(changed, "lstm").kwargs == {
        "initial_state": [TensorRef("s")],
        "mask": TensorRef(node.name),
    }


def test_a_sequential_as_a_graph() -> None:
    layers = (given(), Layer("a", "Dense"), Layer("b", "Dense"))
    config = {"trainable": False, "build_input_shape": [None, 6]}
    model = as_functional(Model("s", "sequential", layers, config=config))
    assert model is not None
    assert (model.kind, model.name, model.config) == ("functional", "s", {"trainable": False})
    assert (model.inputs, model.outputs) == (TensorRef("ids"), TensorRef("b"))
    assert call(model, "a").args == (TensorRef("ids"),)
    assert call(model, "b").args == (TensorRef("a"),)


def test_a_sequential_without_input_is_no_graph() -> None:
    assert as_functional(Model("s", "sequential", (Layer("a", "Dense"),))) is None
    assert as_functional(Model("s", "sequential", ())) is None


def test_a_graph_is_one_already() -> None:
    model = graph(given(), output="ids")
    assert as_functional(model) is model
