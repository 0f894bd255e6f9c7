"""Layers as they were written for the tf.keras of TensorFlow 1."""

import tensorflow as tf
from tensorflow.keras import backend as K
from tensorflow.python.keras.layers import Dense, Layer


def swish(x):
    return x * tf.sigmoid(x)


class RefineBoxes(Layer):
    """Shifts boxes by deltas and cuts out what they frame, like a proposal layer."""

    def __init__(self, pool=3, **kwargs):
        super(RefineBoxes, self).__init__(**kwargs)
        self.pool = pool

    def build(self, input_shape):
        channels = input_shape[0][-1]
        channels = getattr(channels, "value", channels)
        self.gain = self.add_weight("gain", [channels], initializer=tf.ones_initializer())
        super(RefineBoxes, self).build(input_shape)

    def call(self, inputs):
        picture, boxes = inputs
        size = tf.to_float(tf.shape(picture)[1])
        y1, x1, y2, x2 = tf.split(boxes, 4, axis=-1)
        height = tf.log(1.0 + tf.abs(y2 - y1))
        width = tf.log(1.0 + tf.abs(x2 - x1))
        corners = tf.concat([y1, x1, y1 + height / size, x1 + width / size], axis=-1)
        flat = tf.reshape(corners, [-1, 4])
        count = tf.shape(boxes)[1]
        owner = tf.reshape(tf.tile(tf.expand_dims(tf.range(tf.shape(boxes)[0]), dim=1), [1, count]), [-1])
        cut = tf.image.crop_and_resize(picture * self.gain, flat, owner, [self.pool, self.pool])
        means = tf.reduce_sum(cut, reduction_indices=[1, 2], keep_dims=True) / self.pool ** 2
        means = tf.squeeze(means, squeeze_dims=[1, 2])
        return tf.nn.softmax(tf.reshape(means, [-1, boxes.shape[1], picture.shape[-1]]), dim=-1)

    def compute_output_shape(self, input_shape):
        return input_shape[1][:2].concatenate(input_shape[0][-1:])

    def get_config(self):
        return dict(super(RefineBoxes, self).get_config(), pool=self.pool)


class Enlarge(Layer):
    def __init__(self, factor=2, **kwargs):
        super(Enlarge, self).__init__(**kwargs)
        self.factor = factor

    def call(self, x):
        height, width = x.shape[1].value, x.shape[2].value
        return tf.image.resize_images(x, (height * self.factor, width * self.factor))

    def get_config(self):
        return dict(super(Enlarge, self).get_config(), factor=self.factor)


class Gate(Dense):
    def call(self, x):
        return swish(super(Gate, self).call(x)) * tf.cast(K.int_shape(x)[-1], tf.float32)
