"""Compiled models whose losses go on: slots of variables in every place and of every layout."""

from ..data import ids, one_hot
from ..registry import EVERY, Made, architecture
from .training import FULL, _rate


def _compiled(F, model, optimizer="Adam", inputs=None, targets=None, **arguments):
    maker = getattr(F.keras.optimizers, optimizer)
    compiled = {"loss": "mse", "optimizer": maker(**dict(_rate(F, 0.015625), **arguments))}
    return Made(model, inputs, compile=compiled, targets=targets or [None], goes_on=True)


@architecture(kinds="keras full")
def goes_on_convolutions(F):
    L = F.layers
    x = F.Input(shape=(6, 5, 2))
    y = L.BatchNormalization()(L.Conv2D(3, (3, 2), activation="relu")(x))
    y = L.Flatten()(L.MaxPooling2D()(y))
    return _compiled(F, F.Model(x, L.Dense(2)(y)))


@architecture(writers="keras1>=1.0.7")
def goes_on_k1_convolutions(F):
    """Kernels of Theano are turned around, and so are their slots."""
    L = F.layers
    x = F.Input(shape=(2, 6, 5))
    y = L.Convolution2D(3, 3, 2, activation="tanh", dim_ordering="th")(x)
    y = L.Flatten()(y)
    return _compiled(F, F.Model(x, L.Dense(2)(y)))


@architecture()
def goes_on_recurrent(F):
    """With sigmoid gates, no weight has to be scaled."""
    L = F.layers
    x = F.Input(shape=(5, 2))
    lstm = L.LSTM(3, recurrent_activation="sigmoid", return_sequences=True)
    return _compiled(F, F.Model(x, L.Dense(2)(L.SimpleRNN(2)(lstm(x)))))


@architecture()
def goes_on_bidirectional(F):
    L = F.layers
    x = F.Input(shape=(5, 2))
    y = L.Bidirectional(L.LSTM(2, recurrent_activation="sigmoid"))(x)
    return _compiled(F, F.Model(x, L.Dense(2)(y)), "SGD", momentum=0.5)


@architecture(writers="keras1>=1.0.7")
def goes_on_k1_recurrent(F):
    """Keras 1 has a variable for each gate, Keras 3 one for all."""
    L = F.layers
    x = F.Input(shape=(5, 2))
    lstm = L.LSTM(3, inner_activation="sigmoid", return_sequences=True)(x)
    gru = L.GRU(2, inner_activation="sigmoid")(lstm)
    return _compiled(F, F.Model(x, L.Dense(2)(gru)))


@architecture()
def goes_on_scaled_gates(F):
    """The gates of hard_sigmoid are scaled for Keras 3, where training is another then."""
    L = F.layers
    x = F.Input(shape=(5, 2))
    y = L.LSTM(3, recurrent_activation="hard_sigmoid")(x)
    return _compiled(F, F.Model(x, L.Dense(2)(y)))


def _each_once(rng, shape):
    """No row of the table is asked for twice in a batch."""
    return rng.permutation(7)[: shape[0] * shape[1]].reshape(shape)


def _embedded(F, optimizer, maker=_each_once, **arguments):
    L = F.layers
    x = F.Input(shape=(2,))
    y = L.Flatten()(L.Embedding(7, 3)(x))
    return _compiled(F, F.Model(x, L.Dense(2)(y)), optimizer, [maker], **arguments)


@architecture()
def goes_on_embedding_adam(F):
    return _embedded(F, "Adam")


@architecture()
def goes_on_embedding_repeated(F):
    """Keras 3 squares the gradients of a row that a batch uses twice one by one."""
    return _embedded(F, "Adam", ids(7))


@architecture()
def goes_on_embedding_sgd(F):
    """tf.keras up to 2.10 lets the momentum of rows rest that a batch does not use."""
    return _embedded(F, "SGD", ids(7), momentum=0.75)


@architecture()
def goes_on_embedding_rmsprop(F):
    return _embedded(F, "RMSprop")


@architecture()
def goes_on_embedding_adamax(F):
    return _embedded(F, "Adamax")


@architecture(kinds="keras full")
def goes_on_shared(F):
    L = F.layers
    shared = L.Dense(3, activation="tanh", name="shared")
    a, b = F.Input(shape=(4,)), F.Input(shape=(4,))
    y = L.concatenate([shared(a), shared(b)])
    return _compiled(F, F.Model([a, b], L.Dense(2)(y)))


