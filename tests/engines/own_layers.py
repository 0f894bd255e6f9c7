"""What a user might pass as --custom: classes, functions, a sibling import, chatter."""

import sys

import keras
import tensorflow as tf
from own_helpers import FACTOR

print('{"result": "a print of the user\'s module"}')
print("and to stderr", file=sys.stderr)


class Scale(keras.layers.Layer):
    def __init__(self, factor=FACTOR, name=None, trainable=True, dtype=None):
        super().__init__(name=name, trainable=trainable, dtype=dtype)
        self.factor = factor

    def build(self, shape):
        self.gain = self.add_weight(name="gain", shape=(shape[-1],), initializer="random_normal")

    def call(self, inputs):
        return inputs * self.gain * self.factor

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


@keras.saving.register_keras_serializable("Own")
class Offset(keras.layers.Layer):
    def build(self, shape):
        self.offset = self.add_weight(
            name="offset", shape=(shape[-1],), initializer="random_normal"
        )

    def call(self, inputs):
        return inputs + self.offset


class Branches(keras.layers.Layer):
    """Branches and loops over tensors as tf.keras let one write them."""

    def call(self, inputs):
        total = tf.zeros_like(inputs)
        for _ in tf.range(3):
            total += inputs
        if tf.reduce_sum(total) > 0:
            return total
        return -2.0 * total

    def compute_output_shape(self, shape):
        return shape


class Encoder(keras.Model):
    """A model class with a function for serving."""

    def __init__(self, **rest):
        super().__init__(**rest)
        self.low = keras.layers.Dense(3, name="low")
        self.high = keras.layers.Dense(2, name="high")

    def call(self, inputs):
        return {"code": self.high(self.low(inputs))}

    @tf.function(input_signature=[tf.TensorSpec((None, 4), name="image")])
    def encode(self, image):
        return self.low(image)

    def plain(self, image):
        return image


def with_threshold(model):
    """A further signature, of any model with one input of four numbers."""

    @tf.function(
        input_signature=[
            tf.TensorSpec((None, 4), name="the image"),
            tf.RaggedTensorSpec((None, None), tf.float32, 1),
        ]
    )
    def above(image, limits):
        outputs = tf.nest.flatten(model(image, training=False))[0]
        lowest = tf.reduce_min(limits, axis=1, keepdims=True)
        return {"above": outputs > lowest, "limits": limits * 2.0}

    return above


class Noise(keras.layers.Layer):
    def call(self, inputs):
        return inputs + keras.random.normal(keras.ops.shape(inputs))


def swash(x):
    return keras.ops.sin(x) + x


def relu(x):
    """Must not take the place of Keras's own."""
    return -x


def odd_loss(truth, guess):
    return keras.ops.mean(keras.ops.abs(truth - guess))
