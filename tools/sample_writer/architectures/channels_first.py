"""Models with the channels first: Theano's order of axes, and that of training on a GPU.

The CPU kernels of tf.keras and Keras 3 do not know it, or get it wrong; XLA's do. Stand-alone
Keras transposes by itself. Where it can be, filters and columns are equally many, so that no wrong
axis goes unnoticed; Keras 3 itself then adds biases along the columns.
"""

from ..registry import Made, architecture

FIRST = {"data_format": "channels_first"}
WRITERS = "keras>=2.2 tf>=2.4 keras3"


def _made(F, inputs, outputs=None):
    model = inputs if outputs is None else F.Model(inputs, outputs)
    if F.flavor == "keras":
        return Made(model)
    return Made(model, by_xla=True, note="computed through XLA: the CPU's kernels do not know it")


def _columns(F, filters):
    """As many as filters, where the writer can tell them apart."""
    return filters + 3 if F.flavor == "keras3" else filters


@architecture(WRITERS, kinds="full keras weights")
def channels_first_network(F):
    L = F.layers
    model = F.Sequential()
    model.add(L.Conv2D(4, 3, input_shape=(2, 9, _columns(F, 4) + 2), **FIRST))
    model.add(L.BatchNormalization(axis=1))
    model.add(L.Activation("relu"))
    model.add(L.MaxPooling2D((2, 1), **FIRST))
    model.add(L.Conv2D(3, 2, padding="same", activation="tanh", **FIRST))
    model.add(L.PReLU(shared_axes=[2, 3]))
    model.add(L.Dropout(0.3))
    model.add(L.AveragePooling2D((1, 2), **FIRST))
    model.add(L.Flatten())
    model.add(L.Dense(3, activation="softmax"))
    return _made(F, model)


@architecture(WRITERS)
def channels_first_flattened(F):
    """A Flatten that knows of the order puts the channels last by itself."""
    L = F.layers
    x = F.Input(shape=(2, 6, _columns(F, 3) + 1))
    y = L.Conv2D(3, 2, activation="relu", **FIRST)(x)
    z = F.Input(shape=(2, 7))
    outputs = [
        L.Dense(2)(L.Flatten(**FIRST)(y)),
        L.Flatten()(y),
        L.Flatten(**FIRST)(L.Conv1D(3, 2, **FIRST)(z)),
    ]
    return _made(F, [x, z], outputs)


@architecture(WRITERS)
def channels_first_residual(F):
    L = F.layers
    x = F.Input(shape=(3, 7, _columns(F, 4)))
    y = L.ZeroPadding2D(((1, 0), (0, 1)), **FIRST)(x)
    y = L.Conv2D(4, 2, **FIRST)(y)
    y = L.LeakyReLU()(L.BatchNormalization(axis=1)(y))
    z = L.Conv2D(4, 3, padding="same", **FIRST)(y)
    z = L.SpatialDropout2D(0.2, **FIRST)(z)
    z = L.PReLU()(L.Add()([y, z]))
    wide = L.Concatenate(axis=1)([z, y, L.Multiply()([y, z])])
    high = L.Concatenate(axis=2)([L.Maximum()([y, z]), L.Average()([y, z])])
    outputs = [
        L.Dense(2, name="label")(L.GlobalAveragePooling2D(**FIRST)(wide)),
        L.GlobalMaxPooling2D(**FIRST)(high),
        L.Conv2D(2, 1, activation="sigmoid", name="mask", **FIRST)(wide),
        L.Concatenate(axis=1)([x, z]),
        L.Concatenate(axis=-1)([y, z]),
    ]
    return _made(F, x, outputs)


@architecture("keras>=2.2 tf>=2.10 keras3")
def channels_first_unet(F):
    L = F.layers
    x = F.Input(shape=(2, 8, 8))
    down = L.Conv2D(4, 3, padding="same", activation="relu", **FIRST)(x)
    y = L.Conv2D(6, 3, activation="relu", **FIRST)(L.MaxPooling2D(2, **FIRST)(down))
    y = L.Conv2DTranspose(5, 3, **FIRST)(y)
    y = L.UpSampling2D(2, **FIRST)(y)
    y = L.Concatenate(axis=1)([down, y])
    y = L.Cropping2D(((1, 0), (0, 2)), **FIRST)(y)
    return _made(F, x, L.Conv2D(3, 1, activation="sigmoid", name="segments", **FIRST)(y))


