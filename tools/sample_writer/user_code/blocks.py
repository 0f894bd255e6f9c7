"""Layers made of layers: their weights lie in one list in the file, in the order of Keras 2."""

import keras
from keras import layers


class ResidualBlock(layers.Layer):
    """Two convolutions of one shape around a shortcut; the second one is kept first."""

    def __init__(self, filters, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        first = layers.Conv2D(filters, 3, padding="same")
        self.second = layers.Conv2D(filters, 3, padding="same")
        self.first = first
        self.norm = layers.BatchNormalization()

    def call(self, inputs):
        x = keras.activations.relu(self.norm(self.first(inputs)))
        return inputs + self.second(x)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return dict(super().get_config(), filters=self.filters)


class Calibrated(layers.Layer):
    """Weights of its own besides those of a Dense and a BatchNormalization, all of one length."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.norm = layers.BatchNormalization()
        self.dense = layers.Dense(units)

    def build(self, input_shape):
        self.offset = self.add_weight(
            name="offset", shape=(self.units,), initializer="zeros", trainable=False
        )
        self.gain = self.add_weight(name="gain", shape=(self.units,), initializer="ones")
        super().build(input_shape)

    def call(self, inputs):
        return self.norm(self.dense(inputs)) * self.gain + self.offset

    def get_config(self):
        return dict(super().get_config(), units=self.units)


class Branches(layers.Layer):
    """Layers in a dictionary, which Keras 2 tracked by their keys and Keras 3 as they were put in,
    and in a list."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.ways = {
            "wide": layers.Dense(units, activation="tanh"),
            "narrow": layers.Dense(units),
        }
        self.tail = [layers.Dense(units), layers.Dense(units)]

    def call(self, inputs):
        x = self.ways["wide"](inputs) - 2.0 * self.ways["narrow"](inputs)
        for layer in self.tail:
            x = layer(x) + x
        return x

    def get_config(self):
        return dict(super().get_config(), units=self.units)


class Lazy(layers.Layer):
    """Makes its layers when it is built, the last one first."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.after = layers.Dense(self.units, name="after")
        self.before = layers.Dense(self.units, name="before")
        super().build(input_shape)

    def call(self, inputs):
        return self.after(keras.activations.tanh(self.before(inputs)))

    def get_config(self):
        return dict(super().get_config(), units=self.units)


class Tower(layers.Layer):
    """Custom layers inside a custom layer."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.top = Calibrated(units)
        self.bottom = Calibrated(units)

    def call(self, inputs):
        return self.top(self.bottom(inputs))

    def get_config(self):
        return dict(super().get_config(), units=self.units)


class Head(keras.Model):
    """A model as a class, used as a layer."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.out = layers.Dense(units)
        self.hidden = layers.Dense(units, activation="relu")

    def call(self, inputs):
        return self.out(self.hidden(inputs))

    def get_config(self):
        return {"units": self.units, "name": self.name}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(**config)
