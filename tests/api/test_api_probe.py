"""Inputs to try a model with."""

from __future__ import annotations

import pytest

from converter.api.pipeline import parse
from converter.api.probe import build_input_shape, input_specs
from converter.containers import open_model
from converter.model.description import Call, Layer, Model, TensorRef


def layer(name, class_name, *sources, **config):
    calls = (Call(tuple(TensorRef(each) for each in sources)),) if sources else ()
    return Layer(name, class_name, config, calls=calls)


def model(*layers, inputs=("ids",)):
    refs = [TensorRef(each) for each in inputs]
    return Model("m", "functional", layers, refs, TensorRef(layers[-1].name))


IDS = layer("ids", "InputLayer", batch_shape=[None, 7], dtype="float32")


@pytest.mark.parametrize("between", ["Reshape", "Masking", "Dropout"])
def test_embedding_limits_the_input(between):
    spec = input_specs(
        model(
            IDS, layer("between", between, "ids"), layer("e", "Embedding", "between", input_dim=9)
        )
    )[0]
    assert (spec.shape, spec.low, spec.high, spec.integral) == ((None, 7), 0, 9, True)


def test_smallest_vocabulary_counts():
    first = layer("a", "Embedding", "ids", input_dim=9)
    second = layer("b", "Embedding", "ids", input_dim=5)
    assert input_specs(model(IDS, first, second))[0].high == 5


def test_embedding_in_a_nested_model():
    inner = model(IDS, layer("e", "Embedding", "ids", input_dim=4))
    nested = Layer("nested", "Functional", model=inner, calls=(Call((TensorRef("ids"),)),))
    assert input_specs(model(IDS, nested))[0].high == 4


def test_computed_values_are_no_indices():
    dense = layer("d", "Dense", "ids", units=3)
    assert input_specs(model(IDS, dense, layer("e", "Embedding", "d", input_dim=4)))[0].high is None


def test_sequential():
    layers = (IDS, layer("e", "Embedding", input_dim=6))
    sequential = Model("m", "sequential", layers)
    assert input_specs(sequential)[0].high == 6
    assert build_input_shape(sequential) is None


def test_sequential_without_input_layer():
    layers = (layer("d", "Dense", units=3),)
    sequential = Model("m", "sequential", layers, config={"build_input_shape": [None, 4]})
    assert input_specs(sequential) == ()
    assert build_input_shape(sequential) == (None, 4)


def test_real_model(sample):
    with open_model(sample("keras-2.2.4", "recommender")) as source:
        specs = input_specs(parse(source).model)
    assert all(spec.high for spec in specs)


WORDS = layer("words", "InputLayer", batch_shape=[None, 1], dtype="string")


def choices(*layers):
    (spec,) = input_specs(model(WORDS, *layers, inputs=("words",)))
    return spec


def test_lookups_are_tried_with_their_words_and_another():
    first = layer("a", "StringLookup", "words", vocabulary=["red", "old"])
    spec = choices(first, layer("b", "StringLookup", "words", vocabulary=["old", "new"]))
    assert set(spec.choices) == {"red", "old", "new", "", "kfix"}
    assert not spec.phrases


def test_texts_are_tried_with_phrases():
    spec = choices(layer("a", "TextVectorization", "words", vocabulary=["red", "old"]))
    assert spec.phrases
    assert {"red", "old"} < set(spec.choices)


def test_where_unknown_words_are_errors_there_are_none():
    first = layer("a", "StringLookup", "words", vocabulary=["red", "old"], num_oov_indices=0)
    spec = choices(first, layer("b", "StringLookup", "words", vocabulary=["old", "new"]))
    assert spec.choices == ("old",)


def test_a_lookup_in_a_nested_model_counts():
    inner = model(WORDS, layer("a", "IntegerLookup", "words", vocabulary=[3, 9]), inputs=["words"])
    nested = Layer("inner", "Functional", calls=(Call((TensorRef("words"),)),), model=inner)
    assert set(choices(nested).choices) == {3, 9, 10, 0}


def test_indices_are_turned_back_into_words():
    spec = choices(layer("a", "StringLookup", "words", vocabulary=["x", "y", "z"], invert=True))
    assert spec.choices == (0, 1, 2)
