"""What is known of tensors without running a model."""

from __future__ import annotations

from typing import Any

import pytest

from converter.model.description import Call, Layer, Model, TensorRef
from converter.model.tensors import Tensor, needed_rank, received, wrapped
from tests.rules.graphs import called, graph, nested


def given(name: str = "x", rank: int = 4, dtype: str = "float32") -> Layer:
    return Layer(name, "InputLayer", {"batch_shape": [None] * rank, "dtype": dtype})


def behind(class_name: str, rank: int = 4, dtype: str = "float32", **config: Any) -> Tensor:
    """What a layer gets behind one of this class."""
    model = graph(
        given(rank=rank, dtype=dtype),
        called(class_name, "between", "x", config=config),
        called("Dense", "last", "between"),
        output="last",
        inputs=("x",),
    )
    return {layer.name: tensors for layer, tensors in received(model)}["last"][0]


@pytest.mark.parametrize(
    ("name", "config", "given_rank", "rank"),
    [
        ("Activation", {}, 3, 3),
        ("Conv1D", {}, 3, 3),
        ("Conv2D", {}, 4, 4),
        ("Conv2DTranspose", {}, 4, 4),
        ("DepthwiseConv2D", {}, 4, 4),
        ("SeparableConv1D", {}, 3, 3),
        ("MaxPooling3D", {}, 5, 5),
        ("AveragePooling2D", {}, 4, 4),
        ("ZeroPadding2D", {}, 4, 4),
        ("UpSampling1D", {}, 3, 3),
        ("GlobalAveragePooling2D", {}, 4, 2),
        ("GlobalMaxPooling2D", {"keepdims": True}, 4, 4),
        ("Embedding", {}, 2, 3),
        ("Flatten", {}, 4, 2),
        ("Reshape", {"target_shape": [2, 3, 4]}, 2, 4),
        ("RepeatVector", {}, 2, 3),
        ("LSTM", {}, 3, 2),
        ("GRU", {"return_sequences": True}, 3, 3),
        ("Dot", {}, 3, None),
        ("Lambda", {}, 3, None),
        ("ConvLSTM2D", {}, 5, None),
    ],
)
def test_ranks(name: str, config: dict[str, Any], given_rank: int, rank: int | None) -> None:
    assert behind(name, given_rank, **config).rank == rank


def test_of_several_tensors_the_highest_rank_counts() -> None:
    model = graph(
        given("x", 4),
        given("y", 2),
        called("Add", "add", "x", "y"),
        called("Dense", "last", "add"),
        output="last",
        inputs=("x", "y"),
    )
    assert [tensors for layer, tensors in received(model) if layer.name == "last"] == [(Tensor(4),)]


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64"])
@pytest.mark.parametrize("name", ["Flatten", "Dropout", "MaxPooling2D", "ZeroPadding2D", "Masking"])
def test_integers_stay_integers(name: str, dtype: str) -> None:
    assert behind(name, dtype=dtype).integer
    assert not behind(name).integer


@pytest.mark.parametrize("name", ["Dense", "Embedding", "Rescaling", "Conv2D", "Normalization"])
def test_most_layers_return_floats(name: str) -> None:
    assert not behind(name, dtype="uint8").integer


def test_interpolation_returns_floats() -> None:
    assert not behind("Resizing", dtype="uint8").integer
    assert behind("Resizing", dtype="uint8", interpolation="nearest").integer
    assert behind("UpSampling2D", dtype="uint8").integer
    assert not behind("UpSampling2D", dtype="uint8", interpolation="bilinear").integer


def test_lookup_layers_return_integers() -> None:
    assert behind("IntegerLookup").integer
    assert not behind("StringLookup", output_mode="multi_hot").integer
    assert behind("Activation", dtype="int32", activation="relu").integer
    assert not behind("Activation", dtype="int32", activation="tanh").integer


def test_a_sequential_without_an_input_is_not_known() -> None:
    layers = (Layer("a", "Activation"), Layer("b", "Conv2D"), Layer("c", "Dense"))
    seen = {layer.name: tensors for layer, tensors in received(Model("m", "sequential", layers))}
    assert seen == {"a": (Tensor(),), "b": (Tensor(),), "c": (Tensor(4),)}


@pytest.mark.parametrize("kind", ["functional", "sequential"])
def test_what_leaves_a_nested_model(kind: str) -> None:
    layers = (given("i"), called("Conv2D", "conv", "i"))
    inner = Model("inner", kind, layers, TensorRef("i"), TensorRef("conv"))
    model = graph(
        given(),
        nested("inner", "x", inner),
        called("Dense", "d", "inner"),
        output="d",
        inputs=("x",),
    )
    assert {layer.name: t for layer, t in received(model)}["d"] == (Tensor(4),)


def test_what_a_time_distributed_layer_gets_of_each_step() -> None:
    inside = Layer("bn", "BatchNormalization")
    once = Layer("td", "TimeDistributed", inner={"layer": inside})
    twice = Layer("tds", "TimeDistributed", inner={"layer": once})
    assert wrapped(inside, Tensor(3)) == (inside, Tensor(3))
    assert wrapped(twice, Tensor(5)) == (inside, Tensor(3))
    assert wrapped(once, Tensor()) == (inside, Tensor())


def test_a_layer_without_calls_gets_nothing() -> None:
    model = Model("m", "functional", (Layer("a", "Dense", calls=(Call(),)),))
    assert list(received(model)) == [(model.layers[0], ())]


@pytest.mark.parametrize(
    ("layer", "rank"),
    [
        (Layer("it", "Dense"), None),
        (Layer("it", "Flatten"), None),
        (Layer("it", "Mine2D"), None),
        (Layer("it", "LSTM"), 3),
        (Layer("it", "RepeatVector"), 2),
        (Layer("it", "Conv1D"), 3),
        (Layer("it", "GlobalMaxPooling2D"), 4),
        (Layer("it", "SpatialDropout3D"), 5),
        (Layer("it", "Bidirectional", inner={"layer": Layer("inner", "GRU")}), 3),
        (Layer("it", "TimeDistributed", inner={"layer": Layer("inner", "Conv2D")}), 5),
        (Layer("it", "TimeDistributed", inner={"layer": Layer("inner", "Dense")}), None),
    ],
)
def test_what_a_layer_needs(layer: Layer, rank: int | None) -> None:
    assert needed_rank(layer) == rank
