"""Keras 1: layers of other names, arguments and weight layouts.

Pictures come in the order of axes that the backend likes; the ``th`` twins of the convolutions run
on both, and Theano turns every kernel around.
"""

from ..data import ids, one_hot, padded_floats, padded_ids
from ..registry import Made, architecture, branches, written

KERAS1 = "keras1"


def _image(F, rows=6, columns=5, channels=2):
    first = F.backend.image_dim_ordering() == "th"
    return (channels, rows, columns) if first else (rows, columns, channels)


def _volume(F):
    first = F.backend.image_dim_ordering() == "th"
    return (2, 4, 5, 4) if first else (4, 5, 4, 2)


@architecture(KERAS1, name="k1_dense", kinds="full weights")
def dense(F):
    L = F.layers
    layers = [
        L.Dense(3),
        L.Dense(2, activation="relu", bias=False, init="he_normal"),
        L.Dense(2, activation="softmax", W_regularizer="l2", b_constraint="nonneg"),
    ]
    return branches(F, (4,), layers)


@architecture(KERAS1, name="k1_sequential", kinds="full weights")
def sequential(F):
    L = F.layers
    model = F.Sequential()
    model.add(L.Dense(4, input_dim=3, activation="tanh"))
    model.add(L.Dropout(0.5))
    model.add(L.BatchNormalization())
    model.add(L.Dense(2))
    return model


@architecture(KERAS1, name="k1_shapes")
def shapes(F):
    L = F.layers
    return branches(
        F, (4, 3), [L.Flatten(), L.Reshape((2, 6)), L.Permute((2, 1)), L.GaussianNoise(0.1)]
    )


@architecture(KERAS1, name="k1_dropouts")
def dropouts(F):
    L = F.layers
    x, y = F.Input(shape=(4, 3)), F.Input(shape=(4,))
    outputs = [L.Dropout(0.5)(x), L.GaussianDropout(0.2)(x), L.RepeatVector(3)(y)]
    outputs.append(L.ActivityRegularization(l2=0.1)(y))
    if F.has("SpatialDropout1D"):
        outputs.append(L.SpatialDropout1D(0.2)(x))
    return F.Model([x, y], outputs)


@architecture(KERAS1, name="k1_spatial_dropouts", needs="SpatialDropout2D SpatialDropout3D")
def spatial_dropouts(F):
    L = F.layers
    x, y = F.Input(shape=_image(F)), F.Input(shape=_volume(F))
    return F.Model([x, y], [L.SpatialDropout2D(0.2)(x), L.SpatialDropout3D(0.2)(y)])


@architecture(KERAS1, name="k1_time_distributed_dense", needs="TimeDistributedDense")
def time_distributed_dense(F):
    return branches(F, (5, 3), [F.layers.TimeDistributedDense(4, activation="relu")])


@architecture(KERAS1, name="k1_conv_network")
def conv_network(F):
    L = F.layers
    model = F.Sequential()
    model.add(L.Convolution2D(3, 3, 3, activation="relu", input_shape=_image(F, 8, 7)))
    model.add(L.ZeroPadding2D((1, 1)))
    model.add(L.Convolution2D(2, 2, 3, border_mode="same", subsample=(2, 1), bias=False))
    model.add(L.MaxPooling2D((2, 2)))
    model.add(L.Flatten())
    model.add(L.Dense(3, activation="softmax"))
    return model


def _convolutions(order):
    """The file leaves out the order for padding and upsampling: only the others still tell it."""

    def build(F):
        L = F.layers
        given = {"dim_ordering": order}
        shape = (2, 8, 7) if order == "th" else (8, 7, 2)
        layers = [
            L.Convolution2D(3, 3, 2, **given),
            L.Convolution2D(2, 2, 2, border_mode="same", activation="tanh", bias=False, **given),
            L.MaxPooling2D((2, 2), **given),
            L.AveragePooling2D((2, 3), strides=(1, 1), **given),
            L.ZeroPadding2D((2, 1), **given),
            L.UpSampling2D((2, 3), **given),
        ]
        return Made(branches(F, shape, layers), misread=True)

    return build


