"""Sequential models that do not say what they take."""

import numpy as np
import pytest

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


def test_behind_a_flatten_the_size_is_unknown_so_it_is_refused() -> None:
    first = weighted("Conv2D", (3, 3, 1, 8), data_format="channels_last")
    model = sequential(first, layer("Flatten", "flatten"), layer("Dense", "dense"))
    result = upgrade(model, TF_1)
    assert only(result, CODE).severity is Severity.REFUSED
    assert result.model.layers[0].class_name == "Conv2D"


@pytest.mark.parametrize("first", [weighted("BatchNormalization", (4,)), weighted("Mine", (4, 3))])
def test_weights_that_do_not_tell_are_refused(first: Layer) -> None:
    assert only(upgrade(sequential(first), TF_1), CODE).severity is Severity.REFUSED


@pytest.mark.parametrize(
    ("first", "shape", "dtype"),
    [
        (weighted("Dense", (4, 3)), [None, 4], "float32"),
        (weighted("LSTM", (4, 12)), [None, None, 4], "float32"),
        (weighted("SimpleRNN", (4, 3)), [None, None, 4], "float32"),
        (weighted("Embedding", (9, 4)), [None, None], "int32"),
        (weighted("Conv1D", (3, 4, 8)), [None, None, 4], "float32"),
        (weighted("Conv2D", (3, 3, 1, 8)), [None, None, None, 1], "float32"),
        (
            weighted("Conv2D", (3, 3, 1, 8), data_format="channels_first"),
            [None, 1, None, None],
            "float32",
        ),
    ],
)
def test_the_first_weights_tell(first: Layer, shape: list, dtype: str) -> None:
    result = upgrade(sequential(first), TF_1)
    given, it = result.model.layers
    assert (given.class_name, it.name) == ("InputLayer", "it")
    assert given.config == {"batch_shape": shape, "dtype": dtype}
    assert only(result, CODE).severity is Severity.BREAKS
