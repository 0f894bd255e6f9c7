"""A layer and cells of the kind that every other project has."""

import keras
from keras import backend as K

dot = keras.ops.dot if hasattr(keras, "ops") else K.dot


class Scale(keras.layers.Layer):
    def __init__(self, factor=2.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def build(self, input_shape):
        self.gain = self.add_weight(
            name="gain", shape=(int(input_shape[-1]),), initializer="ones", trainable=True
        )
        super().build(input_shape)

    def call(self, inputs):
        return inputs * self.gain * self.factor

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = super().get_config()
        config.update({"factor": self.factor})
        return config


class ContextCell(keras.layers.Layer):
    """A cell that adds a constant, the only kind of cell that takes one."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = self.state_size = self.output_size = units

    def build(self, input_shape):
        first = input_shape[0]
        # Some releases pass the shapes of the constants too, some don't.
        shape = first if hasattr(first, "__len__") else input_shape
        self.kernel = self.add_weight(
            name="kernel", shape=(int(shape[-1]), self.units), initializer="uniform"
        )
        self.built = True

    def call(self, inputs, states, constants):
        output = states[0] + constants[0] + dot(inputs, self.kernel)
        return output, [output]

    def get_config(self):
        return dict(super().get_config(), units=self.units)


class MinimalCell(keras.layers.Layer):
    """Both kernels are square where the inputs are as wide as the state."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = self.state_size = self.output_size = units

    def build(self, input_shape):
        self.kernel = self.add_weight(
            name="kernel", shape=(int(input_shape[-1]), self.units), initializer="uniform"
        )
        self.recurrent_kernel = self.add_weight(
            name="recurrent_kernel", shape=(self.units, self.units), initializer="uniform"
        )
        self.built = True

    def call(self, inputs, states):
        output = keras.activations.tanh(
            dot(inputs, self.kernel) + dot(states[0], self.recurrent_kernel)
        )
        return output, [output]

    def get_config(self):
        return dict(super().get_config(), units=self.units)
