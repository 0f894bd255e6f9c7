"""Words of the user's code that mean another function in Keras 3."""

import ast

import pytest

from converter.model.description import Writer
from converter.porting.meaning import other_meanings
from converter.porting.source import Source

KERAS_2_2 = Writer((2, 2, 4), False, "tensorflow", "2.2.4")
TF_2 = Writer((2, 8, 0), True, "tensorflow", "2.8.0")
KERAS_3 = Writer((3, 0, 5), False, "tensorflow", "3.0.5")


def found(text: str, writer: Writer = TF_2, *, strings: bool = True) -> list[tuple[int, str]]:
    source = Source("mine.py", text, ast.parse(text))
    return [(each.line, each.what) for each in other_meanings(source, writer, strings=strings)]


@pytest.mark.parametrize(
    "text",
    [
        "def hard_sigmoid(x):\n    return x",
        "from mine import hard_sigmoid\ny = hard_sigmoid(1)",
        "from keras import layers\nlayers.LSTM(3)",
        "from keras import layers\nlayers.ConvLSTM2D(3, 3, recurrent_activation='sigmoid')",
        "from keras import layers\nlayers.ConvLSTM2D(3, 3, **rest)",
        "from keras.activations import sigmoid\ny = sigmoid(1)",
    ],
)
def test_what_means_the_same_is_left_alone(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "import keras\ny = keras.activations.hard_sigmoid(1)",
        "from tensorflow.keras.backend import hard_sigmoid as h\ny = h(1)",
        "import tensorflow as tf\ny = tf.keras.activations.hard_sigmoid(1)",
    ],
)
def test_the_function_is_found_whatever_keras_it_is_of(text: str) -> None:
    assert found(text) == [(2, "hard_sigmoid")]
    assert found(text, KERAS_3) == []


def test_the_name_in_quotes_is_found_where_no_rule_looks() -> None:
    text = "from keras import layers\nlayers.Dense(3, activation='hard_sigmoid')"
    assert found(text) == [(2, "hard_sigmoid")]
    assert found(text, strings=False) == []


def test_defaults_that_changed_are_found_by_the_writer() -> None:
    text = "from tensorflow.keras.layers import LSTM, ConvLSTM2D\nLSTM(3)\nConvLSTM2D(3, 3)"
    assert found(text) == [(3, "ConvLSTM2D without a recurrent_activation")]
    assert [line for line, _ in found(text, KERAS_2_2)] == [2, 3]
