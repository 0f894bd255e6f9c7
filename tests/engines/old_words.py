"""Run in a process of its own with tf_keras: old names, and what they compute, against NumPy."""

import sys

import numpy as np

from converter.engines.old_code import install
from converter.porting.dialect import Dialect
from converter.porting.names import words

install(Dialect(False, True, tracks_variables=False, old_batch_dot=True, tensorflow1=True))

import keras  # noqa: E402
import keras.backend as K  # noqa: E402

from converter.engines import old_tensorflow as tf  # noqa: E402

MODULES = words(
    """
engine engine.topology engine.base_layer engine.network engine.training layers.core
layers.convolutional layers.recurrent layers.merge layers.wrappers layers.normalization
layers.embeddings layers.advanced_activations layers.pooling layers.noise layers.local
layers.convolutional_recurrent utils.np_utils utils.generic_utils utils.conv_utils
utils.layer_utils utils.data_utils utils.vis_utils backend.tensorflow_backend legacy
legacy.interfaces initializers initializations objectives activations constraints optimizers
losses metrics regularizers callbacks applications.resnet50 preprocessing.image
preprocessing.sequence models
"""
)
for name in MODULES:
    __import__(f"keras.{name}")
from keras.engine.base_layer import InputSpec as _  # noqa: E402, F401
from keras.layers.merge import _Merge, concatenate  # noqa: E402, F401
from keras.objectives import mean_squared_error  # noqa: E402, F401
from keras.utils import CustomObjectScope, get_custom_objects, multi_gpu_model  # noqa: E402, F401

try:
    import keras.nonsense  # noqa: F401
except ImportError:
    pass
else:
    raise AssertionError("a module that no Keras had")
try:
    _ = keras.layers.NoSuchLayer
except AttributeError as error:
    assert "NoSuchLayer" in str(error)


def same(found, expected):
    np.testing.assert_allclose(np.asarray(found), expected, 1e-5, 1e-6)


generator = np.random.default_rng(0)
x = generator.normal(size=(3, 4, 5)).astype("f4")
y = generator.normal(size=(3, 6, 5)).astype("f4")

import tensorflow_addons as tfa  # noqa: E402
from tensorflow_addons.layers import InstanceNormalization  # noqa: E402

same(tfa.activations.mish(x), x * np.tanh(np.log1p(np.exp(x))))
same(tfa.activations.hardshrink(x), np.where(np.abs(x) > 0.5, x, 0))
same(tfa.activations.softshrink(x), np.sign(x) * np.maximum(np.abs(x) - 0.5, 0))
same(tfa.activations.tanhshrink(x), x - np.tanh(x))
same(tfa.activations.lisht(x), x * np.tanh(x))
same(tfa.activations.snake(x, 2), x + np.sin(2 * x) ** 2 / 2)
middle = x.mean(1, keepdims=True)
spread = np.sqrt(x.var(1, keepdims=True) + 1e-3)
same(InstanceNormalization()(x), (x - middle) / spread)
try:
    _ = tfa.layers.CRF
except AttributeError as error:
    assert "come to its end" in str(error)
else:
    raise AssertionError("a layer that nothing stands in for")
gates = keras.layers.LSTM(2).get_config()
assert gates["recurrent_activation"] == "hard_sigmoid"
assert keras.layers.LSTM(2, "tanh", "sigmoid").recurrent_activation.__name__ == "sigmoid"
assert keras.layers.GRU(2).get_config()["reset_after"] is False

same(tf.log(np.abs(x)), np.log(np.abs(x)))
same(tf.argmax(x, dimension=1), x.argmax(1))
same(tf.reduce_sum(x, reduction_indices=[1], keep_dims=True), x.sum(1, keepdims=True))
exponents = np.exp(x - x.max(1, keepdims=True))
same(tf.nn.softmax(x, dim=1), exponents / exponents.sum(1, keepdims=True))
same(tf.concat(1, [x, y]), np.concatenate([x, y], 1))
same(tf.concat([x, y], 1), np.concatenate([x, y], 1))
same(tf.mul(x, 2.0), x * 2)
same(tf.nn.dropout(x, keep_prob=1.0), x)
# Bilinear of TensorFlow 1: pixel i of the result looks at i * old / new, with no half of a pixel.
row = np.array([0.0, 1.0, 5.0, 2.0], "f4").reshape(1, 1, 4, 1)
wide = [0, 0.5, 1, 3, 5, 3.5, 2, 2]
same(np.asarray(tf.image.resize_images(row, (1, 8))).ravel(), wide)
same(np.asarray(tf.image.resize_bilinear(row, (1, 8))).ravel(), wide)
same(
    np.asarray(
        K.resize_images(K.constant(row), 1, 2, "channels_last", interpolation="bilinear")
    ).ravel(),
    wide,
)
same(
    np.asarray(K.resize_images(K.constant(row), 1, 2, "channels_last")).ravel(),
    [0, 0, 1, 1, 5, 5, 2, 2],
)
same(tf.placeholder is not None, True)
assert tf.disable_v2_behavior() is None
assert tf.newaxis is None

same(K.batch_dot(x, y, [2, 2]), np.einsum("bik,bjk->bij", x, y))
same(K.batch_dot(x, x, [1, 1]), np.einsum("bki,bkj->bij", x, x))
same(K.batch_dot(x[:, 0], x[:, 1], 1), np.sum(x[:, 0] * x[:, 1], 1, keepdims=True))
same(K.batch_dot(x[:, 0], y, [1, 2]), np.einsum("bk,bjk->bj", x[:, 0], y))
kernel = generator.normal(size=(3, 10, 2)).astype("f4")
windows = np.stack([x[:, i : i + 2].reshape(3, 10) for i in range(3)], 1)
same(K.local_conv1d(K.constant(x), kernel, (2,), (1,)), np.einsum("bpk,pkf->bpf", windows, kernel))
assert K.image_dim_ordering() == "tf"
assert K.tf is tf
assert keras.utils.conv_utils.normalize_data_format(None) == "channels_last"

counter = K.variable(1.0)
K.update_add(counter, 1.0)
assert float(counter) == 1.0, "an update at inference"


class Old(keras.engine.topology.Layer):
    def build(self, input_shape):
        assert type(input_shape) is tuple
        self.a = self.add_weight((input_shape[-1],), "one", name="a")
        self.b = self.add_weight("b", (2, 1), initializer="zero", trainable=False)
        self.unlisted = K.variable(np.ones(7))
        self.c = K.variable(np.ones(3))
        self.trainable_weights = [*self.trainable_weights, self.c]

    def get_output_shape_for(self, input_shape):
        return (*input_shape[:-1], 9)


layer = Old()
layer.build((None, 4))
assert [tuple(each.shape) for each in layer.weights] == [(4,), (3,), (2, 1)]
assert tuple(layer.compute_output_shape((2, 4))) == (2, 9)
same(layer.a, np.ones(4))
assert not any(name == "keras.src" or name.startswith("keras.src.") for name in sys.modules)