@architecture(WRITERS)
def channels_first_softmax(F):
    """Along the last axis, which is that of the columns."""
    L = F.layers
    x = F.Input(shape=(2, 6, _columns(F, 3)))
    y = L.Conv2D(3, 1, activation="softmax", name="scores", **FIRST)(x)
    z = L.Conv2D(3, 2, **FIRST)(y)
    return _made(F, x, [y, L.Softmax(axis=1)(z), L.Activation("softmax")(z)])


@architecture(WRITERS)
def channels_first_1d(F):
    L = F.layers
    x = F.Input(shape=(3, _columns(F, 8)))
    y = L.Conv1D(8, 3, padding="same", activation="relu", **FIRST)(x)
    outputs = [
        L.Conv1D(4, 3, strides=2, **FIRST)(y),
        L.Conv1D(4, 2, dilation_rate=2, **FIRST)(y),
        L.MaxPooling1D(2, **FIRST)(y),
        L.AveragePooling1D(3, strides=1, padding="same", **FIRST)(y),
        L.GlobalMaxPooling1D(**FIRST)(L.BatchNormalization(axis=1)(y)),
        L.UpSampling1D(2)(y),
        L.ZeroPadding1D(1)(y),
    ]
    if F.since("tf keras3"):
        outputs.append(L.SeparableConv1D(4, 3, **FIRST)(y))
    if F.has("Conv1DTranspose"):
        outputs.append(L.Conv1DTranspose(4, 3, strides=2, **FIRST)(y))
    if F.has("DepthwiseConv1D"):
        outputs.append(L.DepthwiseConv1D(3, depth_multiplier=2, **FIRST)(y))
    return _made(F, x, outputs)


@architecture("keras>=2.2 tf>=2.8 keras3")
def channels_first_3d(F):
    L = F.layers
    x = F.Input(shape=(2, 5, 6, _columns(F, 4)))
    y = L.Conv3D(4, (2, 3, 1), activation="relu", **FIRST)(x)
    y = L.BatchNormalization(axis=1)(y)
    outputs = [
        L.Conv3D(2, 2, strides=2, padding="same", **FIRST)(y),
        L.Conv3DTranspose(3, 2, strides=2, **FIRST)(y),
        L.MaxPooling3D((2, 1, 2), **FIRST)(y),
        L.AveragePooling3D(2, **FIRST)(y),
        L.ZeroPadding3D(1, **FIRST)(y),
        L.Cropping3D(((1, 0), (0, 1), (1, 1)), **FIRST)(y),
        L.UpSampling3D((1, 2, 1), **FIRST)(y),
        L.SpatialDropout3D(0.5, **FIRST)(y),
        L.GlobalAveragePooling3D(**FIRST)(y),
        L.Flatten(**FIRST)(y),
    ]
    return _made(F, x, outputs)


@architecture(WRITERS)
def channels_first_separable(F):
    L = F.layers
    x = F.Input(shape=(3, 8, _columns(F, 6)))
    y = L.Conv2D(6, 1, **FIRST)(x)
    outputs = [
        L.SeparableConv2D(6, 3, padding="same", depth_multiplier=2, **FIRST)(y),
        L.SeparableConv2D(5, 2, strides=2, activation="tanh", **FIRST)(y),
        L.SeparableConv2D(5, 2, dilation_rate=2, use_bias=False, **FIRST)(y),
        L.DepthwiseConv2D(3, padding="same", **FIRST)(y),
        L.DepthwiseConv2D(2, strides=2, depth_multiplier=2, **FIRST)(y),
    ]
    return _made(F, x, outputs)


