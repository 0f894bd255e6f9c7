"""Well-known networks in miniature."""

from ..data import ids, padded_ids
from ..registry import Made, architecture


def _relu6(F):
    return F.layers.ReLU(6.0)


def _separable_block(F, x, filters, strides):
    L = F.layers
    x = L.DepthwiseConv2D(3, strides=strides, padding="same", use_bias=False)(x)
    x = _relu6(F)(L.BatchNormalization()(x))
    x = L.Conv2D(filters, 1, padding="same", use_bias=False)(x)
    return _relu6(F)(L.BatchNormalization()(x))


@architecture(needs="DepthwiseConv2D ReLU", kinds="full keras weights weights.h5")
def mobilenet_like(F):
    L = F.layers
    x = F.Input(shape=(12, 12, 3))
    y = L.ZeroPadding2D(((0, 1), (0, 1)), name="conv1_pad")(x)
    y = L.Conv2D(4, 3, strides=2, use_bias=False, name="conv1")(y)
    y = _relu6(F)(L.BatchNormalization(name="conv1_bn")(y))
    y = _separable_block(F, _separable_block(F, y, 6, 1), 8, 2)
    y = L.Dropout(0.2)(L.GlobalAveragePooling2D()(y))
    return F.Model(x, L.Dense(3, activation="softmax", name="predictions")(y), name="mobilenet")


@architecture(needs="DepthwiseConv2D ReLU", kinds="full keras")
def mobilenet_v2_like(F):
    L = F.layers
    x = F.Input(shape=(10, 10, 3))
    y = L.Conv2D(4, 3, strides=2, padding="same", use_bias=False)(x)
    z = L.Conv2D(8, 1, use_bias=False, name="expand")(L.BatchNormalization()(y))
    z = _relu6(F)(L.BatchNormalization()(z))
    z = L.DepthwiseConv2D(3, padding="same", use_bias=False, name="depthwise")(z)
    z = _relu6(F)(L.BatchNormalization()(z))
    z = L.BatchNormalization()(L.Conv2D(4, 1, use_bias=False, name="project")(z))
    y = L.GlobalAveragePooling2D()(L.Add()([y, z]))
    return F.Model(x, L.Dense(3)(y))


@architecture(kinds="full keras")
def xception_like(F):
    L = F.layers
    x = F.Input(shape=(10, 10, 3))
    y = L.Activation("relu")(L.BatchNormalization()(L.Conv2D(4, 3, use_bias=False)(x)))
    residual = L.BatchNormalization()(L.Conv2D(6, 1, strides=2, padding="same")(y))
    y = L.BatchNormalization()(L.SeparableConv2D(6, 3, padding="same", use_bias=False)(y))
    y = L.Activation("relu")(y)
    y = L.BatchNormalization()(L.SeparableConv2D(6, 3, padding="same", use_bias=False)(y))
    y = L.MaxPooling2D(3, strides=2, padding="same")(y)
    return F.Model(x, L.GlobalAveragePooling2D()(L.Add()([y, residual])))


@architecture(kinds="full keras")
def resnet_like(F):
    L = F.layers
    x = y = F.Input(shape=(8, 8, 3))
    y = L.Conv2D(4, 3, padding="same", kernel_initializer="he_normal")(y)
    for filters, strides in ((4, 1), (6, 2)):
        z = L.Conv2D(filters, 3, strides=strides, padding="same")(y)
        z = L.Activation("relu")(L.BatchNormalization()(z))
        z = L.BatchNormalization(epsilon=1.001e-5)(L.Conv2D(filters, 3, padding="same")(z))
        if strides > 1:
            y = L.BatchNormalization()(L.Conv2D(filters, 1, strides=strides)(y))
        y = L.Activation("relu")(L.Add()([y, z]))
    return F.Model(x, L.Dense(3, activation="softmax")(L.GlobalAveragePooling2D()(y)))


@architecture()
def densenet_like(F):
    L = F.layers
    slash = "_" if F.flavor == "keras3" else "/"
    x = F.Input(shape=(8, 8, 3))
    y = L.Conv2D(4, 3, padding="same", name=f"conv1{slash}conv")(x)
    for block in range(2):
        z = L.BatchNormalization(name=f"conv2_block{block}_0_bn", epsilon=1.001e-5)(y)
        z = L.Conv2D(2, 3, padding="same", use_bias=False, name=f"block{block}{slash}conv")(z)
        y = L.Concatenate(name=f"conv2_block{block}_concat")([y, z])
    return F.Model(x, L.GlobalAveragePooling2D(name="avg_pool")(L.AveragePooling2D(2)(y)))


