"""Keras 1: layers and modes that Keras 2 did not take over."""

from ..data import floats, padded_ids
from ..registry import Made, architecture

KERAS1 = "keras1"


def _merged(F, modes, shape, **arguments):
    from keras.layers import merge

    x, y = F.Input(shape=shape), F.Input(shape=shape)
    return F.Model([x, y], [merge([x, y], mode=mode, **arguments) for mode in modes])


@architecture(KERAS1, name="k1_merge_sequences")
def merge_sequences(F):
    return _merged(F, ("sum", "mul", "ave", "max", "concat"), (4, 3), concat_axis=1)


def _dots(axes):
    def build(F):
        return _merged(F, ("dot",), (4, 4), dot_axes=axes)

    return build


_AXES = {"first": [1, 1], "last": [2, 2], "product": [2, 1], "crossed": [1, 2], "number": 2}
for _name in sorted(_AXES):
    architecture(KERAS1, name="k1_merge_dot_" + _name)(_dots(_AXES[_name]))


@architecture(KERAS1, name="k1_merge_dot_from_the_end")
def merge_dot_from_the_end(F):
    return _merged(F, ("dot",), (4, 3), dot_axes=-1)


@architecture(KERAS1, name="k1_merge_cosine_small")
def merge_cosine_small(F):
    """Vectors so short that the least length counts."""
    return Made(_merged(F, ("cos",), (4,), dot_axes=1), inputs=[floats(3e-4), floats(3e-4)])


@architecture(KERAS1, name="k1_merge_cosine_sequential")
def merge_cosine_sequential(F):
    """What follows gets an axis more than Keras thought."""
    L = F.layers
    left, right = F.Sequential([L.Dense(3, input_dim=4)]), F.Sequential([L.Dense(3, input_dim=2)])
    model = F.Sequential()
    model.add(L.Merge([left, right], mode="cos", dot_axes=1))
    model.add(L.Flatten())
    model.add(L.Dense(2))
    return model


@architecture(KERAS1, name="k1_merge_sum_sequential")
def merge_sum_sequential(F):
    L = F.layers
    left, right = F.Sequential([L.Dense(3, input_dim=4)]), F.Sequential([L.Dense(3, input_dim=2)])
    model = F.Sequential()
    model.add(L.Merge([left, right], mode="sum"))
    model.add(L.Activation("tanh"))
    return model


@architecture(KERAS1, name="k1_merge_masks")
def merge_masks(F):
    """Both are masked, in different places."""
    L = F.layers
    from keras.layers import merge

    x, y = F.Input(shape=(6,), dtype="int32"), F.Input(shape=(6,), dtype="int32")
    one = L.Embedding(9, 4, mask_zero=True)(x)
    two = L.Embedding(9, 4, mask_zero=True)(y)
    outputs = [L.LSTM(3)(merge([one, two], mode=mode)) for mode in ("sum", "mul", "ave")]
    outputs.append(L.GRU(2)(merge([one, two], mode="concat")))
    return Made(F.Model([x, y], outputs), inputs=[padded_ids(9, step=2), padded_ids(9, step=1)])


@architecture(KERAS1, name="k1_merge_lambda")
def merge_lambda(F):
    from keras.layers import merge

    from ..registry import written

    x, y = F.Input(shape=(4,)), F.Input(shape=(4,))
    mode = written("lambda xs: xs[0] - xs[1]")
    return F.Model([x, y], merge([x, y], mode=mode, output_shape=(4,)))


@architecture(KERAS1, name="k1_batch_statistics")
def batch_statistics(F):
    L = F.layers
    x, y, z = F.Input(shape=(4,)), F.Input(shape=(5, 3)), F.Input(shape=(3, 4, 5))
    outputs = [
        L.BatchNormalization(mode=2, epsilon=0.1)(x),
        L.BatchNormalization(mode=2, axis=-1)(y),
        L.BatchNormalization(mode=2, axis=1)(y),
        L.BatchNormalization(mode=2, axis=1)(z),
        L.BatchNormalization(mode=2, axis=3)(z),
    ]
    return F.Model([x, y, z], outputs)


@architecture(KERAS1, name="k1_batch_statistics_shared")
def batch_statistics_shared(F):
    """One layer on two inputs, each of which is a batch of its own."""
    x, y = F.Input(shape=(4,)), F.Input(shape=(4,))
    layer = F.layers.BatchNormalization(mode=2)
    return F.Model([x, y], [layer(x), layer(y)])


@architecture(KERAS1, name="k1_sample_normalization")
def sample_normalization(F):
    L = F.layers
    x, y, z = F.Input(shape=(4,)), F.Input(shape=(5, 3)), F.Input(shape=(3, 4, 5))
    outputs = [
        L.BatchNormalization(mode=1, epsilon=0.1)(x),
        L.BatchNormalization(mode=1)(y),
        L.BatchNormalization(mode=1)(z),
    ]
    return F.Model([x, y, z], outputs)


@architecture(KERAS1, name="k1_normalization_sequential")
def normalization_sequential(F):
    L = F.layers
    model = F.Sequential([L.Dense(4, input_dim=3)])
    model.add(L.BatchNormalization(mode=2))
    model.add(L.Dense(3, activation="relu"))
    model.add(L.BatchNormalization(mode=1))
    return model


@architecture(KERAS1, name="k1_learned_activations")
def learned_activations(F):
    """On sequences and pictures, with numbers that are shared along some axes."""
    L = F.layers
    x, y = F.Input(shape=(4, 3)), F.Input(shape=(3, 4, 5))
    outputs = [L.ParametricSoftplus()(x), L.SReLU()(x), L.SReLU()(y)]
    if F.version >= (1, 1):
        outputs.append(L.ParametricSoftplus(shared_axes=[2, 3])(y))
        outputs.append(L.SReLU(shared_axes=[1])(y))
    return F.Model([x, y], outputs)


@architecture(KERAS1, name="k1_highways")
def highways(F):
    L = F.layers
    model = F.Sequential([L.Highway(input_dim=4, activation="tanh")])
    model.add(L.Highway(bias=False))
    model.add(L.MaxoutDense(3, nb_feature=5, bias=False))
    return model


def _locally_connected(order):
    def build(F):
        L = F.layers
        given = {"dim_ordering": order}
        x = F.Input(shape=(2, 5, 6) if order == "th" else (5, 6, 2))
        layers = [
            L.LocallyConnected2D(3, 2, 3, activation="relu", **given),
            L.LocallyConnected2D(2, 2, 2, subsample=(1, 2), **given),
        ]
        return F.Model(x, [layer(x) for layer in layers])

    return build


for _order in ("th", "tf"):
    architecture(KERAS1, name="k1_locally_connected_" + _order, needs="LocallyConnected2D")(
        _locally_connected(_order)
    )