for _order in ("th", "tf"):
    architecture(KERAS1, name="k1_convolutions_" + _order)(_convolutions(_order))


@architecture(KERAS1, name="k1_conv1d")
def conv1d(F):
    L = F.layers
    layers = [
        L.Convolution1D(3, 3),
        L.Convolution1D(2, 2, border_mode="same", subsample_length=2, bias=False),
        L.MaxPooling1D(2),
        L.AveragePooling1D(2),
        L.ZeroPadding1D(1),
        L.UpSampling1D(2),
    ]
    if F.has("GlobalMaxPooling1D"):
        layers += [L.GlobalMaxPooling1D(), L.GlobalAveragePooling1D()]
    return branches(F, (8, 2), layers)


@architecture(KERAS1, name="k1_conv3d")
def conv3d(F):
    L = F.layers
    layers = [
        L.Convolution3D(2, 2, 3, 2),
        L.MaxPooling3D((2, 2, 2)),
        L.AveragePooling3D((2, 1, 2)),
        L.UpSampling3D((1, 2, 2)),
        L.ZeroPadding3D((1, 0, 1)),
    ]
    for name in ("Cropping3D", "GlobalMaxPooling3D", "GlobalAveragePooling3D"):
        if F.has(name):
            layers.append(getattr(L, name)())
    return branches(F, _volume(F), layers)


@architecture(KERAS1, name="k1_global_pooling", needs="GlobalMaxPooling2D")
def global_pooling(F):
    L = F.layers
    return branches(F, _image(F), [L.GlobalMaxPooling2D(), L.GlobalAveragePooling2D()])


@architecture(KERAS1, name="k1_atrous1d", needs="AtrousConvolution1D")
def atrous1d(F):
    return branches(F, (8, 2), [F.layers.AtrousConvolution1D(3, 2, atrous_rate=2)])


@architecture(KERAS1, name="k1_deconvolution", needs="Deconvolution2D")
def deconvolution(F):
    L = F.layers
    th = F.backend.image_dim_ordering() == "th"
    shape = (3, 2, 12, 10) if th else (3, 12, 10, 2)
    layer = L.Deconvolution2D(2, 2, 2, output_shape=shape, subsample=(2, 2))
    return branches(F, _image(F, 6, 5, 3), [layer])


@architecture(KERAS1, name="k1_separable", needs="SeparableConvolution2D")
def separable(F):
    if F.backend.backend() != "tensorflow":
        raise NotImplementedError("Theano has no separable convolution")
    return branches(F, _image(F), [F.layers.SeparableConvolution2D(3, 2, 2, depth_multiplier=2)])


@architecture(KERAS1, name="k1_atrous", needs="AtrousConvolution2D")
def atrous(F):
    layer = F.layers.AtrousConvolution2D(3, 2, 2, atrous_rate=(2, 2))
    return branches(F, _image(F, 8, 7), [layer])


@architecture(KERAS1, name="k1_cropping", needs="Cropping1D Cropping2D")
def cropping(F):
    L = F.layers
    x, y = F.Input(shape=(6, 2)), F.Input(shape=_image(F, 6, 7))
    return F.Model([x, y], [L.Cropping1D((1, 2))(x), L.Cropping2D(((1, 2), (0, 3)))(y)])


@architecture(KERAS1, name="k1_locally_connected", needs="LocallyConnected1D")
def locally_connected(F):
    L = F.layers
    x, y = F.Input(shape=(6, 2)), F.Input(shape=_image(F))
    return F.Model([x, y], [L.LocallyConnected1D(2, 3)(x), L.LocallyConnected2D(2, 2, 2)(y)])


