"""Layers as they were written for the tf.keras of TensorFlow 2, with habits that Keras 3 ended."""

import tensorflow as tf
from tensorflow.keras import backend as K
from tensorflow.keras.layers import Layer
from tensorflow.python.keras.utils import conv_utils
from tensorflow.keras.utils import register_keras_serializable


@register_keras_serializable(package="Old")
class Memory(Layer):
    """Compares with stored patterns; ``add_weight`` gets the name first."""

    def __init__(self, patterns, **kwargs):
        super().__init__(**kwargs)
        self.patterns = patterns

    def build(self, input_shape):
        self.keys = self.add_weight("keys", [self.patterns, input_shape[-1]], trainable=True)
        self.strength = tf.Variable(2.0, trainable=True, name="strength")
        self.built = True

    def call(self, inputs):
        scores = K.dot(inputs, K.transpose(self.keys)) * self.strength
        return K.softmax(scores - tf.reduce_logsumexp(scores, axis=-1, keepdims=True))

    def get_config(self):
        return {**super().get_config(), "patterns": self.patterns}


class Stack(Layer):
    """Layers of its own in a list."""

    def __init__(self, sizes, **kwargs):
        super().__init__(**kwargs)
        self.sizes = conv_utils.normalize_tuple(sizes, 2, "sizes")
        self.parts = [tf.keras.layers.Dense(size, activation=tf.nn.elu) for size in self.sizes]

    def call(self, inputs):
        for part in self.parts:
            inputs = part(inputs)
        return tf.math.log1p(tf.nn.relu(inputs))

    def compute_output_shape(self, input_shape):
        return input_shape[:-1].concatenate([self.sizes[-1]])

    def get_config(self):
        return {**super().get_config(), "sizes": self.sizes}