@architecture("keras>=2.2 tf>=2.4 keras3")
def channels_first_dilated(F):
    L = F.layers
    x = F.Input(shape=(3, 9, _columns(F, 4)))
    y = L.Conv2D(4, 2, dilation_rate=2, padding="same", **FIRST)(x)
    outputs = [
        L.Conv2D(5, 2, dilation_rate=(2, 1), **FIRST)(y),
        L.Conv2D(5, 3, strides=(2, 1), padding="same", use_bias=False, **FIRST)(y),
        L.Conv2DTranspose(4, 3, strides=2, padding="same", **FIRST)(y),
    ]
    return _made(F, x, outputs)


@architecture("tf>=2.5 keras3")
def channels_first_grouped(F):
    L = F.layers
    x = F.Input(shape=(4, 8, _columns(F, 6)))
    y = L.Conv2D(6, 3, groups=2, padding="same", **FIRST)(x)
    z = L.Conv2D(2, 3, groups=2, strides=2, activation="relu", **FIRST)(y)
    return _made(F, x, [z, L.GlobalMaxPooling2D(**FIRST)(y)])


@architecture("keras>=2.2 tf>=2.4 keras3")
def channels_first_conv_lstm(F):
    L = F.layers
    model = F.Sequential()
    first = L.ConvLSTM2D(
        4, 2, return_sequences=True, input_shape=(3, 2, 5, _columns(F, 4) + 1), **FIRST
    )
    model.add(first)
    model.add(L.BatchNormalization(axis=2))
    model.add(L.ConvLSTM2D(3, 2, padding="same", **FIRST))
    model.add(L.Conv2D(2, 2, **FIRST))
    return _made(F, model)


@architecture("tf>=2.4 keras3")
def channels_first_conv_lstm_states(F):
    """An encoder whose states start the decoder."""
    L = F.layers
    x, later = F.Input(shape=(3, 2, 5, 6)), F.Input(shape=(2, 2, 5, 6))
    encoded, h, c = L.ConvLSTM2D(3, 2, padding="same", return_state=True, **FIRST)(x)
    decoder = L.ConvLSTM2D(3, 2, padding="same", return_sequences=True, **FIRST)
    y = decoder(later, initial_state=[h, c])
    return _made(F, [x, later], [encoded, L.TimeDistributed(L.Conv2D(2, 1, **FIRST))(y), c])


@architecture("tf>=2.6 keras3", needs="ConvLSTM1D ConvLSTM3D")
def channels_first_conv_lstm_ranks(F):
    L = F.layers
    x, y = F.Input(shape=(3, 2, 6)), F.Input(shape=(2, 2, 4, 3, 5))
    outputs = [
        L.ConvLSTM1D(3, 2, return_sequences=True, **FIRST)(x),
        L.ConvLSTM1D(3, 2, strides=2, padding="same", **FIRST)(x),
        L.ConvLSTM3D(2, 2, **FIRST)(y),
    ]
    return _made(F, [x, y], outputs)


@architecture("keras>=2.2 tf>=2.4 keras3")
def channels_first_bidirectional(F):
    L = F.layers
    x = F.Input(shape=(3, 2, 5, 4))
    outputs = []
    for mode in ("concat", "sum", "mul"):
        both = L.ConvLSTM2D(3, 2, padding="same", return_sequences=mode != "mul", **FIRST)
        outputs.append(L.Bidirectional(both, merge_mode=mode)(x))
    last = L.ConvLSTM2D(3, 3, padding="same", **FIRST)
    outputs.append(L.Bidirectional(last)(x))
    return _made(F, x, outputs)


@architecture("keras>=2.2 tf>=2.4 keras3")
def channels_first_bidirectional_stack(F):
    L = F.layers
    model = F.Sequential()
    layer = L.ConvLSTM2D(2, 2, padding="same", return_sequences=True, **FIRST)
    model.add(L.Bidirectional(layer, input_shape=(3, 2, 5, 4)))
    last = L.ConvLSTM2D(3, 2, padding="same", **FIRST)
    model.add(L.Bidirectional(last, merge_mode="ave"))
    model.add(L.Flatten())
    return _made(F, model)


