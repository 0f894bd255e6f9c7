"""Layers as they were written for the stand-alone Keras 2."""

import keras.backend as K
import numpy as np
import tensorflow as tf
from keras import activations, constraints, initializers, regularizers
from keras.engine import InputSpec
from keras.engine.topology import Layer
from keras.layers.core import Dense
from keras.utils import conv_utils

try:
    from keras.utils.conv_utils import normalize_data_format
except ImportError:
    from keras.backend.common import normalize_data_format


def dot_product(x, kernel):
    return K.squeeze(K.dot(x, K.expand_dims(kernel)), axis=-1)


class AttentionWithContext(Layer):
    def __init__(self, W_regularizer=None, b_constraint=None, bias=True, **kwargs):
        self.supports_masking = True
        self.init = initializers.get("glorot_uniform")
        self.W_regularizer = regularizers.get(W_regularizer)
        self.b_constraint = constraints.get(b_constraint)
        self.bias = bias
        super(AttentionWithContext, self).__init__(**kwargs)

    def build(self, input_shape):
        assert len(input_shape) == 3
        width = input_shape[-1]
        self.W = self.add_weight(
            (width, width),
            initializer=self.init,
            name="{}_W".format(self.name),
            regularizer=self.W_regularizer,
        )
        if self.bias:
            self.b = self.add_weight(
                (width,),
                initializer="zero",
                name="{}_b".format(self.name),
                constraint=self.b_constraint,
            )
        self.u = self.add_weight((width,), initializer=self.init2(), name=self.name + "_u")
        super(AttentionWithContext, self).build(input_shape)

    def init2(self):
        return "uniform"

    def compute_mask(self, input, input_mask=None):
        return None

    def call(self, x, mask=None):
        uit = dot_product_matrix(x, self.W)
        if self.bias:
            uit += self.b
        a = K.exp(dot_product(K.tanh(uit), self.u))
        if mask is not None:
            a *= K.cast(mask, K.floatx())
        a /= K.cast(K.sum(a, axis=1, keepdims=True) + K.epsilon(), K.floatx())
        return K.sum(x * K.expand_dims(a), axis=1)

    def compute_output_shape(self, input_shape):
        return input_shape[0], input_shape[-1]

    def get_config(self):
        return dict(super(AttentionWithContext, self).get_config(), bias=self.bias)


def dot_product_matrix(x, kernel):
    return K.dot(x, kernel)


class InstanceNormalization(Layer):
    def __init__(self, axis=None, epsilon=1e-3, center=True, scale=True, **kwargs):
        super(InstanceNormalization, self).__init__(**kwargs)
        self.supports_masking = True
        self.axis = axis
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get("zeros")
        self.gamma_initializer = initializers.get("ones")

    def build(self, input_shape):
        ndim = len(input_shape)
        self.input_spec = InputSpec(ndim=ndim)
        shape = (1,) if self.axis is None else (input_shape[self.axis],)
        self.gamma = self.beta = None
        if self.scale:
            self.gamma = self.add_weight(
                shape=shape, name="gamma", initializer=self.gamma_initializer
            )
        if self.center:
            self.beta = self.add_weight("beta", shape, initializer=self.beta_initializer)
        self.built = True

    def call(self, inputs, training=None):
        input_shape = K.int_shape(inputs)
        reduction_axes = list(range(0, len(input_shape)))
        if self.axis is not None:
            del reduction_axes[self.axis]
        del reduction_axes[0]
        mean = K.mean(inputs, reduction_axes, keepdims=True)
        stddev = K.std(inputs, reduction_axes, keepdims=True) + self.epsilon
        normed = (inputs - mean) / stddev
        broadcast_shape = [1] * len(input_shape)
        if self.axis is not None:
            broadcast_shape[self.axis] = input_shape[self.axis]
        if self.scale:
            normed = normed * K.reshape(self.gamma, broadcast_shape)
        if self.center:
            normed = normed + K.reshape(self.beta, broadcast_shape)
        return normed

    def get_config(self):
        config = {
            "axis": self.axis,
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
        }
        base_config = super(InstanceNormalization, self).get_config()
        return dict(list(base_config.items()) + list(config.items()))


class L2Normalization(Layer):
    """As in SSD: a scale for each channel, which is listed as a weight by hand."""

    def __init__(self, gamma_init=20, **kwargs):
        self.axis = -1 if K.image_data_format() == "channels_last" else 1
        self.gamma_init = gamma_init
        super(L2Normalization, self).__init__(**kwargs)

    def build(self, input_shape):
        self.input_spec = [InputSpec(shape=input_shape)]
        gamma = self.gamma_init * np.ones((input_shape[self.axis],))
        self.gamma = K.variable(gamma, name="{}_gamma".format(self.name))
        self.offset = K.variable(np.zeros((1,)), name="never_saved")
        self.trainable_weights = [self.gamma]
        super(L2Normalization, self).build(input_shape)

    def call(self, x, mask=None):
        return K.l2_normalize(x, self.axis) * self.gamma + self.offset

    def get_config(self):
        return dict(super(L2Normalization, self).get_config(), gamma_init=self.gamma_init)