@architecture(KERAS1, name="k1_recurrent", kinds="full weights")
def recurrent(F):
    L = F.layers
    layers = [
        L.LSTM(4),
        L.LSTM(3, return_sequences=True, inner_activation="sigmoid", forget_bias_init="zero"),
        L.GRU(4),
        L.GRU(3, return_sequences=True, go_backwards=True, activation="relu"),
        L.SimpleRNN(3, dropout_W=0.1, dropout_U=0.2),
    ]
    return branches(F, (6, 3), layers)


@architecture(KERAS1, name="k1_recurrent_implementations")
def recurrent_implementations(F):
    L = F.layers
    modes = ("cpu", "mem", "gpu")
    return branches(F, (6, 3), [L.LSTM(2, consume_less=mode) for mode in modes])


@architecture(KERAS1, name="k1_bidirectional", needs="Bidirectional")
def bidirectional(F):
    L = F.layers
    x = F.Input(shape=(6, 3))
    outputs = [
        L.Bidirectional(L.LSTM(3))(x),
        L.Bidirectional(L.GRU(2, return_sequences=True), merge_mode="sum")(x),
    ]
    return F.Model(x, outputs)


@architecture(KERAS1, name="k1_time_distributed")
def time_distributed(F):
    L = F.layers
    x = F.Input(shape=(5, 3))
    y = L.TimeDistributed(L.Dense(4, activation="relu"))(x)
    return F.Model(x, [y, L.LSTM(2)(y)])


@architecture(KERAS1, name="k1_conv_lstm", needs="ConvLSTM2D")
def conv_lstm(F):
    shape = (3,) + _image(F)
    return branches(F, shape, [F.layers.ConvLSTM2D(2, 2, 2, border_mode="same")])


@architecture(KERAS1, name="k1_embedding")
def embedding(F):
    L = F.layers
    model = F.Sequential()
    model.add(L.Embedding(12, 4, input_length=6, mask_zero=True, dropout=0.1))
    model.add(L.LSTM(3))
    model.add(L.Dense(1, activation="sigmoid"))
    return Made(model, inputs=[padded_ids(12)])


@architecture(KERAS1, name="k1_masking")
def masking(F):
    L = F.layers
    model = F.Sequential([L.Masking(input_shape=(6, 3)), L.GRU(3), L.Dense(2)])
    return Made(model, inputs=[padded_floats()])


@architecture(KERAS1, name="k1_batch_normalization", kinds="full weights")
def batch_normalization(F):
    L = F.layers
    layers = [
        L.BatchNormalization(),
        L.BatchNormalization(axis=1, epsilon=0.01, momentum=0.9),
    ]
    return branches(F, (5, 4), layers)


@architecture(KERAS1, name="k1_batch_normalization_modes")
def batch_normalization_modes(F):
    """Normalized by the batch at hand, even when predicting."""
    L = F.layers
    return branches(F, (4,), [L.BatchNormalization(mode=1), L.BatchNormalization(mode=2)])


@architecture(KERAS1, name="k1_merge_function")
def merge_function(F):
    from keras.layers import merge

    x, y = F.Input(shape=(4,)), F.Input(shape=(4,))
    modes = ("sum", "mul", "ave", "max", "concat")
    outputs = [merge([x, y], mode=mode) for mode in modes]
    outputs.append(merge([x, y], mode="dot", dot_axes=1))
    return F.Model([x, y], outputs)


@architecture(KERAS1, name="k1_merge_cosine")
def merge_cosine(F):
    from keras.layers import merge

    x, y = F.Input(shape=(4,)), F.Input(shape=(4,))
    return F.Model([x, y], merge([x, y], mode="cos", dot_axes=1))


@architecture(KERAS1, name="k1_merge_sequential")
def merge_sequential(F):
    """Two Sequential models joined at the head of a third, as people did before Functional."""
    L = F.layers
    left, right = F.Sequential([L.Dense(3, input_dim=4)]), F.Sequential([L.Dense(2, input_dim=3)])
    model = F.Sequential()
    model.add(L.Merge([left, right], mode="concat"))
    model.add(L.Dense(2))
    return model