@architecture(WRITERS)
def channels_first_time_distributed(F):
    L = F.layers
    model = F.Sequential()
    frames = (3, 2, 7, _columns(F, 4) + 1)
    model.add(L.TimeDistributed(L.Conv2D(4, 2, activation="relu", **FIRST), input_shape=frames))
    model.add(L.TimeDistributed(L.BatchNormalization(axis=1)))
    model.add(L.TimeDistributed(L.MaxPooling2D(2, **FIRST)))
    model.add(L.TimeDistributed(L.Flatten()))
    model.add(L.GRU(3, recurrent_activation="sigmoid"))
    return _made(F, model)


@architecture(WRITERS)
def channels_first_nested(F):
    """A base in a new head, and a tower that two pictures go through."""
    L = F.layers
    base = F.Sequential(name="base")
    base.add(L.Conv2D(4, 2, activation="relu", input_shape=(3, 6, _columns(F, 4)), **FIRST))
    base.add(L.MaxPooling2D((2, 1), **FIRST))
    inside = F.Input(shape=(3, 6, _columns(F, 4)))
    tower = F.Model(inside, L.Conv2D(2, 3, name="tower_out", **FIRST)(inside), name="tower")
    shared = L.Conv2D(3, 2, name="shared", **FIRST)
    relu = L.ReLU(name="relu") if F.has("ReLU") else L.Activation("relu", name="relu")
    x, y = F.Input(shape=(3, 6, _columns(F, 4))), F.Input(shape=(3, 6, _columns(F, 4)))
    joined = L.Add()([relu(shared(x)), relu(shared(y))])
    outputs = [
        L.Dense(2)(L.Flatten()(base(x))),
        L.Subtract()([tower(x), tower(y)]),
        L.GlobalAveragePooling2D(**FIRST)(joined),
        relu(x),
    ]
    return _made(F, [x, y], outputs)


@architecture("tf>=2.6 keras3")
def channels_first_squeeze(F):
    """Squeeze and excitation, with the means of the channels as they are kept."""
    L = F.layers
    x = F.Input(shape=(4, 6, _columns(F, 4)))
    y = L.Conv2D(4, 3, padding="same", activation="swish", **FIRST)(x)
    z = L.GlobalAveragePooling2D(keepdims=True, **FIRST)(y)
    z = L.Conv2D(4, 1, activation="sigmoid", **FIRST)(L.Conv2D(2, 1, activation="relu", **FIRST)(z))
    w = L.Reshape((4, 1, 1))(L.Dense(4)(L.GlobalMaxPooling2D(**FIRST)(y)))
    return _made(F, x, [L.Multiply()([y, z]), L.Multiply()([y, w])])


@architecture("tf>=2.13 keras3", needs="SpectralNormalization")
def channels_first_wrapped(F):
    L = F.layers
    x = F.Input(shape=(2, 6, _columns(F, 3)))
    y = L.SpectralNormalization(L.Conv2D(3, 2, activation="relu", **FIRST))(x)
    return _made(F, x, [L.GroupNormalization(3, axis=1)(y), L.LayerNormalization(axis=1)(y)])


@architecture("tf>=2.4")
def channels_first_causal(F):
    L = F.layers
    x = F.Input(shape=(3, 6))
    outputs = [
        L.Conv1D(6, 3, padding="causal", dilation_rate=2, **FIRST)(x),
        L.SeparableConv1D(6, 3, padding="causal", **FIRST)(x),
    ]
    return _made(F, x, outputs)


@architecture("tf>=2.4 keras3")
def channels_first_compiled(F):
    """Losses by the names of outputs."""
    L = F.layers
    x = F.Input(shape=(2, 6, 5))
    y = L.Conv2D(3, 2, **FIRST)(x)
    outputs = [
        L.Conv2D(2, 1, activation="sigmoid", name="mask", **FIRST)(y),
        L.Dense(2, name="label")(L.GlobalAveragePooling2D(**FIRST)(y)),
    ]
    made = _made(F, x, outputs)
    loss = {"mask": "binary_crossentropy", "label": "mean_squared_error"}
    made.compile = {"optimizer": "sgd", "loss": loss}
    return made
