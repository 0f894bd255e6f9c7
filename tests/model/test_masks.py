"""How masks flow by Keras 2's rules."""

from __future__ import annotations

from typing import Any

import pytest

from converter.model.description import Layer, Model, TensorRef
from converter.model.masks import Mask, MaskedCall, Origin, carried_masks, masked_calls
from tests.rules.graphs import bidirectional, called, embedding, given, graph, nested

IDS = Origin(TensorRef("ids"))


def masked(model: Model) -> list[str]:
    return [found.path for found in masked_calls(model)]


def found(model: Model, name: str) -> MaskedCall:
    return next(each for each in masked_calls(model) if each.path == name)


def through(class_name: str, **config: Any) -> Model:
    return graph(
        given(),
        embedding(),
        called(class_name, "between", "embedding", config=config),
        called("LSTM", "lstm", "between"),
        output="lstm",
    )


def test_an_embedding_makes_a_mask_only_if_it_says_so() -> None:
    plain = graph(given(), embedding(masked=False), called("LSTM", "l", "embedding"), output="l")
    assert masked(plain) == []
    assert masked(through("Dense")) == ["between", "lstm"]


def test_the_mask_of_an_embedding_comes_from_its_ids() -> None:
    assert found(through("Dense"), "lstm").mask == Mask((IDS,))


def test_the_mask_of_masking_comes_from_all_features_of_its_input() -> None:
    model = graph(
        given("x"),
        called("Masking", "masking", "x", config={"mask_value": 2.0}),
        called("LSTM", "lstm", "masking"),
        output="lstm",
        inputs=("x",),
    )
    origin = Origin(TensorRef("x"), 2.0, over_features=True)
    assert found(model, "lstm").mask.origins == (origin,)


HANDS_ON = [
    *("Activation", "Dropout", "SpatialDropout1D", "GaussianNoise", "GaussianDropout", "Dense"),
    *("AlphaDropout", "BatchNormalization", "LayerNormalization", "ActivityRegularization"),
    *("LeakyReLU", "PReLU", "ELU", "ReLU", "Softmax", "ThresholdedReLU", "MultiHeadAttention"),
    *("TimeDistributed", "UnitNormalization", "GroupNormalization"),
]
DROPS = [
    *("Conv1D", "Flatten", "Reshape", "Permute", "RepeatVector", "GlobalAveragePooling1D", "Mine"),
    *("MaxPooling1D", "ZeroPadding1D", "UpSampling1D", "EinsumDense", "CategoryEncoding"),
]


@pytest.mark.parametrize("name", HANDS_ON)
def test_layers_that_hand_masks_on(name: str) -> None:
    assert masked(through(name)) == ["between", "lstm"]


@pytest.mark.parametrize("name", DROPS)
def test_layers_that_drop_masks(name: str) -> None:
    assert masked(through(name)) == ["between"]


@pytest.mark.parametrize("name", ["LSTM", "GRU", "SimpleRNN", "RNN", "ConvLSTM2D"])
@pytest.mark.parametrize("sequences", [True, False])
def test_recurrent_layers_hand_masks_on_with_their_sequences(name: str, sequences: bool) -> None:
    assert ("lstm" in masked(through(name, return_sequences=sequences))) is sequences


@pytest.mark.parametrize("sequences", [True, False])
def test_both_directions_too(sequences: bool) -> None:
    model = graph(
        given(),
        embedding(),
        bidirectional("both", "embedding", {"return_sequences": sequences}),
        called("LSTM", "lstm", "both"),
        output="lstm",
    )
    assert ("lstm" in masked(model)) is sequences


def test_two_outputs_of_both_directions_are_masked() -> None:
    both = bidirectional("both", "embedding", {"return_sequences": True}, merge_mode=None)
    carried = carried_masks(graph(given(), embedding(), both, output="both"))
    assert carried[TensorRef("both", 0, 0)] == carried[TensorRef("both", 0, 1)] == Mask((IDS,))


def test_op_nodes_drop_masks_even_if_they_are_called_like_layers() -> None:
    model = through("Dropout")
    (*others, between, last) = model.layers
    op = Layer("between", "Add", calls=between.calls, module="keras.src.ops.numpy")
    assert masked(graph(*others, op, last, output="lstm")) == ["between"]