@architecture(KERAS1, name="k1_activations")
def activations(F):
    L = F.layers
    names = ("linear", "relu", "tanh", "sigmoid", "softmax", "softplus", "softsign")
    layers = [L.Activation(name) for name in names]
    return branches(F, (5,), layers + [L.LeakyReLU(0.2), L.ELU(0.5), L.ThresholdedReLU(0.5)])


@architecture(KERAS1, name="k1_prelu")
def prelu(F):
    L = F.layers
    x, y = F.Input(shape=(4,)), F.Input(shape=_image(F))
    axes = [2, 3] if F.backend.image_dim_ordering() == "th" else [1, 2]
    shared = {"shared_axes": axes} if F.version >= (1, 1) else {}
    return F.Model([x, y], [L.PReLU()(x), L.PReLU(**shared)(y)])


@architecture(KERAS1, name="k1_hard_sigmoid")
def hard_sigmoid(F):
    L = F.layers
    layers = [L.Activation("hard_sigmoid"), L.Dense(3, activation="hard_sigmoid")]
    return branches(F, (5,), layers)


@architecture(KERAS1, name="k1_removed")
def removed(F):
    L = F.layers
    layers = [
        L.MaxoutDense(3, nb_feature=2),
        L.Highway(),
        L.ParametricSoftplus(),
        L.SReLU(),
    ]
    return branches(F, (4,), layers)


@architecture(KERAS1, name="k1_lambda")
def lambda_layer(F):
    return branches(F, (4,), [F.layers.Lambda(written("lambda t: t * 2 + 1"))])


@architecture(KERAS1, name="k1_shared")
def shared(F):
    L = F.layers
    from keras.layers import merge

    x, y = F.Input(shape=(4,)), F.Input(shape=(4,))
    dense = L.Dense(3, activation="tanh")
    return F.Model([x, y], L.Dense(2)(merge([dense(x), dense(y)], mode="concat")))


@architecture(KERAS1, name="k1_nested")
def nested(F):
    L = F.layers
    inner = F.Sequential([L.Dense(3, input_dim=4)])
    if F.version >= (1, 1):
        inner.add(L.BatchNormalization())
    x, y = F.Input(shape=(4,)), F.Input(shape=(4,))
    return F.Model([x, y], [L.Dense(2)(inner(x)), inner(y)])


@architecture(KERAS1, name="k1_frozen")
def frozen(F):
    L = F.layers
    model = F.Sequential([L.Dense(4, input_dim=3), L.BatchNormalization(), L.Dense(2)])
    model.layers[0].trainable = False
    return model


@architecture(KERAS1, name="k1_trained")
def trained(F):
    L = F.layers
    model = F.Sequential([L.Dense(4, input_dim=3, activation="relu"), L.Dense(2)])
    model.add(L.Activation("softmax"))
    compiled = {"loss": "categorical_crossentropy", "optimizer": "adam", "metrics": ["accuracy"]}
    return Made(model, compile=compiled, targets=[one_hot()])


@architecture(KERAS1, name="k1_text", needs="GlobalMaxPooling1D")
def text(F):
    L = F.layers
    model = F.Sequential()
    model.add(L.Embedding(20, 4, input_length=10))
    model.add(L.Convolution1D(3, 3, border_mode="valid", activation="relu"))
    model.add(L.GlobalMaxPooling1D())
    model.add(L.Dense(2, activation="softmax"))
    return Made(model, inputs=[ids(20)])


@architecture(KERAS1, name="k1_same_padding")
def same_padding(F):
    """Theano begins elsewhere than TensorFlow where kernels are even or strides are taken."""
    L = F.layers
    kernels = [(2, 2), (3, 3), (4, 1), (5, 2)]
    layers = [
        L.Convolution2D(2, rows, columns, border_mode="same", subsample=subsample)
        for rows, columns in kernels
        for subsample in ((1, 1), (2, 2), (1, 3))
    ]
    return branches(F, _image(F, 8, 7), layers)


