"""The order of layers in graphs: what Keras 3 makes of random models, and known small graphs."""

from __future__ import annotations

import random
from typing import Any

import pytest

from converter.dialects import keras3
from converter.layouts.graph_order import ordered_layers
from converter.layouts.variables import is_op
from converter.model.description import Call, Layer, Model, TensorRef
from tests.layouts.conftest import ask_keras

SEEDS = range(36)


@pytest.fixture(scope="module")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> Any:
    found = ask_keras(tmp_path_factory.mktemp("graphs"), "graphs", SEEDS.start, SEEDS.stop)
    return {graph["seed"]: graph for graph in found}


def order(model: Model) -> list[Any]:
    """Names as Keras lists them: no ops, no input layers of a Sequential."""
    names: list[Any] = []
    for layer in ordered_layers(model):
        hidden = model.kind == "sequential" and layer.class_name == "InputLayer"
        if not hidden and not is_op(layer):
            names += [layer.name] if layer.model is None else [layer.name, order(layer.model)]
    return names


@pytest.mark.engine
@pytest.mark.parametrize("seed", SEEDS)
class TestRandomGraphsInKeras:
    def test_order_is_that_of_the_loaded_model(self, graphs: Any, seed: int) -> None:
        assert order(keras3.parse(graphs[seed]["bare"])) == graphs[seed]["loaded"]

    def test_order_is_that_of_the_model_as_built(self, graphs: Any, seed: int) -> None:
        assert order(keras3.parse(graphs[seed]["bare"])) == graphs[seed]["built"]

    def test_written_masks_give_the_order_of_the_model_as_built(
        self, graphs: Any, seed: int
    ) -> None:
        assert order(keras3.parse(graphs[seed]["config"])) == graphs[seed]["built"]

    def test_order_does_not_depend_on_the_order_in_the_config(self, graphs: Any, seed: int) -> None:
        config = graphs[seed]["bare"]
        shuffled = list(config["config"]["layers"])
        random.Random(seed).shuffle(shuffled)
        mixed = {**config, "config": {**config["config"], "layers": shuffled}}
        assert order(keras3.parse(mixed)) == graphs[seed]["loaded"]


@pytest.mark.engine
def test_random_graphs_hold_what_they_are_for(graphs: Any) -> None:
    """Without masks that reach layers the comparison would prove little."""
    text = str([graph["config"] for graph in graphs.values()])
    for part in ("'mask': {", "MultiHeadAttention", "Masking", "LogicalOr", "mixed_float16"):
        assert part in text, part


def graph(*layers: Layer, inputs: Any, outputs: Any) -> Model:
    return Model("model", "functional", layers, inputs, outputs)


def given(name: str = "given") -> Layer:
    return Layer(name, "InputLayer", {"batch_shape": [None, 4]})


def dense(name: str, *sources: str) -> Layer:
    calls = tuple(Call((TensorRef(source),)) for source in sources)
    return Layer(name, "Dense", {"units": 4}, calls=calls)


def names(model: Model, **options: bool) -> list[str]:
    return [layer.name for layer in ordered_layers(model, **options)]


def test_deeper_layers_come_first() -> None:
    add = Layer("add", "Add", calls=(Call(([TensorRef("short"), TensorRef("long_2")],)),))
    layers = (given(), dense("short", "given"), dense("long_1", "given"), dense("long_2", "long_1"))
    model = graph(*layers, add, inputs=TensorRef("given"), outputs=TensorRef("add"))
    assert names(model) == ["given", "long_1", "short", "long_2", "add"]


def test_ties_follow_the_walk_from_the_outputs() -> None:
    layers = (given(), dense("a", "given"), dense("b", "given"))
    outputs = [TensorRef("b"), TensorRef("a")]
    model = graph(*layers, inputs=TensorRef("given"), outputs=outputs)
    assert names(model) == ["given", "b", "a"]


def test_a_shared_layer_counts_at_its_deepest_call() -> None:
    shared = dense("shared", "given", "between")
    layers = (given(), dense("between", "shared"), shared)
    model = graph(*layers, inputs=TensorRef("given"), outputs=TensorRef("shared", 1))
    assert names(model) == ["given", "shared", "between"]


def test_layers_that_no_output_needs_are_left_out() -> None:
    layers = (given(), dense("used", "given"), dense("loose", "given"))
    model = graph(*layers, inputs=TensorRef("given"), outputs=TensorRef("used"))
    assert names(model) == ["given", "used"]


def test_inputs_that_no_output_needs_stay() -> None:
    layers = (given(), given("other"), dense("used", "given"))
    inputs = [TensorRef("given"), TensorRef("other")]
    model = graph(*layers, inputs=inputs, outputs=TensorRef("used"))
    assert sorted(names(model)) == ["given", "other", "used"]


def test_a_sequential_keeps_its_order() -> None:
    layers = (given(), dense("z"), dense("a"))
    assert names(Model("model", "sequential", layers)) == ["given", "z", "a"]


def test_a_thousand_layers_are_no_problem() -> None:
    chain = [dense(f"layer_{n}", f"layer_{n - 1}" if n else "given") for n in range(3000)]
    model = graph(given(), *chain, inputs=TensorRef("given"), outputs=TensorRef("layer_2999"))
    assert names(model) == ["given", *(f"layer_{n}" for n in range(3000))]


def test_masks_count_for_keras_3_only() -> None:
    """Ops that make the mask of ``joined`` take the output of ``dense``, which puts it deeper."""
    embedding = Layer(
        "embedding", "Embedding", {"mask_zero": True}, calls=(Call((TensorRef("ids"),)),)
    )
    pair = [TensorRef("embedding"), TensorRef("dense")]
    model = graph(
        given("ids"),
        given("values"),
        embedding,
        dense("dense", "values"),
        Layer("joined", "Concatenate", {"axis": -1}, calls=(Call((pair,)),)),
        Layer("recurrent", "LSTM", {"units": 4}, calls=(Call((TensorRef("joined"),)),)),
        dense("other_1", "values"),
        dense("other_2", "other_1"),
        dense("other_3", "other_2"),
        dense("other_4", "other_3"),
        inputs=[TensorRef("ids"), TensorRef("values")],
        outputs=[TensorRef("recurrent"), TensorRef("other_4")],
    )
    plain = names(model, implicit_masks=False)
    masked = names(model, implicit_masks=True)
    assert plain.index("other_1") < plain.index("dense")
    assert masked.index("dense") < masked.index("other_1")
