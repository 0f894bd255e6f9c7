"""Sequential models that do not say what they take."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from converter.api.pipeline import parse
from converter.containers import open_model
from converter.model.description import Layer, Model
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    KERAS_3,
    TF_1,
    findings,
    layer,
    only,
    with_weights,
)
from tests.sample_store import samples

CODE = "KF305"


def sequential(*layers: Layer, **config: object) -> Model:
    return Model("top", "sequential", layers, config=config)


def weighted(name: str, shape: tuple[int, ...], **config: object) -> Layer:
    label = "embeddings" if name == "Embedding" else "kernel"
    return with_weights(layer(name, **config), **{label: np.zeros(shape)})[0]


def test_models_that_say_it_stay() -> None:
    given = Layer("given", "InputLayer", {"batch_shape": [None, 4]})
    assert findings(upgrade(sequential(given, weighted("Dense", (4, 3))), TF_1), CODE) == []
    built = sequential(weighted("Dense", (4, 3)), build_input_shape=[None, 4])
    assert findings(upgrade(built, TF_1), CODE) == []


def test_models_without_weights_stay() -> None:
    assert findings(upgrade(sequential(layer("Dense")), TF_1), CODE) == []


def test_files_of_keras_3_are_not_touched() -> None:
    assert findings(upgrade(sequential(weighted("Dense", (4, 3))), KERAS_3), CODE) == []


LAST = {"data_format": "channels_last"}
CONV_1D = weighted("Conv1D", (3, 4, 8), kernel_size=[3])
CONV_2D = weighted("Conv2D", (3, 3, 1, 8), kernel_size=[3, 3], **LAST)
FLATTEN = layer("Flatten", "flat")
POOL = layer("MaxPooling2D", "pool", pool_size=[2, 2], **LAST)


def recurrent(name: str, gates: int = 1, **config: object) -> Layer:
    weights = {"kernel": np.zeros((4, 3 * gates)), "recurrent_kernel": np.zeros((3, 3 * gates))}
    return with_weights(layer(name, **config), **weights)[0]


def dense(inputs: int, name: str = "dense") -> Layer:
    return replace(weighted("Dense", (inputs, 2)), name=name)


@pytest.mark.parametrize(
    ("layers", "shape"),
    [
        ([recurrent("LSTM", 4)], [None, None, 4]),
        ([recurrent("SimpleRNN")], [None, None, 4]),
        ([dense(4), layer("LSTM", "next")], None),
        ([CONV_1D], [None, None, 4]),
        ([layer("Dropout", "before"), CONV_1D], [None, None, 4]),
        ([CONV_2D], [None, None, None, 1]),
        ([CONV_2D, POOL, layer("GlobalMaxPooling2D", "all"), dense(8)], [None, None, None, 1]),
        ([CONV_2D, FLATTEN], [None, None, None, 1]),
        ([dense(4), layer("SpatialDropout1D", "next")], [None, None, 4]),
        ([CONV_1D, FLATTEN, dense(32)], [None, 6, 4]),
        ([CONV_2D, FLATTEN, dense(8)], [None, 3, 3, 1]),
        ([weighted("Conv2D", (3, 3, 1, 8), data_format="channels_first")], [None, 1, None, None]),
    ],
)
def test_the_weights_leave_one_shape(layers: list[Layer], shape: list | None) -> None:
    result = upgrade(sequential(*layers), TF_1)
    if shape is None:
        assert only(result, CODE).severity is Severity.REFUSED
        return
    given = result.model.layers[0]
    assert given.class_name == "InputLayer"
    assert given.config == {"batch_shape": shape, "dtype": "float32"}
    assert only(result, CODE).severity is Severity.BREAKS


def test_an_embedding_takes_integers() -> None:
    behind = recurrent("LSTM", 4)
    model = sequential(replace(weighted("Embedding", (9, 4)), name="words"), behind)
    given = upgrade(model, TF_1).model.layers[0]
    assert given.config == {"batch_shape": [None, None], "dtype": "int32"}


@pytest.mark.parametrize(
    ("layers", "known", "option"),
    [
        ([dense(4)], "it has 4 features", "--input-shape 4 or, with more axes, none,4"),
        ([weighted("BatchNormalization", (4,))], "shape its input has", "--input-shape"),
        ([weighted("Mine", (4, 3))], "shape its input has", "--input-shape 28,28,1"),
        ([recurrent("LSTM", 4, stateful=True)], "shape its input has", "--input-shape STEPS"),
        (
            [CONV_2D, POOL, FLATTEN, dense(392)],
            "height × width × 8 = 392",
            "--input-shape HEIGHT,WIDTH,1, for example 16,16,1",
        ),
        (
            [weighted("Conv1D", (3, 4, 8), kernel_size=[3], strides=[2]), FLATTEN, dense(16)],
            "steps × 8 = 16",
            "--input-shape STEPS,4, for example 5,4",
        ),
        ([CONV_1D, FLATTEN, dense(33)], "steps × 8 = 33", "--input-shape STEPS,4."),
        ([weighted("Embedding", (9, 4)), FLATTEN, dense(8)], "its input has", "--input-shape"),
    ],
)
def test_what_the_weights_leave_open_is_asked_for(
    layers: list[Layer], known: str, option: str
) -> None:
    result = upgrade(sequential(*layers), TF_1)
    finding = only(result, CODE)
    assert finding.severity is Severity.REFUSED
    assert known in finding.message
    assert option in finding.remedy
    assert result.model.layers[0].class_name != "InputLayer"


@pytest.mark.parametrize(
    ("shape", "fits"),
    [
        ([None, 16, 16, 1], True),
        ([None, None, None, 1], True),
        ([None, 16, 15, 1], True),
        ([None, 16, 18, 1], False),
        ([None, 16, 16, 3], False),
        ([None, 256, 1], False),
    ],
)
def test_a_shape_that_was_told_is_held_against_the_weights(shape: list, fits: bool) -> None:
    given = Layer("given", "InputLayer", {"batch_shape": shape, "dtype": "float32"})
    pool = replace(POOL, config=POOL.config | {"padding": "same"})
    model = sequential(given, CONV_2D, pool, FLATTEN, dense(392))
    told = findings(upgrade(model, TF_1, told_shape=True), CODE)
    assert [each.severity for each in told] == ([] if fits else [Severity.REFUSED])
    assert findings(upgrade(model, TF_1), CODE) == []


@pytest.mark.parametrize("writer", ["keras-1.2.2-theano", "keras-2.2.4", "tf-2.8.0"])
def test_what_is_found_is_what_a_file_says(writer: str) -> None:
    """Files that say their shape, without it."""
    found = 0
    for sample in samples(writer):
        if sample.kind != "full":
            continue
        with open_model(sample.path) as source:
            model = parse(source).model
        if model.kind != "sequential" or model.layers[0].class_name != "InputLayer":
            continue
        said = model.layers[0].config["batch_input_shape"]
        assert findings(upgrade(model, source.contents.writer, told_shape=True), CODE) == []
        behind = (each.with_config(drop=["batch_input_shape"]) for each in model.layers[1:])
        first = upgrade(sequential(*behind), source.contents.writer).model.layers[0]
        if first.class_name == "InputLayer":
            found += 1
            shape = first.config["batch_shape"]
            assert len(shape) == len(said), sample.id
            pairs = zip(shape, said, strict=True)
            assert all(size in (None, stated) for size, stated in pairs), sample.id
    assert found >= 3