@architecture(KERAS1, name="k1_same_padding_1d")
def same_padding_1d(F):
    L = F.layers
    layers = [
        L.Convolution1D(2, length, border_mode="same", subsample_length=subsample)
        for length in (2, 3, 4)
        for subsample in (1, 2)
    ]
    # Before Keras 1.1 this failed on Theano.
    if F.version >= (1, 1):
        for name in ("MaxPooling1D", "AveragePooling1D"):
            layers += [getattr(L, name)(length, border_mode="same") for length in (2, 3)]
            layers.append(getattr(L, name)(3, stride=1, border_mode="same"))
    if F.has("AtrousConvolution1D"):
        for length in (2, 3):
            layers.append(L.AtrousConvolution1D(2, length, atrous_rate=2, border_mode="same"))
    return branches(F, (9, 2), layers)


@architecture(KERAS1, name="k1_pooling_alone")
def pooling_alone(F):
    """Without weights nothing in the file shows the backend."""
    model = branches(F, _image(F, 8, 7), [F.layers.MaxPooling2D((2, 2), border_mode="same")])
    return Made(model, reason="no-backend", options={"writer": F.told()})


@architecture(KERAS1, name="k1_same_padding_atrous", needs="AtrousConvolution2D")
def same_padding_atrous(F):
    L = F.layers
    sizes = [(2, 3), (3, 2), (4, 4)]
    layers = [
        L.AtrousConvolution2D(2, rows, columns, atrous_rate=rate, border_mode="same")
        for rows, columns in sizes
        for rate in ((1, 1), (2, 2), (3, 3))
    ]
    return branches(F, _image(F, 8, 9), layers)


@architecture(KERAS1, name="k1_same_padding_pooling")
def same_padding_pooling(F):
    L = F.layers
    layers = []
    for name in ("MaxPooling2D", "AveragePooling2D"):
        for size in ((2, 2), (3, 3), (3, 2), (4, 5)):
            layers.append(getattr(L, name)(size, border_mode="same"))
            layers.append(getattr(L, name)(size, strides=(1, 2), border_mode="same"))
        layers.append(getattr(L, name)((3, 3), strides=(1, 1), border_mode="same"))
    # Its weights show the backend.
    layers.append(L.Convolution2D(1, 1, 1))
    return branches(F, _image(F, 8, 7), layers)


@architecture(KERAS1, name="k1_same_padding_3d")
def same_padding_3d(F):
    L = F.layers
    return branches(F, _volume(F), [L.Convolution3D(2, 3, 1, 3, border_mode="same")])


@architecture(KERAS1, name="k1_same_padding_3d_strides")
def same_padding_3d_strides(F):
    if F.version < (1, 2):
        raise NotImplementedError("strides were not padded before Keras 1.2")
    layer = F.layers.Convolution3D(2, 3, 2, 2, border_mode="same", subsample=(2, 1, 2))
    return branches(F, _volume(F), [layer])


@architecture(KERAS1, name="k1_same_padding_3d_even")
def same_padding_3d_even(F):
    """From Keras 1.2 on the release of Theano decides, which no file names."""
    layer = F.layers.Convolution3D(2, 2, 3, 2, border_mode="same")
    model = branches(F, _volume(F), [layer])
    if F.version >= (1, 2) and F.backend.backend() == "theano":
        return Made(model, reason="theano-release", options={"writer": F.told()})
    return model


@architecture(KERAS1, name="k1_full_padding")
def full_padding(F):
    if F.backend.backend() != "theano" or F.version < (1, 1):
        raise NotImplementedError("only Theano pads fully, since Keras 1.1")
    L = F.layers
    layers = [
        L.Convolution2D(2, 3, 2, border_mode="full"),
        L.Convolution2D(2, 2, 3, border_mode="full", subsample=(2, 2)),
    ]
    return branches(F, _image(F, 6, 7), layers)