class PixelShuffler(Layer):
    def __init__(self, size=(2, 2), data_format=None, **kwargs):
        super(PixelShuffler, self).__init__(**kwargs)
        self.data_format = normalize_data_format(data_format)
        self.size = conv_utils.normalize_tuple(size, 2, "size")

    def call(self, inputs):
        batch, h, w, c = K.int_shape(inputs)
        if batch is None:
            batch = -1
        rh, rw = self.size
        oc = c // (rh * rw)
        out = K.reshape(inputs, (batch, h, w, rh, rw, oc))
        out = K.permute_dimensions(out, (0, 1, 3, 2, 4, 5))
        return K.reshape(out, (batch, h * rh, w * rw, oc))

    def compute_output_shape(self, input_shape):
        rh, rw = self.size
        batch, h, w, c = input_shape
        return (batch, h * rh, w * rw, c // (rh * rw))

    def get_config(self):
        config = {"size": self.size, "data_format": self.data_format}
        return dict(list(super(PixelShuffler, self).get_config().items()) + list(config.items()))


class BilinearUpSampling2D(Layer):
    def __init__(self, size=(2, 2), **kwargs):
        self.size = tuple(size)
        super(BilinearUpSampling2D, self).__init__(**kwargs)

    def call(self, x, mask=None):
        shape = K.int_shape(x)
        new = [shape[1] * self.size[0], shape[2] * self.size[1]]
        return tf.image.resize_bilinear(x, new, align_corners=True)

    def compute_output_shape(self, input_shape):
        height, width = self.size
        return (input_shape[0], input_shape[1] * height, input_shape[2] * width, input_shape[3])

    def get_config(self):
        return dict(super(BilinearUpSampling2D, self).get_config(), size=self.size)


class NormedDense(Dense):
    """A stock layer with a weight more, whose kernel is normed before it is used."""

    def build(self, input_shape):
        super(NormedDense, self).build(input_shape)
        self.g = self.add_weight(name="g", shape=(self.units,), initializer="ones")

    def call(self, inputs):
        kernel = self.kernel / K.sqrt(K.sum(K.square(self.kernel), axis=0, keepdims=True))
        output = K.bias_add(K.dot(inputs, self.g * kernel), self.bias)
        return self.activation(output)


class Capsule(Layer):
    def __init__(self, num_capsule, dim_capsule, routings=3, activation="default", **kwargs):
        super(Capsule, self).__init__(**kwargs)
        self.num_capsule = num_capsule
        self.dim_capsule = dim_capsule
        self.routings = routings
        self.activation = squash if activation == "default" else activations.get(activation)

    def build(self, input_shape):
        super(Capsule, self).build(input_shape)
        self.W = self.add_weight(
            name="capsule_kernel",
            shape=(1, input_shape[-1], self.num_capsule * self.dim_capsule),
            initializer="glorot_uniform",
            trainable=True,
        )

    def call(self, u_vecs):
        u_hat_vecs = K.conv1d(u_vecs, self.W)
        number = K.int_shape(u_vecs)[1]
        u_hat_vecs = K.reshape(
            u_hat_vecs, (-1, number, self.num_capsule, self.dim_capsule)
        )
        u_hat_vecs = K.permute_dimensions(u_hat_vecs, (0, 2, 1, 3))
        b = K.zeros_like(u_hat_vecs[:, :, :, 0])
        for i in range(self.routings):
            c = K.softmax(b, 1)
            o = K.batch_dot(c, u_hat_vecs, [2, 2])
            if i < self.routings - 1:
                o = K.l2_normalize(o, -1)
                b = K.batch_dot(o, u_hat_vecs, [2, 3])
        return self.activation(o)

    def compute_output_shape(self, input_shape):
        return (None, self.num_capsule, self.dim_capsule)

    def get_config(self):
        config = {
            "num_capsule": self.num_capsule,
            "dim_capsule": self.dim_capsule,
            "routings": self.routings,
        }
        return dict(super(Capsule, self).get_config(), **config)


def squash(x, axis=-1):
    s_squared_norm = K.sum(K.square(x), axis, keepdims=True) + K.epsilon()
    scale = K.sqrt(s_squared_norm) / (0.5 + s_squared_norm)
    return scale * x


class LocalFilters(Layer):
    """A convolution with kernels of its own at every step."""

    def __init__(self, filters, size, **kwargs):
        self.filters, self.size = filters, size
        super(LocalFilters, self).__init__(**kwargs)

    def build(self, input_shape):
        steps = conv_utils.conv_output_length(input_shape[1], self.size, "valid", 1)
        shape = (steps, self.size * input_shape[2], self.filters)
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer="uniform")
        self.built = True

    def call(self, x):
        return K.local_conv1d(x, self.kernel, (self.size,), (1,))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[1] - self.size + 1, self.filters)

    def get_config(self):
        config = {"filters": self.filters, "size": self.size}
        return dict(super(LocalFilters, self).get_config(), **config)
