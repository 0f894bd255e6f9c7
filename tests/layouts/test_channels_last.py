"""Whole graphs with the channels last: the same numbers, the same names, few Permutes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.layouts.channels_last import with_channels_last
from converter.model.description import Call, Layer, Model, TensorRef
from converter.model.structures import call_refs
from tests.layouts.numpy_graphs import SHAPE, RandomGraph, computed
from tests.rules.upgrading import layer

FIRST = {"data_format": "channels_first"}
SEEDS = st.integers(0, 2**32 - 1)


def by_name(model: Model) -> dict[str, Layer]:
    return {each.name: each for each in model.layers}


@settings(max_examples=200, deadline=None)
@given(SEEDS, st.booleans())
def test_the_numbers_stay(seed: int, keep: bool) -> None:
    graph = RandomGraph(seed)
    new = with_channels_last(graph.model, keep_output_names=keep)
    given_ = np.random.default_rng(seed).normal(size=SHAPE)
    before = computed(graph.model, given_, graph.values)
    after = computed(new, given_, graph.values)
    for old, now in zip(before, after, strict=True):
        np.testing.assert_allclose(now, old, rtol=1e-9)


@settings(max_examples=100, deadline=None)
@given(SEEDS)
def test_no_convolution_is_left_and_no_permute_of_ours_follows_another(seed: int) -> None:
    graph = RandomGraph(seed)
    new = with_channels_last(graph.model)
    ours = by_name(new).keys() - by_name(graph.model).keys()
    assert by_name(graph.model).keys() <= by_name(new).keys()
    for each in new.layers:
        if each.class_name == "Conv2D":
            assert each.config["data_format"] == "channels_last"
        if each.class_name == "Permute" and each.name in ours:
            assert not any(
                ref.layer in ours and by_name(new)[ref.layer].class_name == "Permute"
                for call in each.calls
                for ref in call_refs(call)
            )


def test_a_model_without_convolutions_stays() -> None:
    model = Model("m", "sequential", (layer("MaxPooling2D", **FIRST),))
    assert with_channels_last(model) == model


def network(*layers: Layer) -> list[tuple[str, str]]:
    """What a Sequential of these becomes, names and classes."""
    given_ = Layer("given", "InputLayer", {"batch_shape": [None, 2, 6, 6]})
    new = with_channels_last(Model("m", "sequential", (given_, *layers)), keep_output_names=True)
    assert new.kind == "sequential"
    assert not any(each.calls for each in new.layers)
    return [(each.name, each.class_name) for each in new.layers[1:]]


def test_a_sequential_has_one_permute_at_each_end() -> None:
    found = network(
        layer("Conv2D", "a", **FIRST),
        layer("BatchNormalization", "b", axis=1),
        layer("MaxPooling2D", "c", **FIRST),
        layer("Conv2D", "d", **FIRST),
        layer("Flatten", "e", data_format="channels_last"),
        layer("Dense", "f"),
    )
    assert [name for name, _ in found] == [
        *("a_to_channels_last", "a", "b", "c", "d"),
        *("d_to_channels_first", "e", "f"),
    ]


def test_a_flatten_that_knows_of_the_order_needs_none() -> None:
    found = network(layer("Conv2D", "a", **FIRST), layer("Flatten", "b", **FIRST))
    assert [name for name, _ in found] == ["a_to_channels_last", "a", "b"]


def test_an_output_keeps_its_name() -> None:
    found = network(layer("Conv2D", "a", **FIRST))
    assert found == [
        ("a_to_channels_last", "Permute"),
        ("a_channels_last", "Conv2D"),
        ("a", "Permute"),
    ]


def test_a_sequential_without_an_input_layer_has_none_afterwards() -> None:
    new = with_channels_last(Model("m", "sequential", (layer("Conv2D", **FIRST),)))
    assert [each.class_name for each in new.layers] == ["Permute", "Conv2D", "Permute"]


def test_permutes_have_the_precision_of_their_layer() -> None:
    half = layer("Conv2D", dtype="mixed_float16", **FIRST)
    new = with_channels_last(Model("m", "sequential", (half,)))
    assert [each.config["dtype"] for each in new.layers] == ["mixed_float16"] * 3


def test_a_layer_that_is_moved_in_one_call_only_keeps_its_place() -> None:
    given_ = Layer("given", "InputLayer", {"batch_shape": [None, 3, 3, 3]})
    conv = Layer("conv", "Conv2D", FIRST, calls=(Call((TensorRef("given"),)),))
    relu = Layer("relu", "ReLU", calls=(Call((TensorRef("conv"),)), Call((TensorRef("given"),))))
    outputs = [TensorRef("relu", 0), TensorRef("relu", 1)]
    model = Model("m", "functional", (given_, conv, relu), TensorRef("given"), outputs)
    new = with_channels_last(model)
    assert new.outputs == outputs
    refs = [next(call_refs(call)).layer for call in by_name(new)["relu"].calls]
    assert refs == ["conv_to_channels_first", "given"]


def test_states_start_a_conv_lstm_in_their_new_order() -> None:
    encoder = layer("ConvLSTM2D", "encoder", return_state=True, return_sequences=False, **FIRST)
    decoder = layer("ConvLSTM2D", "decoder", return_sequences=True, **FIRST)
    steps = Layer("steps", "InputLayer", {"batch_shape": [None, 3, 2, 5, 5]})
    states = [TensorRef("encoder", 0, 1), TensorRef("encoder", 0, 2)]
    from dataclasses import replace

    encoder = replace(encoder, calls=(Call((TensorRef("steps"),)),))
    decoder = replace(decoder, calls=(Call((TensorRef("steps"),), {"initial_state": states}),))
    model = Model(
        "m", "functional", (steps, encoder, decoder), TensorRef("steps"), TensorRef("decoder")
    )
    new = by_name(with_channels_last(model))
    assert new["decoder"].calls[0].kwargs == {"initial_state": states}
    assert new["encoder"].calls == new["decoder"].calls[:0] + (
        Call((TensorRef("encoder_to_channels_last"),)),
    )
    assert new["encoder_to_channels_last"].config["dims"] == [1, 3, 4, 2]
    assert new["decoder_to_channels_first"].config["dims"] == [1, 4, 2, 3]


@pytest.mark.parametrize(
    ("sequences", "axis"),
    [(True, 3), (False, 2)],
)
def test_both_directions_are_joined_along_the_columns(sequences: bool, axis: int) -> None:
    one = layer("ConvLSTM2D", "one", return_sequences=sequences, **FIRST)
    inner = {"layer": one, "backward_layer": one}
    both = Layer("both", "Bidirectional", {"merge_mode": "concat"}, inner=inner)
    from dataclasses import replace

    steps = Layer("steps", "InputLayer", {"batch_shape": [None, 3, 2, 5, 5]})
    both = replace(both, calls=(Call((TensorRef("steps"),)),))
    model = Model("m", "functional", (steps, both), TensorRef("steps"), TensorRef("both"))
    new = by_name(with_channels_last(model))
    assert new["both"].config["merge_mode"] is None
    assert new["both_concat"].config["axis"] == axis
    assert new["both_concat"].calls == (Call(([TensorRef("both"), TensorRef("both", 0, 1)],)),)


def test_a_time_distributed_holds_the_permutes() -> None:
    wrapper = Layer("steps", "TimeDistributed", inner={"layer": layer("Conv2D", **FIRST)})
    new = with_channels_last(Model("m", "sequential", (wrapper,)))
    inside = new.layers[0].inner["layer"].model
    assert inside is not None
    assert [each.class_name for each in inside.layers] == ["Permute", "Conv2D", "Permute"]