@architecture(KERAS1, name="k1_deconvolutions", needs="Deconvolution2D")
def deconvolutions(F):
    """Strides leave open how long the output is; the layer was told."""
    L = F.layers
    theano = F.backend.backend() == "theano"
    th = F.backend.image_dim_ordering() == "th"

    def layer(rows, columns, lengths, subsample, mode):
        shape = (3, 2) + lengths if th else (3,) + lengths + (2,)
        given = {"output_shape": shape, "subsample": subsample, "border_mode": mode}
        return L.Deconvolution2D(2, rows, columns, **given)

    layers = [
        layer(3, 3, (12, 10), (2, 2), "same"),
        layer(3, 5, (11, 9), (2, 2), "same"),
        layer(3, 3, (6, 5), (1, 1), "same"),
        layer(5, 3, (16, 13), (3, 3), "same"),
        layer(3, 2, (14, 10), (2, 2), "valid"),
        layer(3, 3, (13, 12), (2, 2), "valid"),
        layer(2, 2, (17, 14), (3, 3), "valid"),
    ]
    if not theano:
        layers.append(layer(2, 4, (12, 10), (2, 2), "same"))
    return branches(F, _image(F, 6, 5, 3), layers)


@architecture(KERAS1, name="k1_conv_lstms", needs="ConvLSTM2D")
def conv_lstms(F):
    L = F.layers
    shape = (3,) + _image(F, 6, 7)
    layers = [
        L.ConvLSTM2D(2, 2, 3),
        L.ConvLSTM2D(2, 3, 3, border_mode="same", return_sequences=True),
        L.ConvLSTM2D(2, 3, 2, inner_activation="sigmoid", go_backwards=True),
    ]
    return branches(F, shape, layers)


@architecture(KERAS1, name="k1_merge_branches")
def merge_branches(F):
    """Branches of different depth, one with a Merge of its own, one a graph."""
    L = F.layers
    from keras.layers import merge

    one = F.Sequential([L.Dense(3, input_dim=4), L.Dense(3, activation="tanh"), L.Dense(2)])
    left, right = F.Sequential([L.Dense(2, input_dim=3)]), F.Sequential([L.Dense(3, input_dim=2)])
    two = F.Sequential()
    two.add(L.Merge([left, right], mode="concat"))
    two.add(L.Dense(2))
    x, y = F.Input(shape=(3,)), F.Input(shape=(2,))
    three = F.Model([x, y], L.Dense(2)(merge([L.Dense(2)(x), L.Dense(2)(y)], mode="sum")))
    model = F.Sequential()
    model.add(L.Merge([one, two, three], mode="concat"))
    model.add(L.Dense(2))
    return model


@architecture(KERAS1, name="k1_merge_nested")
def merge_nested(F):
    """A Sequential with several inputs as the first layer of another."""
    L = F.layers
    left, right = F.Sequential([L.Dense(3, input_dim=4)]), F.Sequential([L.Dense(2, input_dim=3)])
    inner = F.Sequential()
    inner.add(L.Merge([left, right], mode="concat"))
    inner.add(L.Dense(3, activation="tanh"))
    model = F.Sequential()
    model.add(inner)
    model.add(L.Dense(2))
    return model


@architecture(KERAS1, name="k1_wrapped_convolutions")
def wrapped_convolutions(F):
    L = F.layers
    x = F.Input(shape=(3,) + _image(F, 6, 7))
    y = L.TimeDistributed(L.Convolution2D(2, 3, 2, border_mode="same"))(x)
    y = L.TimeDistributed(L.MaxPooling2D((2, 2)))(y)
    y = L.TimeDistributed(L.Flatten())(y)
    return F.Model(x, [y, L.LSTM(3)(y)])


