"""Layers as they were written for Keras 1."""

from keras import backend as K
from keras import initializations, regularizers
from keras.engine import InputSpec
from keras.engine.topology import Layer


class LRN(Layer):
    """Local response normalization across channels, as in the first GoogLeNet."""

    def __init__(self, alpha=0.5, k=2, beta=0.75, n=5, **kwargs):
        self.alpha, self.k, self.beta, self.n = alpha, k, beta, n
        super(LRN, self).__init__(**kwargs)

    def call(self, x, mask=None):
        half = self.n // 2
        squared = K.square(x)
        channels = x._keras_shape[-1]
        padded = K.concatenate([K.zeros_like(squared), squared, K.zeros_like(squared)])
        scale = self.k
        for i in range(self.n):
            start = channels - half + i
            scale = scale + self.alpha * padded[:, :, :, start : start + channels]
        return x / scale**self.beta

    def get_output_shape_for(self, input_shape):
        return input_shape

    def get_config(self):
        config = {"alpha": self.alpha, "k": self.k, "beta": self.beta, "n": self.n}
        base_config = super(LRN, self).get_config()
        return dict(list(base_config.items()) + list(config.items()))


class Scale(Layer):
    """Learns the gammas and betas that a BatchNormalization of Caffe's leaves out."""

    def __init__(self, weights=None, axis=-1, beta_init="zero", gamma_init="one", **kwargs):
        self.axis = axis
        self.beta_init = initializations.get(beta_init)
        self.gamma_init = initializations.get(gamma_init)
        self.initial_weights = weights
        super(Scale, self).__init__(**kwargs)

    def build(self, input_shape):
        self.input_spec = [InputSpec(shape=input_shape)]
        shape = (int(input_shape[self.axis]),)
        self.gamma = self.gamma_init(shape, name="{}_gamma".format(self.name))
        self.beta = self.beta_init(shape, name="{}_beta".format(self.name))
        self.trainable_weights = [self.gamma, self.beta]
        if self.initial_weights is not None:
            self.set_weights(self.initial_weights)
            del self.initial_weights

    def call(self, x, mask=None):
        shape = self.input_spec[0].shape
        broadcast = [1] * len(shape)
        broadcast[self.axis] = shape[self.axis]
        return K.reshape(self.gamma, broadcast) * x + K.reshape(self.beta, broadcast)

    def get_config(self):
        config = {"axis": self.axis}
        base_config = super(Scale, self).get_config()
        return dict(list(base_config.items()) + list(config.items()))


class Projection(Layer):
    """A matrix that comes by the positional arguments of Keras 1."""

    def __init__(self, output_dim, W_regularizer=None, **kwargs):
        self.output_dim = output_dim
        self.init = initializations.get("glorot_uniform", dim_ordering="th")
        self.W_regularizer = regularizers.get(W_regularizer)
        super(Projection, self).__init__(**kwargs)

    def build(self, input_shape):
        self.W = self.add_weight(
            (input_shape[-1], self.output_dim),
            initializer=self.init,
            name="{}_W".format(self.name),
            regularizer=self.W_regularizer,
        )
        self.b = self.add_weight((self.output_dim,), "zero", name="{}_b".format(self.name))
        self.built = True

    def call(self, x, mask=None):
        return K.dot(x, self.W) + self.b

    def get_output_shape_for(self, input_shape):
        return tuple(input_shape[:-1]) + (self.output_dim,)

    def get_config(self):
        config = {"output_dim": self.output_dim}
        return dict(super(Projection, self).get_config(), **config)
