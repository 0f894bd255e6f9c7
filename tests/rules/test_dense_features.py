"""DenseFeatures as a small model."""

from __future__ import annotations

import numpy as np
import pytest

from converter.model.description import Call, Json, Layer, Model, TensorRef
from converter.model.findings import Severity
from converter.rules.apply import Upgrade, upgrade
from tests.rules.upgrading import (
    KERAS_3,
    TF_2,
    assert_unchanged,
    findings,
    found,
    in_sequential,
    layer,
    only,
    value,
    with_weights,
)

CODE = "KF158"


def column(kind: str, **config: Json) -> Json:
    return {"class_name": f"{kind}Column", "config": config}


def numeric(key: str = "age", **config: Json) -> Json:
    return column("Numeric", **{"key": key, "shape": [1], "normalizer_fn": None, **config})


def bucketized(**config: Json) -> Json:
    return column("Bucketized", source_column=numeric(**config), boundaries=[0.0, 1.0])


def vocabulary(**config: Json) -> Json:
    default = {"key": "age", "vocabulary_list": ["a", "b"], "dtype": "string"}
    rest = {"default_value": -1, "num_oov_buckets": 0}
    return column("VocabularyListCategorical", **{**default, **rest, **config})


def indicator(source: Json) -> Json:
    return column("Indicator", categorical_column=source)


def embedding(source: Json, **config: Json) -> Json:
    default = {"dimension": 2, "combiner": "mean", "max_norm": None, "trainable": True}
    return column("Embedding", categorical_column=source, **{**default, **config})


def features(it: Layer, shape: Json = (None, 1), **config: Json) -> Model:
    """The layer called with one feature."""
    config = {"batch_shape": list(shape), "dtype": "float32", **config}
    given = Layer("given", "InputLayer", config)
    called = Layer(
        it.name,
        it.class_name,
        it.config,
        it.weights,
        (Call(({"age": TensorRef("given")},)),),
    )
    return Model(
        "top", "functional", (given, called), {"age": TensorRef("given")}, TensorRef(it.name)
    )


def result(*columns: Json, **config: Json) -> Upgrade:
    return upgrade(features(layer("DenseFeatures", feature_columns=list(columns)), **config), TF_2)


def classes(result: Upgrade) -> list[str]:
    model = found(result.model).model
    assert model is not None
    return [each.class_name for each in model.layers]


@pytest.mark.parametrize("name", ["Dense", "Concatenate", "Discretization"])
def test_other_layers_stay(name: str) -> None:
    assert_unchanged(layer(name), CODE)


def test_files_of_keras_3_are_not_touched() -> None:
    it = layer("DenseFeatures", feature_columns=[numeric()])
    assert findings(upgrade(features(it), KERAS_3), CODE) == []


def test_numbers_are_reshaped() -> None:
    upgraded = result(numeric())
    assert only(upgraded, CODE).severity is Severity.BREAKS
    assert classes(upgraded) == ["InputLayer", "Reshape"]
    assert found(upgraded.model).calls == (Call((TensorRef("given"),)),)


def test_integers_become_floats() -> None:
    assert "Cast" in classes(result(numeric(), dtype="int32"))


def test_columns_stay_in_their_order() -> None:
    upgraded = result(numeric(), bucketized())
    assert classes(upgraded)[1:] == ["Reshape", "Reshape", "Discretization", *_HOT, "Concatenate"]


_HOT = ["OneHot", "Reshape"]


def test_words_are_looked_up_and_counted() -> None:
    upgraded = result(indicator(vocabulary()), dtype="string")
    lookup = next(
        each for each in found(upgraded.model).model.layers if each.class_name == "StringLookup"
    )
    assert lookup.config["vocabulary"] == ["a", "b"]
    assert lookup.config["mask_token"] == ""
    assert lookup.config["oov_token"] not in ("a", "b", "")


def test_the_word_for_unknown_ones_is_none_of_the_vocabulary() -> None:
    source = vocabulary(vocabulary_list=["[UNK]"])
    upgraded = result(indicator(source), dtype="string")
    assert found(upgraded.model, "it_stringlookup").config["oov_token"] == "[UNK]_1"
    source = vocabulary(vocabulary_list=[-4, 2], dtype="int64")
    upgraded = result(indicator(source), dtype="int64")
    assert found(upgraded.model, "it_integerlookup").config["oov_token"] == -5


