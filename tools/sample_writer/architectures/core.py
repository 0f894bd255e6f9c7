"""Dense, shape changers, dropouts, embeddings: the layers without a subject of their own."""

from ..data import ids, padded_floats, padded_ids
from ..registry import Made, architecture, branches


@architecture(kinds="full keras weights weights.h5")
def dense(F):
    L = F.layers
    return branches(
        F,
        (4,),
        [
            L.Dense(3),
            L.Dense(3, activation="tanh", use_bias=False),
            L.Dense(2, activation="softmax", bias_initializer="ones"),
        ],
    )


@architecture()
def dense_on_sequences(F):
    L = F.layers
    return branches(F, (5, 4), [L.Dense(3), L.Dense(2, activation="relu", use_bias=False)])


@architecture()
def shapes(F):
    L = F.layers
    return branches(
        F,
        (4, 3, 2),
        [L.Flatten(), L.Reshape((6, 4)), L.Reshape((-1, 8)), L.Permute((3, 1, 2))],
    )


@architecture(writers="keras>=2.2 tf keras3")
def flatten_channels_first(F):
    return branches(F, (4, 3, 2), [F.layers.Flatten(data_format="channels_first")])


@architecture()
def repeat_vector(F):
    L = F.layers
    x = F.Input(shape=(4,))
    return F.Model(x, L.RepeatVector(3)(L.Dense(2)(x)))


@architecture(kinds="full keras")
def dropouts(F):
    L = F.layers
    noise_shape = (3, 1, 4) if F.since("keras<2.1 tf<2.0") else (None, 1, 4)
    return branches(
        F,
        (5, 4),
        [
            L.Dropout(0.5),
            L.Dropout(0.2, noise_shape=noise_shape, seed=7),
            L.GaussianDropout(0.3),
            L.GaussianNoise(0.1),
            L.SpatialDropout1D(0.4),
        ],
    )


@architecture()
def spatial_dropouts(F):
    L = F.layers
    x, y = F.Input(shape=(4, 3, 2)), F.Input(shape=(2, 3, 2, 2))
    outputs = [
        L.SpatialDropout2D(0.5)(x),
        L.SpatialDropout2D(0.2, data_format="channels_first")(x),
        L.SpatialDropout3D(0.5)(y),
        L.SpatialDropout3D(0.2, data_format="channels_first")(y),
    ]
    return F.Model([x, y], outputs)


@architecture(needs="AlphaDropout")
def alpha_dropout(F):
    L = F.layers
    return branches(F, (4,), [L.AlphaDropout(0.5), L.AlphaDropout(0.1, noise_shape=(1, 4), seed=3)])


@architecture()
def activity_regularization(F):
    L = F.layers
    layers = [L.ActivityRegularization(l1=0.1, l2=0.2)]
    if not F.since("tf<2.0"):
        layers.append(L.ActivityRegularization())
    return branches(F, (4,), layers)


@architecture(kinds="full keras")
def embedding(F):
    L = F.layers
    x = F.Input(shape=(5,))
    outputs = [
        L.Embedding(11, 4)(x),
        L.Embedding(11, 3, embeddings_initializer="zeros", embeddings_constraint="non_neg")(x),
        L.Embedding(11, 2, mask_zero=True)(x),
    ]
    return Made(F.Model(x, outputs), inputs=[ids(11)])


@architecture(writers="keras tf")
def embedding_input_length(F):
    L = F.layers
    model = F.Sequential()
    model.add(L.Embedding(9, 3, input_length=5))
    model.add(L.Flatten())
    model.add(L.Dense(2))
    return Made(model, inputs=[ids(9)])


@architecture()
def embedding_of_integers(F):
    L = F.layers
    x = F.Input(shape=(None,), dtype="int32", name="tokens")
    y = L.GlobalAveragePooling1D()(L.Embedding(9, 4)(x))
    return Made(F.Model(x, L.Dense(2)(y)), inputs=[ids(9)])


@architecture()
def masking(F):
    L = F.layers
    x = F.Input(shape=(6, 3))
    outputs = [
        L.LSTM(2)(L.Masking()(x)),
        L.GRU(2, return_sequences=True)(L.Masking(mask_value=0.0)(x)),
        L.Dense(2)(L.Masking(mask_value=-1.0)(x)),
    ]
    return Made(F.Model(x, outputs), inputs=[padded_floats()])


@architecture(needs="Rescaling", writers="tf>=2.6 keras3")
def masked_rescaling(F):
    """tf.keras lets go of the mask."""
    L = F.layers
    x = F.Input(shape=(6,))
    y = L.Embedding(9, 3, mask_zero=True)(x)
    layers = [L.Rescaling(0.5, 0.25)] + ([L.Identity()] if F.has("Identity") else [])
    return Made(F.Model(x, [L.LSTM(2)(layer(y)) for layer in layers]), inputs=[padded_ids(9)])


@architecture(writers="tf>=2.2")
def masks_inside_time_distributed(F):
    L = F.layers
    x = F.Input(shape=(3, 6))
    y = L.TimeDistributed(L.Embedding(9, 2, mask_zero=True))(x)
    model = F.Model(x, L.TimeDistributed(L.LSTM(2))(y))
    return Made(model, inputs=[padded_ids(9)], expect="refused", reason="inner-masks")



@architecture(needs="EinsumDense")
def einsum_dense(F):
    L = F.layers
    return branches(
        F,
        (5, 4),
        [
            L.EinsumDense("abc,cd->abd", output_shape=(None, 3)),
            L.EinsumDense("abc,cd->abd", output_shape=(None, 3), bias_axes="d", activation="relu"),
            L.EinsumDense("abc,cde->abde", output_shape=(None, 2, 3), bias_axes="de"),
        ],
    )


@architecture(needs="Identity")
def identity(F):
    return branches(F, (4,), [F.layers.Identity(), F.layers.Dense(2)])
