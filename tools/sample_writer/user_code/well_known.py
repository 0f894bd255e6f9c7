"""Classes that half the world has copied, computing what the published ones compute.

Their formulas, arguments and weights are those of keras_contrib (InstanceNormalization,
GroupNormalization, SubPixelUpscaling), cnn_finetune by flyyufelix (Scale), ssd_keras
(L2Normalization), faceswap (PixelShuffler), Mask_RCNN (BatchNorm) and Mish, none of which can be
installed from an index.
"""

import keras
import numpy as np
from keras import backend as K

KERAS_1 = keras.__version__.startswith("1.")
PARTS = [
    (weight, kind)
    for weight in ("beta", "gamma")
    for kind in ("initializer", "regularizer", "constraint")
]


class _Normalization(keras.layers.Layer):
    """What has gamma and beta with all that Keras lets one say of them."""

    def __init__(self, axis, epsilon, center=True, scale=True, **kwargs):
        own = {}
        for weight, kind in PARTS:
            default = {"beta": "zeros", "gamma": "ones"}[weight] if kind == "initializer" else None
            module = getattr(keras, kind + "s")
            own[weight + "_" + kind] = module.get(kwargs.pop(weight + "_" + kind, default))
        super().__init__(**kwargs)
        self.supports_masking = True
        self.axis, self.epsilon, self.center, self.scale = axis, epsilon, center, scale
        self.own = own

    def add(self, weight, shape):
        return self.add_weight(
            name=weight, shape=shape, initializer=self.own[weight + "_initializer"]
        )

    def get_config(self):
        config = super().get_config()
        for weight, kind in PARTS:
            module = getattr(keras, kind + "s")
            config[weight + "_" + kind] = module.serialize(self.own[weight + "_" + kind])
        names = ("axis", "epsilon", "center", "scale")
        config.update({name: getattr(self, name) for name in names})
        return config

    def compute_output_shape(self, input_shape):
        return input_shape


class InstanceNormalization(_Normalization):
    def __init__(self, axis=None, epsilon=1e-3, **kwargs):
        super().__init__(axis, epsilon, **kwargs)

    def build(self, input_shape):
        shape = (1,) if self.axis is None else (int(input_shape[self.axis]),)
        self.gamma = self.add("gamma", shape) if self.scale else None
        self.beta = self.add("beta", shape) if self.center else None
        super().build(input_shape)

    def call(self, inputs):
        shape = K.int_shape(inputs)
        over = [axis for axis in range(1, len(shape)) if self.axis not in (axis, axis - len(shape))]
        mean = K.mean(inputs, over, keepdims=True)
        normed = (inputs - mean) / (K.std(inputs, over, keepdims=True) + self.epsilon)
        along = [1] * len(shape)
        if self.axis is not None:
            along[self.axis] = shape[self.axis]
        if self.scale:
            normed = normed * K.reshape(self.gamma, along)
        return normed + K.reshape(self.beta, along) if self.center else normed


class GroupNormalization(_Normalization):
    """The groups are cut behind the batch axis, whichever axis the channels are on."""

    def __init__(self, groups=32, axis=-1, epsilon=1e-5, **kwargs):
        super().__init__(axis, epsilon, **kwargs)
        self.groups = groups

    def build(self, input_shape):
        shape = (int(input_shape[self.axis]),)
        self.gamma = self.add("gamma", shape) if self.scale else None
        self.beta = self.add("beta", shape) if self.center else None
        super().build(input_shape)

    def call(self, inputs):
        shape = list(K.int_shape(inputs))
        groups = shape[:1] + [self.groups] + shape[1:]
        along = [1] * len(groups)
        axis = self.axis % len(shape)
        along[1] = self.groups
        along[axis + 1] = groups[axis + 1] = shape[axis] // self.groups
        x = K.reshape(inputs, [-1] + groups[1:])
        over = list(range(2, len(groups)))
        mean, variance = K.mean(x, over, keepdims=True), K.var(x, over, keepdims=True)
        x = (x - mean) / K.sqrt(variance + self.epsilon)
        x = x * K.reshape(self.gamma, along) if self.scale else x
        x = x + K.reshape(self.beta, along) if self.center else x
        return K.reshape(x, [-1] + shape[1:])

    def get_config(self):
        return dict(super().get_config(), groups=self.groups)


class _Blocks(keras.layers.Layer):
    """Channels become blocks of pixels."""

    def call(self, inputs):
        _, height, width, channels = K.int_shape(inputs)
        size = self.block
        x = K.reshape(inputs, [-1, height, width, size, size, channels // size**2])
        x = K.permute_dimensions(x, (0, 1, 3, 2, 4, 5))
        return K.reshape(x, [-1, height * size, width * size, channels // size**2])

    def compute_output_shape(self, shape):
        size = self.block
        return (shape[0], shape[1] * size, shape[2] * size, shape[3] // size**2)


class PixelShuffler(_Blocks):
    def __init__(self, size=(2, 2), data_format="channels_last", **kwargs):
        super().__init__(**kwargs)
        self.size, self.data_format, self.block = tuple(size), data_format, size[0]

    def get_config(self):
        return dict(super().get_config(), size=self.size, data_format=self.data_format)


class SubPixelUpscaling(_Blocks):
    def __init__(self, scale_factor=2, data_format="channels_last", **kwargs):
        super().__init__(**kwargs)
        self.scale_factor, self.data_format, self.block = scale_factor, data_format, scale_factor

    def get_config(self):
        config = super().get_config()
        config.update({"scale_factor": self.scale_factor, "data_format": self.data_format})
        return config


class Scale(keras.layers.Layer):
    def __init__(self, axis=-1, momentum=0.9, **kwargs):
        super().__init__(**kwargs)
        self.axis, self.momentum = axis, momentum

    def build(self, input_shape):
        shape = (int(input_shape[self.axis]),)
        self.gamma = K.variable(np.ones(shape), name=self.name + "_gamma")
        self.beta = K.variable(np.zeros(shape), name=self.name + "_beta")
        weights = [self.gamma, self.beta]
        setattr(self, "trainable_weights" if KERAS_1 else "_trainable_weights", weights)
        self.along = [1] * len(input_shape)
        self.along[self.axis] = shape[0]
        super().build(input_shape)

    def call(self, inputs, mask=None):
        along = self.along
        return K.reshape(self.gamma, along) * inputs + K.reshape(self.beta, along)

    def get_config(self):
        return dict(super().get_config(), momentum=self.momentum, axis=self.axis)


class L2Normalization(keras.layers.Layer):
    def __init__(self, gamma_init=20, **kwargs):
        super().__init__(**kwargs)
        self.gamma_init = gamma_init

    def build(self, input_shape):
        gamma = self.gamma_init * np.ones((int(input_shape[3]),))
        self.gamma = K.variable(gamma, name=self.name + "_gamma")
        self._trainable_weights = [self.gamma]
        super().build(input_shape)

    def call(self, inputs):
        return K.l2_normalize(inputs, 3) * self.gamma

    def get_config(self):
        return dict(super().get_config(), gamma_init=self.gamma_init)


class BatchNorm(keras.layers.BatchNormalization):
    def call(self, inputs, training=None):
        return super().call(inputs, training=training)


class Mish(keras.layers.Layer):
    def call(self, inputs):
        return inputs * K.tanh(K.softplus(inputs))


def swish(x):
    return x * K.sigmoid(x)


def mish(x):
    return x * K.tanh(K.softplus(x))


def gelu(x):
    """The approximation; others of this name are not."""
    return 0.5 * x * (1.0 + K.tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)))
