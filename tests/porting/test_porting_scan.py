"""What of a module's text tells that it is old."""

import pytest

from converter.porting.scan import old_words
from tests.porting.texts import source


def words(text: str) -> list[tuple[int, str]]:
    return [(word.line, word.what) for word in old_words(source(text))]


@pytest.mark.parametrize(
    "text",
    [
        "import keras\nfrom keras import ops\nclass A(keras.layers.Layer): pass",
        "from tensorflow.keras import backend as K\ndef f(x): return K.dot(x, K.transpose(x))",
        "import tensorflow.compat.v1 as tf\ndef f(x): return tf.log(x)",
        "import tensorflow as tf\ndef f(x): return tf.compat.v1.log(x)",
        "import keras\nfrom keras import backend as K\n"
        "dot = keras.ops.dot if hasattr(keras, 'ops') else K.dot",
        "try:\n    from keras.engine import Layer\n"
        "except ImportError:\n    from keras.layers import Layer",
        "from own import engine\nengine.topology.Layer",
        "def build(self): self.add_weight(name='w', shape=())",
    ],
    ids=["keras3", "tf.keras", "v1", "through v1", "asks", "tries", "own", "add_weight"],
)
def test_code_of_today(text):
    assert words(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("from keras.engine.topology import Layer", [(1, "keras.engine.topology")]),
        ("from keras import initializations", [(1, "keras.initializations")]),
        ("from keras.layers.core import Dense", [(1, "keras.layers.core")]),
        ("import keras\nclass A(keras.engine.Layer): pass", [(2, "keras.engine.Layer")]),
        ("from tensorflow.python.keras.layers import Layer",
         [(1, "tensorflow.python.keras.layers")]),
        ("from keras import backend as K\nK.sum(1)", [(2, "keras.backend.sum")]),
        ("from tensorflow.keras import backend as K\nK.get_session()",
         [(2, "keras.backend.get_session")]),
        ("import tensorflow as tf\ntf.log(1)", [(2, "tf.log")]),
        ("import tensorflow as tf\ntf.contrib.layers.flatten(1)",
         [(2, "tf.contrib.layers.flatten")]),
        ("def b(s): s.trainable_weights = [s.W]", [(1, "self.trainable_weights = …")]),
        ("def f(x): return x._keras_shape", [(1, "_keras_shape")]),
        ("class A:\n  def get_output_shape_for(self, s): pass", [(2, "get_output_shape_for")]),
        ("def b(s): s.add_weight('w', (2,))", [(1, "add_weight with the name first")]),
        ("import tf_keras", [(1, "tf_keras")]),
    ],
)  # fmt: skip
def test_old_words_have_their_line(text, found):
    assert words(text) == found