@architecture(KERAS1, name="k1_nested_deep")
def nested_deep(F):
    """Layers with several arrays, trainable and not, in models inside of a model."""
    L = F.layers
    encoder = F.Sequential([L.Convolution1D(3, 2, input_shape=(6, 2)), L.LSTM(3)])
    frozen = F.Sequential([L.Dense(4, input_dim=3), L.Dense(3, activation="tanh")])
    frozen.layers[0].trainable = False
    model = F.Sequential()
    model.add(encoder)
    model.add(frozen)
    model.add(L.Dense(2))
    return model


@architecture(KERAS1, name="k1_normalized_inside")
def normalized_inside(F):
    L = F.layers
    x = F.Input(shape=(4,))
    y = L.Dense(3)(L.BatchNormalization()(L.Dense(5)(x)))
    inner = F.Model(x, L.BatchNormalization()(y))
    z = F.Input(shape=(4,))
    return F.Model(z, L.Dense(2)(inner(z)))


@architecture(KERAS1, name="k1_paddings")
def paddings(F):
    L = F.layers
    x, y = F.Input(shape=(6, 2)), F.Input(shape=_image(F, 6, 7))
    outputs = [L.ZeroPadding1D(2)(x), L.ZeroPadding2D((2, 1))(y)]
    if F.version >= (1, 2):
        outputs += [
            L.ZeroPadding1D((1, 2))(x),
            L.ZeroPadding1D({"left_pad": 2, "right_pad": 1})(x),
            L.ZeroPadding2D((1, 2, 3, 0))(y),
            L.ZeroPadding2D({"top_pad": 1, "right_pad": 2})(y),
        ]
    outputs.append(L.Convolution2D(1, 2, 2)(y))
    return F.Model([x, y], outputs)


@architecture(KERAS1, name="k1_objects")
def objects(F):
    """Initializers, regularizers and constraints; none of them matters for the numbers."""
    L = F.layers
    from keras import constraints, regularizers

    l1l2 = regularizers.l1l2(l1=0.01, l2=0.02)
    layers = [
        L.Dense(3, init=init)
        for init in ("uniform", "normal", "zero", "one", "orthogonal", "lecun_uniform")
    ]
    layers += [
        L.Dense(3, W_regularizer=l1l2, b_regularizer="l1", W_constraint=constraints.maxnorm(3)),
        L.Dense(2, activity_regularizer="activity_l2", W_constraint="unitnorm"),
        L.Dense(2, activation="softplus", b_constraint="nonneg"),
    ]
    return branches(F, (4,), layers)


@architecture(KERAS1, name="k1_stateful")
def stateful(F):
    L = F.layers
    model = F.Sequential()
    model.add(L.LSTM(3, stateful=True, batch_input_shape=(3, 6, 2), return_sequences=True))
    model.add(L.GRU(2, stateful=True))
    return model


@architecture(KERAS1, name="k1_unrolled")
def unrolled(F):
    L = F.layers
    layers = [L.LSTM(3, unroll=True), L.GRU(2, unroll=True, go_backwards=True)]
    return branches(F, (5, 2), layers + [L.SimpleRNN(2, unroll=True, activation="relu")])


@architecture(KERAS1, name="k1_masked_layers")
def masked_layers(F):
    L = F.layers
    x = F.Input(shape=(6, 3))
    y = L.Masking()(x)
    outputs = [L.TimeDistributed(L.Dense(2))(y), L.LSTM(2, return_sequences=True)(y)]
    outputs.append(L.SimpleRNN(2)(L.LSTM(3, return_sequences=True)(y)))
    if F.has("Bidirectional"):
        outputs.append(L.Bidirectional(L.GRU(2))(y))
        outputs.append(L.Bidirectional(L.LSTM(2, return_sequences=True))(y))
    return Made(F.Model(x, outputs), inputs=[padded_floats()])


@architecture(KERAS1, name="k1_dense_on_sequences")
def dense_on_sequences(F):
    if F.version < (1, 2):
        raise NotImplementedError("Dense took vectors only")
    L = F.layers
    return branches(F, (5, 3), [L.Dense(4, activation="relu"), L.Dense(2, activation="softmax")])
