"""Input shapes in Keras 2's words."""

import pytest

from converter.model.findings import Edit
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    ANYWHERE,
    KERAS_3,
    TF_2,
    assert_unchanged,
    findings,
    found,
    in_graph,
    layer,
    only,
    upgraded,
)

CODE = "KF110"


def test_input_layers_of_today_stay() -> None:
    assert_unchanged(layer("InputLayer", batch_shape=[None, 4], dtype="float32"), CODE)


def test_an_embedding_keeps_the_size_of_its_vocabulary() -> None:
    assert_unchanged(layer("Embedding", input_dim=9, output_dim=3), CODE)


@pytest.mark.parametrize("name", ["Dense", "LSTM"])
def test_layers_without_a_shape_stay(name: str) -> None:
    assert_unchanged(layer(name, units=3), CODE)


def test_files_of_keras_3_are_not_touched() -> None:
    it = layer("InputLayer", batch_input_shape=[None, 4])
    assert findings(upgrade(in_graph(it), KERAS_3), CODE) == []


@pytest.mark.parametrize("dtype", ["float32", "int32", "string"])
def test_an_input_layer_gets_batch_shape(dtype: str) -> None:
    it = layer("InputLayer", batch_input_shape=[None, 4], dtype=dtype, sparse=False, ragged=False)
    new = found(upgraded(it).model).config
    assert new == {"batch_shape": [None, 4], "dtype": dtype}


@pytest.mark.parametrize("key", ["sparse", "ragged"])
def test_kinds_of_tensors_are_kept(key: str) -> None:
    new = found(upgraded(layer("InputLayer", batch_input_shape=[None, 4], **{key: True})).model)
    assert new.config[key] is True


def test_the_dtype_under_its_old_name() -> None:
    it = layer("InputLayer", batch_input_shape=[None, 4], input_dtype="int32")
    assert found(upgraded(it).model).config["dtype"] == "int32"


@pytest.mark.parametrize("where", ANYWHERE)
@pytest.mark.parametrize("key", ["batch_input_shape", "input_shape", "input_dtype", "input_length"])
def test_other_layers_lose_the_shape(key: str, where: str) -> None:
    result = upgrade(ANYWHERE[where](layer("Dense", units=3, **{key: [None, 4]})), TF_2)
    assert found(result.model).config == {"units": 3}
    assert only(result, CODE).edits == (Edit(key, [None, 4], None),)


def test_the_length_of_an_embedding_goes_and_its_size_stays() -> None:
    it = layer("Embedding", input_dim=9, output_dim=3, input_length=5)
    assert found(upgraded(it).model).config == {"input_dim": 9, "output_dim": 3}