def embedded(table: np.ndarray, shape: Json = (None, 1), **config: Json) -> tuple[Upgrade, Json]:
    columns = [embedding(vocabulary(), **config)]
    it, stored = with_weights(layer("DenseFeatures", feature_columns=columns), embedding_0=table)
    return upgrade(features(it, shape, dtype="string"), TF_2), stored


def test_the_first_row_of_a_table_is_for_nothing() -> None:
    table = np.array([[1, 2], [3, 4]], np.float32)
    upgraded, stored = embedded(table)
    (weight,) = found(upgraded.model, "it_embedding").weights
    assert value(weight, stored).tolist() == [[0, 0], [1, 2], [3, 4]]
    assert weight.shape == (3, 2)


def test_long_rows_are_shortened_where_the_column_did() -> None:
    upgraded, stored = embedded(np.array([[3, 4], [0.3, 0.4]], np.float32), max_norm=1.0)
    (weight,) = found(upgraded.model, "it_embedding").weights
    np.testing.assert_allclose(value(weight, stored)[1:], [[0.6, 0.8], [0.3, 0.4]], rtol=1e-6)


@pytest.mark.parametrize(
    ("combiner", "expected"), [("sum", []), ("mean", ["Divide"]), ("sqrtn", ["Sqrt", "Divide"])]
)
def test_several_ids_are_combined(combiner: str, expected: list[str]) -> None:
    upgraded, _ = embedded(np.ones((2, 2), np.float32), (None, 3), combiner=combiner)
    assert [each for each in classes(upgraded) if each in ("Sqrt", "Divide")] == expected


def test_one_id_is_not_divided() -> None:
    assert "Divide" not in classes(embedded(np.ones((2, 2), np.float32), combiner="mean")[0])


@pytest.mark.parametrize(
    "refused",
    [
        numeric(normalizer_fn="log"),
        bucketized(normalizer_fn="log"),
        indicator(column("Crossed", keys=["a", "b"], hash_bucket_size=3)),
        indicator(vocabulary(num_oov_buckets=2)),
        indicator(vocabulary(vocabulary_list=["a", ""])),
        indicator(column("VocabularyFileCategorical", key="age")),
        embedding(vocabulary()),
        column("SharedEmbedding", categorical_column=vocabulary()),
    ],
)
def test_what_no_layer_does_is_refused(refused: Json) -> None:
    upgraded = result(refused)
    assert only(upgraded, CODE).severity is Severity.REFUSED
    assert only(upgraded, CODE).remedy
    assert found(upgraded.model).class_name == "DenseFeatures"


@pytest.mark.parametrize(
    "config", [{"sparse": True}, {"ragged": True}, {"shape": (None, 2, 3), "dtype": "string"}]
)
def test_inputs_that_are_no_plain_rows_are_refused(config: Json) -> None:
    assert only(result(indicator(vocabulary()), **config), CODE).severity is Severity.REFUSED


def test_a_feature_that_is_not_given_is_refused() -> None:
    assert only(result(numeric("size")), CODE).severity is Severity.REFUSED


def test_a_sequential_says_its_inputs_from_then_on() -> None:
    columns = [numeric("size", shape=[2]), indicator(vocabulary(key="word"))]
    it = layer("DenseFeatures", feature_columns=columns)
    model = Model("top", "sequential", (it, Layer("dense", "Dense", {"units": 2})))
    new = upgrade(model, TF_2).model
    assert new.kind == "functional"
    assert new.inputs == {"size": TensorRef("size"), "word": TensorRef("word")}
    assert found(new, "size").config["batch_shape"] == [None, 2]
    assert found(new, "word").config["dtype"] == "string"
    assert found(new, "dense").calls == (Call((TensorRef("it"),)),)


def test_behind_another_layer_of_a_sequential_it_is_refused() -> None:
    it = layer("DenseFeatures", feature_columns=[numeric()])
    assert only(upgrade(in_sequential(it), TF_2), CODE).severity is Severity.REFUSED
