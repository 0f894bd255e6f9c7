"""Functions and classes that build models, as they stand in the code around saved weights."""

import keras

L = keras.layers


def picture_model(classes=3, width=4):
    x = L.Input(shape=(8, 8, 1))
    y = L.Conv2D(width, 3, activation="relu")(x)
    y = L.BatchNormalization()(y)
    y = L.Conv2D(width, 3, name="features")(y)
    y = L.Flatten()(y)
    y = L.Dense(5, activation="relu")(y)
    return keras.models.Model(x, L.Dense(classes)(y))


def sequence_model(gates="sigmoid"):
    recurrent = {"recurrent_activation": gates}
    x = L.Input(shape=(5, 4))
    y = L.Bidirectional(L.LSTM(3, return_sequences=True, **recurrent))(x)
    y = L.TimeDistributed(L.Dense(4))(y)
    y = L.GRU(4, return_sequences=True, reset_after=False, **recurrent)(y)
    return keras.models.Model(x, L.LSTM(2, **recurrent)(y))


def recurrent_model(gates="sigmoid"):
    recurrent = {"return_sequences": True, "recurrent_activation": gates}
    x = L.Input(shape=(5, 4))
    y = L.GRU(4, reset_after=False, **recurrent)(L.LSTM(3, **recurrent)(x))
    return keras.models.Model(x, L.Dense(2)(L.Flatten()(y)))


def siamese_model():
    """One encoder for two inputs, its first layer frozen, and a Dense of the same shape outside."""
    encoder = keras.models.Sequential([L.Dense(4, input_shape=(4,)), L.BatchNormalization()])
    encoder.add(L.Dense(4, activation="tanh"))
    encoder.layers[0].trainable = False
    left, right = L.Input(shape=(4,)), L.Input(shape=(4,))
    joined = L.Concatenate()([encoder(left), L.Dense(4)(encoder(right))])
    return keras.models.Model([left, right], L.Dense(2)(joined))


class Block(L.Layer):
    def __init__(self, width, **kwargs):
        super().__init__(**kwargs)
        self.conv = L.Conv2D(width, 3, padding="same")
        self.norm = L.BatchNormalization()

    def call(self, inputs, training=False):
        return self.norm(self.conv(inputs), training=training)


class Network(keras.models.Model):
    """Lists and dictionaries of layers, one that is used twice, and one declared before those."""

    def __init__(self, classes=3, width=4, **kwargs):
        super().__init__(**kwargs)
        self.classes, self.width = classes, width
        self.stem = L.Dense(classes)
        self.blocks = [Block(width), Block(width)]
        self.heads = {"a": L.Dense(classes), "b": L.Dense(classes)}

    def call(self, inputs, training=False):
        y = self.stem(inputs)
        for block in self.blocks:
            y = block(y, training=training)
        y = y[:, 0, 0]
        return self.stem(self.heads["a"](y) + self.heads["b"](y))

    def get_config(self):
        return {"classes": self.classes, "width": self.width}


class Sealed(Network):
    """Its arguments can't be told from outside."""

    def get_config(self):
        raise NotImplementedError
