"""Layers of the kind that is in many a repository of 2017 to 2019, for Keras 2.1 to 2.2."""

from keras import activations, initializers
from keras import backend as K
from keras.engine.topology import InputSpec, Layer
from keras.layers import GRU, LSTM, Dense


class AttLayer(Layer):
    """Attention of the HAN repositories."""

    def __init__(self, attention_dim, **kw):
        self.init = initializers.get("normal")
        self.supports_masking = True
        self.attention_dim = attention_dim
        super().__init__(**kw)

    def build(self, s):
        assert len(s) == 3
        self.W = K.variable(self.init((s[-1], self.attention_dim)), name="W")
        self.b = K.variable(self.init((self.attention_dim,)), name="b")
        self.u = K.variable(self.init((self.attention_dim, 1)), name="u")
        self.trainable_weights = [self.W, self.b, self.u]
        super().build(s)

    def compute_mask(self, inputs, mask=None):
        return None

    def call(self, x, mask=None):
        uit = K.tanh(K.bias_add(K.dot(x, self.W), self.b))
        ait = K.squeeze(K.dot(uit, self.u), -1)
        ait = K.exp(ait)
        if mask is not None:
            ait *= K.cast(mask, K.floatx())
        ait /= K.cast(K.sum(ait, axis=1, keepdims=True) + K.epsilon(), K.floatx())
        return K.sum(x * K.expand_dims(ait), axis=1)

    def compute_output_shape(self, s):
        return (s[0], s[-1])

    def get_config(self):
        return dict(super().get_config(), attention_dim=self.attention_dim)


class AttentionWeightedAverage(Layer):
    """Of DeepMoji."""

    def __init__(self, return_attention=False, **kwargs):
        self.init = initializers.get("uniform")
        self.supports_masking = True
        self.return_attention = return_attention
        super().__init__(**kwargs)

    def build(self, input_shape):
        self.input_spec = [InputSpec(ndim=3)]
        assert len(input_shape) == 3
        self.W = self.add_weight(
            shape=(input_shape[2], 1), name=f"{self.name}_W", initializer=self.init
        )
        self.trainable_weights = [self.W]
        super().build(input_shape)

    def call(self, x, mask=None):
        logits = K.dot(x, self.W)
        x_shape = K.shape(x)
        logits = K.reshape(logits, (x_shape[0], x_shape[1]))
        ai = K.exp(logits - K.max(logits, axis=-1, keepdims=True))
        att_weights = ai / (K.sum(ai, axis=1, keepdims=True) + K.epsilon())
        result = K.sum(x * K.expand_dims(att_weights), axis=1)
        if self.return_attention:
            return [result, att_weights]
        return result

    def get_output_shape_for(self, input_shape):
        return self.compute_output_shape(input_shape)

    def compute_output_shape(self, input_shape):
        if self.return_attention:
            return [(input_shape[0], input_shape[2]), (input_shape[0], input_shape[1])]
        return (input_shape[0], input_shape[2])

    def get_config(self):
        return dict(
            super().get_config(),
            return_attention=self.return_attention,
        )


class PositionEmbedding(Layer):
    def __init__(self, size=None, mode="sum", **kwargs):
        self.size = size
        self.mode = mode
        super().__init__(**kwargs)

    def call(self, x):
        if self.size is None or self.mode == "sum":
            self.size = int(x.shape[-1])
        position_j = 1.0 / K.pow(10000.0, 2 * K.arange(self.size / 2, dtype="float32") / self.size)
        position_j = K.expand_dims(position_j, 0)
        position_i = K.cumsum(K.ones_like(x[:, :, 0]), 1) - 1
        position_i = K.expand_dims(position_i, 2)
        position_ij = K.dot(position_i, position_j)
        position_ij = K.concatenate([K.cos(position_ij), K.sin(position_ij)], 2)
        if self.mode == "sum":
            return position_ij + x
        return K.concatenate([position_ij, x], 2)

    def compute_output_shape(self, input_shape):
        if self.mode == "sum":
            return input_shape
        return (input_shape[0], input_shape[1], input_shape[2] + self.size)

    def get_config(self):
        return dict(super().get_config(), size=self.size, mode=self.mode)


class LayerNorm(Layer):
    def __init__(self, eps=1e-6, **kwargs):
        self.eps = eps
        super().__init__(**kwargs)

    def build(self, input_shape):
        self.gamma = self.add_weight(
            name="gamma", shape=input_shape[-1:], initializer=initializers.Ones(), trainable=True
        )
        self.beta = self.add_weight(
            name="beta", shape=input_shape[-1:], initializer=initializers.Zeros(), trainable=True
        )
        super().build(input_shape)

    def call(self, x):
        mean = K.mean(x, axis=-1, keepdims=True)
        std = K.std(x, axis=-1, keepdims=True)
        return self.gamma * (x - mean) / (std + self.eps) + self.beta

    def compute_output_shape(self, input_shape):
        return input_shape