def pair(second: Layer, merge: str = "Add", **config: Any) -> Model:
    return graph(
        given(),
        given("more"),
        embedding(),
        second,
        called(merge, "merge", "embedding", second.name, config=config),
        called("LSTM", "lstm", "merge"),
        output="lstm",
        inputs=("ids", "more"),
    )


def test_the_same_mask_twice_stays_that_mask() -> None:
    mask = found(pair(embedding("other")), "lstm").mask
    assert (mask.origins, mask.merged_otherwise) == ((IDS,), False)


@pytest.mark.parametrize("merge", ["Add", "Multiply", "Average", "Maximum", "Concatenate"])
def test_of_two_masks_both_count(merge: str) -> None:
    mask = found(pair(embedding("other", "more"), merge, axis=-1), "lstm").mask
    assert mask.origins == (IDS, Origin(TensorRef("more")))
    assert (mask.merged, mask.merged_otherwise) == (True, True)


def test_a_tensor_without_mask_leaves_the_other_s() -> None:
    mask = found(pair(embedding("other", "more", masked=False)), "lstm").mask
    assert (mask.origins, mask.merged_otherwise) == ((IDS,), True)


def test_dot_drops_masks() -> None:
    assert "lstm" not in masked(pair(embedding("other"), "Dot", axes=2))


def test_attention_keeps_the_mask_of_its_query() -> None:
    model = pair(embedding("other", "more"), "Attention")
    assert found(model, "lstm").mask.origins == (IDS,)


def test_joined_steps_have_no_known_origin() -> None:
    mask = found(pair(embedding("other", "more"), "Concatenate", axis=1), "lstm").mask
    assert mask.origins == ()


def test_a_mask_goes_into_a_nested_model() -> None:
    inner = graph(given("x"), called("LSTM", "lstm", "x"), output="lstm", inputs=("x",))
    model = graph(given(), embedding(), nested("inner", "embedding", inner), output="inner")
    assert masked(model) == ["inner", "inner/lstm"]
    assert found(model, "inner/lstm").mask == Mask()


def test_a_mask_comes_out_of_a_nested_model() -> None:
    inner = graph(given("x"), embedding("e", "x"), output="e", inputs=("x",))
    model = graph(
        given(), nested("inner", "ids", inner), called("LSTM", "lstm", "inner"), output="lstm"
    )
    assert found(model, "lstm").mask == Mask()


@pytest.mark.parametrize("last", ["Flatten", "GlobalAveragePooling1D"])
def test_a_mask_that_ends_inside_a_nested_model_does_not_come_out(last: str) -> None:
    inner = graph(
        given("x"), embedding("e", "x"), called(last, "last", "e"), output="last", inputs=("x",)
    )
    model = graph(
        given(), nested("inner", "ids", inner), called("LSTM", "lstm", "inner"), output="lstm"
    )
    assert masked(model) == ["inner/last"]


def test_along_a_sequential() -> None:
    layers = (
        given(),
        Layer("embedding", "Embedding", {"mask_zero": True}),
        Layer("dropout", "Dropout"),
        Layer("conv", "Conv1D"),
        Layer("lstm", "LSTM"),
    )
    assert masked(Model("m", "sequential", layers)) == ["dropout", "conv"]


def test_a_mask_that_a_nested_model_only_hands_on_keeps_its_origin() -> None:
    inside = graph(given("x"), called("Dropout", "d", "x"), output="d", inputs=("x",))
    model = graph(
        given(),
        embedding(),
        nested("inner", "embedding", inside),
        called("LSTM", "lstm", "inner"),
        output="lstm",
    )
    assert found(model, "lstm").mask.origins == (IDS,)


def test_a_mask_that_a_nested_model_makes_has_no_known_origin() -> None:
    inside = graph(given("x"), embedding(source="x"), output="embedding", inputs=("x",))
    model = graph(
        given(), nested("inner", "ids", inside), called("LSTM", "lstm", "inner"), output="lstm"
    )
    assert found(model, "lstm").mask.origins == ()
