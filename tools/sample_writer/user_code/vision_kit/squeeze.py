from keras import layers

from .parts import soft_gate

try:
    from keras.saving import register_keras_serializable
except ImportError:
    from tensorflow.keras.utils import register_keras_serializable


@register_keras_serializable(package="Vision")
class Squeeze(layers.Layer):
    """Weighs channels by what is seen of them."""

    def __init__(self, ratio=1, **kwargs):
        super().__init__(**kwargs)
        self.ratio = ratio

    def build(self, input_shape):
        channels = int(input_shape[-1])
        self.pool = layers.GlobalAveragePooling2D()
        self.expand = layers.Dense(channels, activation=soft_gate)
        self.reduce = layers.Dense(channels // self.ratio, activation="relu")
        self.shape = layers.Reshape((1, 1, channels))
        super().build(input_shape)

    def call(self, inputs):
        return inputs * self.shape(self.expand(self.reduce(self.pool(inputs))))

    def get_config(self):
        return dict(super().get_config(), ratio=self.ratio)
