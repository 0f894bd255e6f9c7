"""Code that says as little as it can: no get_config, no registration."""

import keras


class Shift(keras.layers.Layer):
    def __init__(self, amount=0.25, **kwargs):
        super().__init__(**kwargs)
        self.amount = amount

    def build(self, input_shape):
        self.offset = self.add_weight(
            name="offset", shape=(int(input_shape[-1]),), initializer="zeros"
        )
        super().build(input_shape)

    def call(self, inputs):
        return inputs + self.amount + self.offset

    def compute_output_shape(self, input_shape):
        return input_shape


class Square(keras.layers.Layer):
    """It takes nothing, not even a name."""

    def __init__(self):
        super().__init__()

    def build(self, input_shape):
        width = int(input_shape[-1])
        self.left = self.add_weight(name="left", shape=(width,), initializer="ones")
        self.right = self.add_weight(name="right", shape=(width,), initializer="ones")
        super().build(input_shape)

    def call(self, inputs):
        return inputs * self.left * inputs + self.right

    def compute_output_shape(self, input_shape):
        return input_shape
