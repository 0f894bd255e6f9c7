"""Edits of the user's text; that the result computes the same is shown by tests of samples."""

import ast

import pytest

from converter.model.description import Writer
from converter.porting.carry import carried
from converter.porting.dialect import dialect_of
from converter.porting.editing import Edit, edited, span
from tests.porting.texts import KERAS_1, KERAS_2, TF_1, TF_2, source


def own_part(text: str, dialect=KERAS_2) -> str:
    """The carried module without what was taken over in front."""
    result = carried(source(text), dialect)
    assert not result.problems
    ast.parse(result.text)
    body = result.text.split("keras2_backend = Keras2Backend(listed_by_hand=True)\n")[-1]
    return body.split("\n\ncustom_objects")[0].strip()


@pytest.mark.parametrize(
    ("old", "new", "dialect"),
    [
        ("from keras.engine.topology import Layer", "from keras.layers import Layer", KERAS_2),
        ("from keras.models import Model", "from keras.models import Model", KERAS_2),
        ("from keras.layers.core import Dense as D",
         "from keras.layers import Dense as D", KERAS_2),
        ("from keras.objectives import mse", "from keras.losses import mse", KERAS_1),
        ("from keras.layers.merge import _Merge",
         "from keras.src.layers.merging.base_merge import Merge as _Merge", KERAS_2),
        ("import tensorflow as tf", "import tensorflow.compat.v1 as tf", TF_1),
        ("import tensorflow as tf", "import tensorflow as tf", TF_2),
        ("import numpy as np", "import numpy as np", KERAS_2),
        ("import os.path", "import os.path", KERAS_2),
        ("from keras.utils.np_utils import to_categorical",
         "from keras.utils import to_categorical", KERAS_2),
    ],
)  # fmt: skip
def test_imports(old, new, dialect):
    assert own_part(old, dialect).splitlines()[-1] == new


def test_a_backend_is_taken_over_with_what_is_used():
    result = carried(
        source("from keras import backend as K\ndef f(x): return K.logsumexp(x)"), TF_2
    )
    assert "def logsumexp" in result.text
    assert "def local_conv1d" not in result.text
    assert "K = keras2_backend" in result.text


def test_batch_dot_changed_its_meaning():
    text = "from keras import backend as K\ndef f(x, y): return K.batch_dot(x, y, [2, 3])"
    assert "def batch_dot" in carried(source(text), KERAS_2).text
    assert "def batch_dot" not in carried(source(text), TF_2).text


def test_names_in_dotted_form():
    text = "import keras\nclass A(keras.engine.Layer):\n    pass\nf = keras.backend.dot"
    assert own_part(text).splitlines()[1:] == [
        "class A(keras.layers.Layer):", "    pass", "f = keras2_backend.dot",
    ]  # fmt: skip


def test_habits():
    assert own_part("def f(x): return x._keras_shape[1]").endswith("tuple(x.shape)[1]")
    assert own_part("def f(x): return x.shape[1].value").endswith("return x.shape[1]")
    assert own_part("def f(x): return x.value").endswith("return x.value")


def test_a_layer_with_old_habits_gets_a_base_more():
    text = (
        "from keras.layers import Layer\nclass A(Layer):\n"
        "    def build(self, s): self.trainable_weights = []\n"
        "class B(Layer):\n    def call(self, x): return x\n"
    )
    lines = own_part(text).splitlines()
    assert "class A(Keras2Layer, Layer):" in lines
    assert "class B(Layer):" in lines


def test_keras1_arguments():
    text = "from keras import backend as K\ndef f(x, w): return K.conv2d(x, w, border_mode='same')"
    assert own_part(text, KERAS_1).endswith("K.conv2d(x, w, padding='same')")


def test_objects_are_listed_for_load_model():
    text = carried(source("import keras\nclass A(keras.layers.Layer): pass\ndef _b(): pass"), TF_2)
    assert text.text.endswith('custom_objects = {\n    "A": A,\n}\n')


@pytest.mark.parametrize(
    ("text", "what", "advice"),
    [
        ("from keras import backend as K\nK.get_session()", "keras.backend.get_session", "call"),
        ("from keras import backend as K\nK.update(1, 2)", "keras.backend.update", "assign"),
        ("import tensorflow as tf\ntf.contrib.layers.flatten(1)", "tensorflow.contrib", "contrib"),
        ("from keras.layers import Recurrent", "keras.layers.Recurrent", "no Recurrent"),
        ("from .parts import A", "from .parts import A", "one file"),
        ("def b(s): s.trainable_weights.append(1)", "s.trainable_weights.append", "assign"),
    ],
)
def test_what_has_no_counterpart_is_told_with_its_line(text, what, advice):
    problems = carried(source(text), KERAS_2).problems
    assert problems[0].line == len(text.splitlines())
    assert problems[0].what.startswith(what)
    assert advice in problems[0].advice


def test_docstring_and_future_stay_in_front():
    text = '"""Mine."""\nfrom __future__ import division\nimport keras.backend as K\nK.dot'
    lines = carried(source(text), KERAS_2).text.splitlines()
    assert lines[:2] == ['"""Mine."""', "from __future__ import division"]


@pytest.mark.parametrize(
    ("writer", "expected"),
    [
        (Writer((2, 2, 4)), (True, True)),
        (Writer((2, 3, 1)), (False, False)),
        (Writer((2, 3, 1), backend_version=(1, 15)), (False, True)),
        (Writer((2, 2, 4), tf_keras=True), (False, False)),
        (Writer((2, 12, 0), tf_keras=True), (False, False)),
    ],
)
def test_dialect_of_a_writer(writer, expected):
    found = dialect_of(writer, ())
    assert (not found.tracks_variables, found.tensorflow1) == expected