@architecture(kinds="full keras")
def unet_like(F):
    L = F.layers
    x = F.Input(shape=(8, 8, 2))
    down = L.Conv2D(3, 3, activation="relu", padding="same")(x)
    middle = L.Conv2D(4, 3, activation="relu", padding="same")(L.MaxPooling2D()(down))
    up = L.Conv2DTranspose(3, 2, strides=2, padding="same")(middle)
    y = L.Conv2D(3, 3, activation="relu", padding="same")(L.Concatenate(axis=3)([up, down]))
    return F.Model(x, L.Conv2D(1, 1, activation="sigmoid")(y))


@architecture()
def unet_upsampling(F):
    L = F.layers
    x = F.Input(shape=(8, 8, 2))
    down = L.Conv2D(3, 3, activation="relu", padding="same")(x)
    up = L.UpSampling2D(2)(L.Dropout(0.5)(L.MaxPooling2D()(down)))
    y = L.Concatenate()([L.Cropping2D(1)(up), L.Cropping2D(1)(down)])
    return F.Model(x, L.Conv2D(1, 1)(y))


@architecture()
def inception_like(F):
    L = F.layers
    x = F.Input(shape=(8, 8, 3))
    towers = [
        L.Conv2D(2, 1, activation="relu")(x),
        L.Conv2D(2, 3, padding="same", activation="relu")(L.Conv2D(2, 1)(x)),
        L.Conv2D(2, (1, 5), padding="same")(L.Conv2D(2, (5, 1), padding="same")(x)),
        L.Conv2D(2, 1)(L.AveragePooling2D(3, strides=1, padding="same")(x)),
    ]
    y = L.BatchNormalization(scale=False)(L.Concatenate(axis=3, name="mixed0")(towers))
    return F.Model(x, L.GlobalMaxPooling2D()(y))


@architecture()
def vgg_like(F):
    L = F.layers
    model = F.Sequential(name="vgg")
    model.add(L.Conv2D(3, 3, activation="relu", padding="same", input_shape=(8, 8, 3)))
    model.add(L.MaxPooling2D(2, strides=2, name="block1_pool"))
    model.add(L.Conv2D(4, 3, activation="relu", padding="same"))
    model.add(L.Flatten())
    model.add(L.Dense(4, activation="relu", name="fc1"))
    model.add(L.Dense(2, activation="softmax", name="predictions"))
    return model


@architecture(kinds="full keras")
def text_cnn(F):
    L = F.layers
    x = F.Input(shape=(12,), dtype="int32")
    y = L.SpatialDropout1D(0.2)(L.Embedding(20, 4)(x))
    pools = [L.GlobalMaxPooling1D()(L.Conv1D(2, n, activation="relu")(y)) for n in (2, 3, 4)]
    y = L.Dropout(0.5)(L.Concatenate()(pools))
    return Made(F.Model(x, L.Dense(1, activation="sigmoid")(y)), inputs=[ids(20)])


@architecture(kinds="full keras")
def tagger(F):
    L = F.layers
    model = F.Sequential()
    shape = {} if F.flavor == "keras3" else {"input_length": 7}
    if F.flavor == "keras3":
        model.add(L.InputLayer(shape=(7,)))
    model.add(L.Embedding(12, 4, mask_zero=True, **shape))
    model.add(L.Bidirectional(L.LSTM(3, return_sequences=True, recurrent_dropout=0.1)))
    model.add(L.TimeDistributed(L.Dense(4, activation="softmax")))
    return Made(model, inputs=[padded_ids(12)])


@architecture(needs="MultiHeadAttention LayerNormalization", kinds="full keras")
def transformer(F):
    L = F.layers
    x, positions = F.Input(shape=(6,), dtype="int32"), F.Input(shape=(6,), dtype="int32")
    y = L.Add()([L.Embedding(12, 4)(x), L.Embedding(6, 4)(positions)])
    z = L.Dropout(0.1)(L.MultiHeadAttention(num_heads=2, key_dim=2)(y, y))
    y = L.LayerNormalization(epsilon=1e-6)(L.Add()([y, z]))
    z = L.Dense(4)(L.Dense(8, activation="relu")(y))
    y = L.LayerNormalization(epsilon=1e-6)(L.Add()([y, z]))
    y = L.GlobalAveragePooling1D()(y)
    return Made(F.Model([x, positions], L.Dense(2)(y)), inputs=[ids(12), ids(6)])