@architecture()
def goes_on_nested(F):
    L = F.layers
    z = F.Input(shape=(3,))
    y = L.Dense(3, activation="tanh", name="kept", trainable=False)(z)
    y = L.BatchNormalization(name="norm")(L.Dense(3, name="inside")(y))
    inner = F.Model(z, y, name="inner")
    top = F.Input(shape=(3,))
    after = L.Dense(3, activation="tanh", name="before")(top)
    return _compiled(F, F.Model(top, L.Dense(3, name="head")(inner(after))))


@architecture(kinds="keras full")
def goes_on_nested_frozen(F):
    """A frozen model, and a model with a frozen layer, so that orders of variables differ."""
    L = F.layers
    x = F.Input(shape=(3,))
    frozen = F.Model(x, L.Dense(3, activation="tanh", name="deep")(x), name="frozen")
    frozen.trainable = False
    z = F.Input(shape=(3,))
    y = L.Dense(3, activation="tanh", name="kept", trainable=False)(z)
    y = L.BatchNormalization(name="norm")(L.Dense(3, name="inside")(y))
    inner = F.Model(z, y, name="inner")
    top = F.Input(shape=(3,))
    after = L.Dense(3, activation="tanh", name="before")(inner(frozen(top)))
    return _compiled(F, F.Model(top, L.Dense(2, name="head")(after)))


@architecture()
def goes_on_regularized(F):
    L, R = F.layers, F.keras.regularizers
    model = F.Sequential(
        [
            L.Dense(4, activation="tanh", kernel_regularizer=R.l2(0.0625), input_shape=(3,)),
            L.Dense(2, bias_regularizer=R.l1(0.03125)),
        ]
    )
    return _compiled(F, model)


@architecture()
def goes_on_activity_regularized(F):
    """The stand-alone Keras adds up over a batch what the others average."""
    L, R = F.layers, F.keras.regularizers
    dense = L.Dense(2, activity_regularizer=R.l2(0.015625), input_shape=(3,))
    return _compiled(F, F.Sequential([dense]))


@architecture(writers="keras tf keras3")
def goes_on_separable(F):
    L = F.layers
    x = F.Input(shape=(5, 5, 2))
    y = L.SeparableConv2D(3, 3, depth_multiplier=2, activation="relu")(x)
    y = L.Conv2DTranspose(2, 2)(y)
    return _compiled(F, F.Model(x, L.Dense(2)(L.GlobalAveragePooling2D()(y))))


@architecture(writers="tf>=2.5 keras3", kinds="keras full")
def goes_on_attention(F):
    L = F.layers
    x = F.Input(shape=(4, 3))
    y = L.MultiHeadAttention(num_heads=2, key_dim=2)(x, x)
    y = L.LayerNormalization()(L.Add()([x, y]))
    return _compiled(F, F.Model(x, L.Dense(2)(L.Flatten()(y))))


@architecture(writers="keras tf keras3")
def goes_on_odd_names(F):
    """A layer that is called like a slot, and two of one shape that only the order tells apart."""
    L = F.layers
    x = F.Input(shape=(3,))
    y = L.Dense(3, activation="tanh", name="dense_m")(x)
    y = L.Dense(3, activation="tanh", name="momentum")(y)
    y = L.Dense(3, activation="tanh", name="a_velocity")(y)
    return _compiled(F, F.Model(x, L.Dense(3, name="v")(y)))


@architecture(writers=FULL)
def goes_on_classifier(F):
    L = F.layers
    model = F.Sequential(
        [
            L.Dense(5, activation="relu", input_shape=(3,)),
            L.Dense(3, activation="softmax"),
        ]
    )
    made = _compiled(F, model, targets=[one_hot()])
    made.compile.update({"loss": "categorical_crossentropy", "metrics": ["accuracy"]})
    return made


@architecture(writers=EVERY)
def goes_on_two_outputs(F):
    L = F.layers
    x = F.Input(shape=(3,), name="features")
    y = L.Dense(4, activation="tanh")(x)
    price = L.Dense(1, name="price")(y)
    kind = L.Dense(3, activation="softmax", name="kind")(y)
    made = _compiled(F, F.Model(x, [price, kind]), targets=[None, one_hot()])
    losses = {"price": "mae", "kind": "categorical_crossentropy"}
    weights = {"price": 0.25, "kind": 2.0}
    metrics = {"price": "mse", "kind": "accuracy"}
    made.compile.update({"loss": losses, "loss_weights": weights, "metrics": metrics})
    return made