@pytest.mark.parametrize(
    "use", ["tf.log(1)", "tf.image.resize_bilinear(1)", "tf.reduce_sum(1, keep_dims=True)"]
)
def test_words_of_tensorflow_1_decide_where_the_writer_does_not(use):
    text = source(f"import tensorflow as tf\n{use}")
    assert dialect_of(Writer((2, 2, 4), tf_keras=True), (text,)).tensorflow1
    today = source("import tensorflow as tf\ntf.reduce_sum(1, keepdims=True)")
    assert not dialect_of(Writer((2, 2, 4), tf_keras=True), (today,)).tensorflow1


def test_edits_count_in_bytes():
    text = "s = 'ü'; old\n"
    node = ast.parse(text).body[1]
    assert edited(text, [Edit(span(node), "new")]) == "s = 'ü'; new\n"


def test_hard_sigmoid_keeps_its_slope():
    text = "from keras import activations\nf = activations.get('hard_sigmoid')\n"
    result = carried(source(text), KERAS_2).text
    assert "activations = keras2_activations" in result
    assert "0.2 * x + 0.5" in result
    only = "from keras.activations import relu"
    assert own_part(only).endswith(only)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('Dense(4, activation="hard_sigmoid")',
         "Dense(4, activation=keras2_activations.hard_sigmoid)"),
        ('Activation("hard_sigmoid")', "Activation(keras2_activations.hard_sigmoid)"),
        ("LSTM(4)", "LSTM(4, recurrent_activation=keras2_activations.hard_sigmoid)"),
        ('LSTM(4, "tanh", "sigmoid")', 'LSTM(4, "tanh", "sigmoid")'),
        ('GRU(4, recurrent_activation="sigmoid")',
         'GRU(4, recurrent_activation="sigmoid", reset_after=False)'),
        ("LSTM(**options)", "LSTM(**options)"),
    ],
)  # fmt: skip
def test_layers_made_inside_keep_the_functions_and_defaults_of_then(old, new):
    name = old.partition("(")[0]
    text = f"from keras.layers import {name}\nmade = {old}"
    result = carried(source(text), KERAS_2)
    assert f"made = {new}\n" in result.text
    assert result.settled == ({2} if old != new else set())


def test_defaults_of_today_are_left_alone():
    text = "from tensorflow.keras.layers import GRU\nmade = GRU(4)"
    assert "made = GRU(4)\n" in carried(source(text), TF_2).text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("import tensorflow_addons as tfa\nmade = tfa.layers.GroupNormalization(2)",
         "import keras as tfa\nmade = tfa.layers.GroupNormalization(2)"),
        ("import tensorflow_addons as tfa\nmade = tfa.layers.InstanceNormalization()",
         "import keras as tfa\nmade = AddonsInstanceNormalization()"),
        ("from tensorflow_addons.activations import mish", "mish = AddonsActivations.mish"),
        ("from tensorflow_addons import activations as a\nmade = a.gelu",
         "a = AddonsActivations\nmade = a.gelu"),
    ],
)  # fmt: skip
def test_names_of_addons_that_have_a_form(old, new):
    result = carried(source(old), TF_2)
    assert not result.problems
    assert new in result.text


def test_names_of_addons_without_a_form_are_told_with_their_lines():
    text = "import tensorflow_addons as tfa\nmade = tfa.layers.CRF(3)"
    (problem,) = carried(source(text), TF_2).problems
    assert (problem.line, problem.what) == (2, "tensorflow_addons.layers.CRF")


def test_what_a_factory_made_is_found_by_the_name_inside():
    text = "def make(g):\n    def focal(y, p):\n        return y\n    return focal\nloss = make(2)"
    assert '"focal": loss,' in carried(source(text), TF_2).text


def test_a_kernel_of_its_own_in_a_stock_layer_gets_a_setter():
    text = (
        "from keras.layers import Dense\nclass Mine(Dense):\n"
        "    def build(self, s):\n        self.kernel = self.add_weight(name='k', shape=(2,))\n"
    )
    assert "class Mine(Keras2Layer, SetsKernel, Dense):" in carried(source(text), KERAS_2).text


def test_objects_of_modules_that_are_carried_along_are_listed_too():
    text = "from parts import Scale\nfrom numpy import array\ndef build(): return Scale()"
    result = carried(source(text), TF_2, {"parts": "model_parts", "own": "model_own"})
    assert "from model_parts import custom_objects as objects_of_model_parts" in result.text
    assert "    **objects_of_model_parts,\n" in result.text


def test_a_dictionary_of_the_module_itself_stays():
    text = "custom_objects = {}"
    assert carried(source(text), TF_2).text.count("custom_objects") == 1
    text = "def load(custom_objects=None): return custom_objects"
    assert "custom_objects = {" in carried(source(text), TF_2).text


@pytest.mark.parametrize(
    ("body", "settled"),
    [("self.gate = activations.get(gate)", True), ("self.gate = Dense(1, activation=gate)", False)],
)
def test_a_name_in_quotes_is_settled_where_it_is_only_looked_up(body, settled):
    text = (
        "from keras import activations\nfrom keras.layers import Dense\n"
        f"def start(self, units, gate='hard_sigmoid'):\n    {body}\n"
    )
    assert (3 in carried(source(text), KERAS_2).settled) == settled