@architecture()
def autoencoder(F):
    L = F.layers
    x = F.Input(shape=(6,))
    encoder = F.Model(x, L.Dense(2, activation="relu")(L.Dense(4)(x)), name="encoder")
    decoder = F.Sequential(
        [L.Dense(4, activation="relu", input_shape=(2,)), L.Dense(6)], name="decoder"
    )
    y = F.Input(shape=(6,))
    return F.Model(y, decoder(encoder(y)), name="autoencoder")


@architecture()
def convolutional_autoencoder(F):
    L = F.layers
    slope = {"negative_slope": 0.2} if F.flavor == "keras3" else {"alpha": 0.2}
    x = F.Input(shape=(8, 8, 1))
    y = L.LeakyReLU(**slope)(L.Conv2D(3, 3, strides=2, padding="same")(x))
    y = L.Dense(8)(L.Flatten()(y))
    y = L.Reshape((4, 4, 2))(L.Dense(32)(y))
    y = L.BatchNormalization(momentum=0.8)(L.Conv2DTranspose(2, 3, strides=2, padding="same")(y))
    return F.Model(x, L.Conv2DTranspose(1, 3, padding="same", activation="tanh")(y))


@architecture(kinds="full keras")
def wavenet_like(F):
    L = F.layers
    x = F.Input(shape=(None, 2))
    y = L.Conv1D(3, 2, padding="causal")(x)
    skips = []
    for rate in (1, 2, 4):
        tanh = L.Conv1D(3, 2, dilation_rate=rate, padding="causal", activation="tanh")(y)
        gate = L.Conv1D(3, 2, dilation_rate=rate, padding="causal", activation="sigmoid")(y)
        skips.append(L.Conv1D(3, 1)(L.Multiply()([tanh, gate])))
        y = L.Add()([y, skips[-1]])
    return F.Model(x, L.Conv1D(2, 1)(L.Activation("relu")(L.Add()(skips))))


@architecture(kinds="full keras")
def conv_lstm_network(F):
    L = F.layers
    return F.Sequential(
        [
            L.ConvLSTM2D(2, 3, padding="same", return_sequences=True, input_shape=(3, 6, 5, 1)),
            L.BatchNormalization(),
            L.ConvLSTM2D(2, 3, padding="same"),
            L.Conv2D(1, 3, activation="sigmoid", padding="same"),
        ]
    )


@architecture()
def squeeze_and_excite(F):
    L = F.layers
    x = F.Input(shape=(6, 5, 4))
    y = L.Dense(2, activation="relu")(L.GlobalAveragePooling2D()(x))
    y = L.Reshape((1, 1, 4))(L.Dense(4, activation="sigmoid")(y))
    return F.Model(x, L.Multiply()([x, y]))


@architecture()
def crnn(F):
    """Reads text in pictures: convolutions, then recurrent layers over the columns."""
    L = F.layers
    x = F.Input(shape=(12, 8, 1), name="image")
    y = L.MaxPooling2D(2)(L.Conv2D(3, 3, padding="same", activation="relu")(x))
    y = L.Dense(5, activation="relu")(L.Reshape((6, 12))(y))
    y = L.Bidirectional(L.LSTM(3, return_sequences=True))(y)
    y = L.Bidirectional(L.GRU(2, return_sequences=True), merge_mode="sum")(y)
    return F.Model(x, L.Dense(4, activation="softmax")(y))


@architecture()
def captions(F):
    L = F.layers
    x, y = F.Input(shape=(5,)), F.Input(shape=(6,))
    a = L.Dense(4, activation="relu")(L.Dropout(0.5)(x))
    b = L.LSTM(4)(L.Dropout(0.5)(L.Embedding(9, 3, mask_zero=True)(y)))
    z = L.Dense(4, activation="relu")(L.Add()([a, b]))
    model = F.Model([x, y], L.Dense(9, activation="softmax")(z))
    return Made(model, inputs=[None, padded_ids(9)])


@architecture()
def recommender(F):
    L = F.layers
    x, y = F.Input(shape=(1,), name="user"), F.Input(shape=(1,), name="item")
    a, b = L.Flatten()(L.Embedding(7, 3)(x)), L.Flatten()(L.Embedding(9, 3)(y))
    z = L.Concatenate()([L.Dot(axes=1)([a, b]), a, b])
    return Made(F.Model([x, y], L.Dense(1)(z)), inputs=[ids(7), ids(9)])


@architecture(writers="keras>=2.2.4<2.3 tf>=2.8<2.9 tf>=2.15 keras3>=3.15")
def application_mobilenet(F):
    apps = F.keras.applications
    maker = getattr(apps, "MobileNet", None) or apps.mobilenet.MobileNet
    made = {"alpha": 0.0625, "weights": None, "include_top": False, "pooling": "avg"}
    return maker(input_shape=(32, 32, 3), **made)