class GatedReader(Layer):
    """Layers inside, with the defaults of then."""

    def __init__(self, units, **kw):
        super().__init__(**kw)
        self.units = units

    def build(self, s):
        self.read = LSTM(self.units, return_sequences=True, name=self.name + "_lstm")
        self.read.build(s)
        self.then = GRU(self.units, name=self.name + "_gru")
        self.then.build((s[0], s[1], self.units))
        self.out = Dense(self.units, activation="hard_sigmoid", name=self.name + "_out")
        self.out.build((s[0], self.units))
        self._trainable_weights = (
            self.read.trainable_weights + self.then.trainable_weights + self.out.trainable_weights
        )
        super().build(s)

    def call(self, x):
        return self.out(self.then(self.read(x)))

    def compute_output_shape(self, s):
        return (s[0], self.units)

    def get_config(self):
        return dict(super().get_config(), units=self.units)


class Highway(Layer):
    def __init__(self, activation="relu", gate="hard_sigmoid", **kw):
        super().__init__(**kw)
        self.activation = activations.get(activation)
        self.gate = activations.get(gate)

    def build(self, shape):
        dim = shape[-1]
        self.W = self.add_weight("W", (dim, dim), initializer="glorot_uniform")
        self.W_carry = self.add_weight("W_carry", (dim, dim), initializer="glorot_uniform")
        self.bias = self.add_weight("bias", (dim,), initializer="zero")
        self.b_carry = self.add_weight("b_carry", (dim,), initializer=initializers.Constant(-2))
        self.built = True

    def call(self, x):
        t = self.gate(K.dot(x, self.W_carry) + self.b_carry)
        return t * self.activation(K.dot(x, self.W) + self.bias) + (1.0 - t) * x

    def compute_output_shape(self, input_shape):
        assert input_shape and len(input_shape) == 2
        return tuple(input_shape)

    def get_config(self):
        return dict(
            super().get_config(),
            activation=activations.serialize(self.activation),
            gate=activations.serialize(self.gate),
        )


class MinibatchDiscrimination(Layer):
    def __init__(self, nb_kernels, kernel_dim, init="glorot_uniform", **kwargs):
        self.init = initializers.get(init)
        self.nb_kernels = nb_kernels
        self.kernel_dim = kernel_dim
        super().__init__(**kwargs)

    def build(self, input_shape):
        self.input_spec = [InputSpec(dtype=K.floatx(), shape=(None, input_shape[1]))]
        self.W = self.add_weight(
            shape=(self.nb_kernels, input_shape[1], self.kernel_dim),
            initializer=self.init,
            name="kernel",
            trainable=True,
        )
        super().build(input_shape)

    def call(self, x, mask=None):
        activation = K.reshape(K.dot(x, self.W), (-1, self.nb_kernels, self.kernel_dim))
        diffs = K.expand_dims(activation, 3) - K.expand_dims(
            K.permute_dimensions(activation, [1, 2, 0]), 0
        )
        abs_diffs = K.sum(K.abs(diffs), axis=2)
        return K.concatenate([x, K.sum(K.exp(-abs_diffs), axis=2)], 1)

    def compute_output_shape(self, input_shape):
        return input_shape[0], input_shape[1] + self.nb_kernels

    def get_config(self):
        config = {
            "nb_kernels": self.nb_kernels,
            "kernel_dim": self.kernel_dim,
            "init": initializers.serialize(self.init),
        }
        base_config = super().get_config()
        return dict(list(base_config.items()) + list(config.items()))


class DenseSN(Dense):
    """Spectral normalisation of IShengFang: a Dense with a vector."""

    def build(self, input_shape):
        assert len(input_shape) >= 2
        input_dim = input_shape[-1]
        self.kernel = self.add_weight(
            shape=(input_dim, self.units),
            initializer=self.kernel_initializer,
            name="kernel",
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        if self.use_bias:
            self.bias = self.add_weight(
                shape=(self.units,), initializer=self.bias_initializer, name="bias"
            )
        else:
            self.bias = None
        self.u = self.add_weight(
            shape=(1, self.kernel.shape.as_list()[-1]),
            initializer=initializers.RandomNormal(0, 1),
            name="sn",
            trainable=False,
        )
        self.input_spec = InputSpec(min_ndim=2, axes={-1: input_dim})
        self.built = True

    def call(self, inputs, training=None):
        def _l2normalize(v, eps=1e-12):
            return v / (K.sum(v**2) ** 0.5 + eps)

        W_shape = self.kernel.shape.as_list()
        W_reshaped = K.reshape(self.kernel, [-1, W_shape[-1]])
        _u = self.u
        _v = _l2normalize(K.dot(_u, K.transpose(W_reshaped)))
        _u = _l2normalize(K.dot(_v, W_reshaped))
        sigma = K.sum(K.dot(K.dot(_v, W_reshaped), K.transpose(_u)))
        W_bar = W_reshaped / sigma
        output = K.dot(inputs, W_bar)
        if self.use_bias:
            output = K.bias_add(output, self.bias, data_format="channels_last")
        if self.activation is not None:
            output = self.activation(output)
        return output


class WeightedSum(Layer):
    def __init__(self, a, **kwargs):
        self.a = a
        super().__init__(**kwargs)

    def call(self, model_outputs):
        return self.a * model_outputs[0] + (1 - self.a) * model_outputs[1]

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        return dict(super().get_config(), a=self.a)


class HardGate(Layer):
    def call(self, x):
        return x * K.hard_sigmoid(x) + activations.hard_sigmoid(x)
