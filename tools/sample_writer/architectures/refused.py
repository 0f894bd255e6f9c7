"""What Keras 3 has no exact stock equivalent for, or what can't be known from the file."""

from ..data import padded_floats
from ..registry import Made, architecture, written
from .training import own_loss, own_metric


double = written("lambda x: x * 2.0")
double.__name__ = "double"


def custom_objects(F):
    own = (own_loss, own_metric, double)
    known = {function.__name__: function for function in own}
    known["F"] = F
    return known


@architecture(kinds="full keras")
def lambda_expression(F):
    L = F.layers
    shape = {} if F.flavor == "tf" else {"output_shape": (3,)}
    x = F.Input(shape=(4,))
    return F.Model(x, L.Lambda(written("lambda t: t * 2.0 + 1.0"), **shape)(L.Dense(3)(x)))


@architecture()
def lambda_function(F):
    """Keras 3 keeps the function by its name."""
    L = F.layers
    shape = {} if F.flavor == "tf" else {"output_shape": (3,)}
    x = F.Input(shape=(4,))
    model = F.Model(x, L.Lambda(double, **shape)(L.Dense(3)(x)))
    named = {"expect": "refused", "reason": "lambda"} if F.flavor == "keras3" else {}
    return Made(model, **named)


@architecture(writers="keras tf")
def lambda_arguments(F):
    L = F.layers
    shape = {} if F.flavor == "tf" else {"output_shape": (4,)}
    x = F.Input(shape=(4,))
    return F.Model(
        x, L.Lambda(written("lambda t, by=1.0: t + by"), arguments={"by": 2.5}, **shape)(x)
    )


@architecture(writers="tf>=2.4", kinds="full keras")
def operators(F):
    L = F.layers
    x = F.Input(shape=(4,))
    y = L.Dense(4)(x)
    return F.Model(x, [y + 1.0, 2.0 * y - x, y[:, 1:3], F.tf.nn.relu(y)])


@architecture(writers="tf>=2.4")
def operators_in_line(F):
    L, tf = F.layers, F.tf
    x = F.Input(shape=(6, 5, 2))
    y = tf.keras.activations.swish(L.Conv2D(3, 3)(x))
    y = tf.reduce_mean(tf.nn.relu6(y + 3.0) * (1.0 / 6.0), axis=[1, 2])
    return F.Model(x, L.Dense(2)(tf.concat([y, tf.nn.softmax(y)], axis=-1)))


@architecture(writers="tf>=2.0<2.4")
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


@architecture(writers="tf>=2.1 keras3")
def lambda_after_mask(F):
    L = F.layers
    x = F.Input(shape=(6, 3))
    y = L.Lambda(written("lambda t: t * 2.0"))(L.Masking()(x))
    return Made(F.Model(x, L.LSTM(2)(y)), inputs=[padded_floats()])
