"""What Keras 3 has no exact stock equivalent for, or what can't be known from the file."""

from ..data import padded_floats
from ..registry import Made, architecture, written
from .training import own_loss, own_metric


def custom_classes(F):
    """A layer and a cell of the user's own, made from this framework's base classes."""
    base = F.keras.layers.Layer

    class Scale(base):
        def __init__(self, factor=2.0, **rest):
            super().__init__(**rest)
            self.factor = factor

        def build(self, shape):
            self.gain = self.add_weight(
                name="gain", shape=(int(shape[-1]),), initializer="ones", trainable=True
            )
            super().build(shape)

        def call(self, x):
            return x * self.gain * self.factor

        def compute_output_shape(self, shape):
            return shape

        def get_config(self):
            return dict(super().get_config(), factor=self.factor)

    class ContextCell(base):
        """A cell that adds a constant, the only kind of cell that takes one."""

        def __init__(self, units, **rest):
            super().__init__(**rest)
            self.units = self.state_size = self.output_size = units

        def build(self, shapes):
            self.kernel = self.add_weight(
                name="kernel", shape=(int(_first(shapes)[-1]), self.units), initializer="uniform"
            )
            self.built = True

        def call(self, x, states, constants):
            y = states[0] + constants[0] + F.backend.dot(x, self.kernel)
            return y, [y]

        def get_config(self):
            return dict(super().get_config(), units=self.units)

    return Scale, ContextCell


def _first(shapes):
    """The shape of the sequence: some releases pass those of the constants too, some don't."""
    return shapes[0] if hasattr(shapes[0], "__len__") else shapes


double = written("lambda x: x * 2.0")
double.__name__ = "double"


def custom_objects(F):
    scale, cell = custom_classes(F)
    own = (own_loss, own_metric, double)
    known = {function.__name__: function for function in own}
    known.update({"Scale": scale, "Mine>Scale": scale, "ContextCell": cell, "F": F})
    return known


@architecture(expect="refused", reason="custom", kinds="full keras")
def custom_layer(F):
    L = F.layers
    scale, _ = custom_classes(F)
    x = F.Input(shape=(4,))
    return F.Model(x, L.Dense(2)(scale(3.0, name="own")(L.Dense(3)(x))))


@architecture(writers="keras>=2.1.4 tf", needs="RNN", expect="refused", reason="custom")
def rnn_constants(F):
    _, cell = custom_classes(F)
    x, context = F.Input(shape=(5, 3)), F.Input(shape=(2,))
    return F.Model([x, context], F.layers.RNN(cell(2))(x, constants=context))


@architecture(expect="refused", reason="lambda", kinds="full keras")
def lambda_expression(F):
    L = F.layers
    shape = {} if F.flavor == "tf" else {"output_shape": (3,)}
    x = F.Input(shape=(4,))
    return F.Model(x, L.Lambda(written("lambda t: t * 2.0 + 1.0"), **shape)(L.Dense(3)(x)))


@architecture(expect="refused", reason="lambda")
def lambda_function(F):
    L = F.layers
    shape = {} if F.flavor == "tf" else {"output_shape": (3,)}
    x = F.Input(shape=(4,))
    return F.Model(x, L.Lambda(double, **shape)(L.Dense(3)(x)))


@architecture(expect="refused", reason="lambda", writers="keras tf")
def lambda_arguments(F):
    L = F.layers
    shape = {} if F.flavor == "tf" else {"output_shape": (4,)}
    x = F.Input(shape=(4,))
    return F.Model(
        x, L.Lambda(written("lambda t, by=1.0: t + by"), arguments={"by": 2.5}, **shape)(x)
    )


@architecture(writers="tf>=2.4", expect="refused", reason="op-layer", kinds="full keras")
def operators(F):
    L = F.layers
    x = F.Input(shape=(4,))
    y = L.Dense(4)(x)
    return F.Model(x, [y + 1.0, 2.0 * y - x, y[:, 1:3], F.tf.nn.relu(y)])


@architecture(writers="tf>=2.4", expect="refused", reason="op-layer")
def operators_in_line(F):
    L, tf = F.layers, F.tf
    x = F.Input(shape=(6, 5, 2))
    y = tf.keras.activations.swish(L.Conv2D(3, 3)(x))
    y = tf.reduce_mean(tf.nn.relu6(y + 3.0) * (1.0 / 6.0), axis=[1, 2])
    return F.Model(x, L.Dense(2)(tf.concat([y, tf.nn.softmax(y)], axis=-1)))


@architecture(writers="tf>=2.0<2.4", expect="refused", reason="op-layer")
def op_layers(F):
    L, tf = F.layers, F.tf
    x = F.Input(shape=(4,))
    y = L.Dense(4)(x)
    return F.Model(x, [tf.nn.relu(y + 1.0), tf.reduce_sum(y * 2.0, axis=1)])


@architecture(writers="keras3")
def operators_of_keras3(F):
    L, ops = F.layers, F.keras.ops
    x = F.Input(shape=(4,))
    y = L.Dense(4)(x)
    return F.Model(x, [y + 1.0, ops.relu(y), y[:, 1:3]])


@architecture(writers="keras3>=3.4", kinds="keras")
def operators_archived(F):
    """The same nodes reload from an archive."""
    L, ops = F.layers, F.keras.ops
    x = F.Input(shape=(4,))
    y = L.Dense(4)(x)
    return F.Model(x, [y + 1.0, ops.relu(y), ops.mean(y * x, axis=1)])


@architecture(writers="tf>=2.1 keras3", expect="refused", reason="custom")
def custom_registered(F):
    """Registered under a package of its own, so the class name is package>name."""
    scale, _ = custom_classes(F)
    serialization = getattr(F.keras, "saving", None) or F.keras.utils
    if not hasattr(serialization, "register_keras_serializable"):
        serialization = F.keras.utils
    own = serialization.register_keras_serializable(package="Mine")(scale)
    x = F.Input(shape=(4,))
    return F.Model(x, own(3.0)(x))


@architecture(writers="tf>=2.1 keras3", reason="masked-lambda", expect="refused")
def lambda_after_mask(F):
    L = F.layers
    x = F.Input(shape=(6, 3))
    y = L.Lambda(written("lambda t: t * 2.0"))(L.Masking()(x))
    return Made(F.Model(x, L.LSTM(2)(y)), inputs=[padded_floats()])
