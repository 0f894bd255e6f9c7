"""Convolutions of every kind, padding, cropping and upsampling."""

from ..registry import Made, architecture, branches


@architecture(kinds="full keras")
def conv1d(F):
    L = F.layers
    return branches(
        F,
        (9, 3),
        [
            L.Conv1D(4, 3),
            L.Conv1D(4, 3, strides=2, padding="same", activation="relu", use_bias=False),
            L.Conv1D(2, 2, dilation_rate=2, padding="causal"),
        ],
    )


@architecture(kinds="full keras weights weights.h5")
def conv2d(F):
    L = F.layers
    return branches(
        F,
        (8, 7, 3),
        [
            L.Conv2D(4, 3),
            L.Conv2D(3, (3, 2), strides=(2, 1), padding="same", activation="tanh", use_bias=False),
            L.Conv2D(2, 2, dilation_rate=(2, 1)),
        ],
    )


@architecture()
def conv3d(F):
    L = F.layers
    return branches(
        F, (5, 4, 6, 2), [L.Conv3D(2, 2), L.Conv3D(2, (1, 2, 3), strides=2, padding="same")]
    )


@architecture(writers="tf>=2.12 keras3")
def conv_groups(F):
    L = F.layers
    x, y = F.Input(shape=(9, 4)), F.Input(shape=(6, 5, 4))
    outputs = [L.Conv1D(6, 3, groups=2)(x), L.Conv2D(4, 3, groups=4, padding="same")(y)]
    return F.Model([x, y], outputs)


@architecture(kinds="full keras")
def conv2d_transpose(F):
    L = F.layers
    # Earlier releases of Keras 3 leave it out of the file.
    output_padding = F.given("keras>=2.2.3 tf keras3>=3.15", output_padding=(1, 1))
    return branches(
        F,
        (4, 5, 3),
        [
            L.Conv2DTranspose(2, 3),
            L.Conv2DTranspose(4, (3, 2), strides=2, padding="same", use_bias=False),
            L.Conv2DTranspose(2, 3, strides=2, activation="relu", **output_padding),
        ],
    )


@architecture(writers="keras3<3.15", kinds="full keras")
def recorded_output_padding(F):
    """The output padding is not saved, but the shapes of tensors are."""
    L = F.layers
    x = F.Input(shape=(4, 5, 3))
    padded = {"strides": 3, "output_padding": 1, "padding": "same"}
    y = L.Conv2DTranspose(2, 3, strides=3, output_padding=2)(x)
    z = L.Conv2DTranspose(2, 3, **padded)(x)
    merged = L.Concatenate()([L.Conv2DTranspose(2, 3, **padded)(x), L.Conv2D(1, 1)(z)])
    return Made(F.Model(x, [L.Flatten()(y), merged]), misread=True)


@architecture(needs="Conv1DTranspose", kinds="full keras")
def conv1d_transpose(F):
    L = F.layers
    return branches(
        F, (6, 3), [L.Conv1DTranspose(2, 3), L.Conv1DTranspose(4, 2, strides=2, padding="same")]
    )


@architecture(needs="Conv3DTranspose")
def conv3d_transpose(F):
    L = F.layers
    return branches(
        F, (3, 4, 2, 2), [L.Conv3DTranspose(3, 2), L.Conv3DTranspose(2, 2, 2, use_bias=False)]
    )


@architecture(kinds="full keras")
def separable_conv2d(F):
    L = F.layers
    return branches(
        F,
        (7, 6, 3),
        [
            L.SeparableConv2D(4, 3),
            L.SeparableConv2D(
                2, 2, padding="same", depth_multiplier=2, activation="relu", use_bias=False
            ),
            L.SeparableConv2D(2, 3, strides=2),
        ],
    )


@architecture(needs="SeparableConv1D", kinds="full keras")
def separable_conv1d(F):
    L = F.layers
    return branches(
        F,
        (8, 3),
        [L.SeparableConv1D(4, 3), L.SeparableConv1D(2, 2, padding="same", depth_multiplier=2)],
    )


@architecture(needs="DepthwiseConv2D", kinds="full keras")
def depthwise_conv2d(F):
    L = F.layers
    return branches(
        F,
        (7, 6, 3),
        [
            L.DepthwiseConv2D(3),
            L.DepthwiseConv2D(2, depth_multiplier=2, padding="same", use_bias=False),
            L.DepthwiseConv2D(3, strides=2, activation="relu"),
        ],
    )


@architecture(needs="DepthwiseConv1D", kinds="full keras")
def depthwise_conv1d(F):
    L = F.layers
    return branches(
        F,
        (8, 3),
        [L.DepthwiseConv1D(3), L.DepthwiseConv1D(2, depth_multiplier=2, padding="same")],
    )


@architecture()
def zero_padding(F):
    L = F.layers
    x, y, z = F.Input(shape=(4, 2)), F.Input(shape=(3, 4, 2)), F.Input(shape=(2, 3, 2, 2))
    outputs = [
        L.ZeroPadding1D()(x),
        L.ZeroPadding1D((2, 1))(x),
        L.ZeroPadding2D()(y),
        L.ZeroPadding2D((2, 1))(y),
        L.ZeroPadding2D(((1, 2), (0, 3)))(y),
        L.ZeroPadding2D(1, data_format="channels_first")(y),
        L.ZeroPadding3D()(z),
        L.ZeroPadding3D(((1, 0), (2, 1), (0, 1)))(z),
    ]
    return F.Model([x, y, z], outputs)


@architecture()
def cropping(F):
    L = F.layers
    x, y, z = F.Input(shape=(6, 2)), F.Input(shape=(6, 7, 4)), F.Input(shape=(5, 4, 6, 2))
    outputs = [
        L.Cropping1D()(x),
        L.Cropping1D((2, 1))(x),
        L.Cropping2D(((1, 2), (0, 3)))(y),
        L.Cropping2D((1, 2))(y),
        L.Cropping2D(1, data_format="channels_first")(y),
        L.Cropping3D()(z),
        L.Cropping3D(((1, 0), (0, 1), (2, 1)))(z),
    ]
    return F.Model([x, y, z], outputs)


@architecture()
def upsampling(F):
    L = F.layers
    x, y, z = F.Input(shape=(4, 2)), F.Input(shape=(3, 4, 2)), F.Input(shape=(2, 3, 2, 2))
    outputs = [
        L.UpSampling1D()(x),
        L.UpSampling1D(3)(x),
        L.UpSampling2D()(y),
        L.UpSampling2D((2, 3))(y),
        L.UpSampling3D()(z),
        L.UpSampling3D((1, 2, 3))(z),
    ]
    return F.Model([x, y, z], outputs)


@architecture(writers="keras>=2.2.3 tf>=2.0 keras3", kinds="full keras")
def upsampling_bilinear(F):
    """Stand-alone Keras 2 resized without half-pixel centres.

    TensorFlow 1.13 and 1.14 leave the interpolation out of the file.
    """
    return branches(F, (3, 4, 2), [F.layers.UpSampling2D((2, 3), interpolation="bilinear")])


@architecture(writers="keras>=2.2.3")
def upsampling_bilinear_everywhere(F):
    """By two, which is all that Theano does; sizes that are not known, channels first, wrapped."""
    L = F.layers
    bilinear = {"interpolation": "bilinear"}
    sizes = (4, 5) if F.backend.backend() == "theano" else (None, None)
    x, y = F.Input(shape=(*sizes, 3)), F.Input(shape=(2, 3, 4, 3))
    first = L.UpSampling2D(2, data_format="channels_first", **bilinear)
    outputs = [
        L.Conv2D(2, 3)(L.UpSampling2D(2, **bilinear)(x)),
        first(L.Permute((3, 1, 2))(x)),
        L.TimeDistributed(L.UpSampling2D(2, **bilinear))(y),
    ]
    return F.Model([x, y], outputs)


@architecture(writers="keras>=2.2.3 tf keras3")
def upsampling_nearest(F):
    return branches(F, (3, 4, 2), [F.layers.UpSampling2D(2, interpolation="nearest")])


@architecture()
def channels_first(F):
    L = F.layers
    first = {"data_format": "channels_first"}
    x = F.Input(shape=(2, 6, 5))
    outputs = [
        L.UpSampling2D(2, **first)(x),
        L.GlobalAveragePooling2D(**first)(x),
        L.GlobalMaxPooling2D(**first)(x),
        L.Conv2DTranspose(3, 2, strides=2, **first)(x),
    ]
    if not F.since("tf<2.1"):
        outputs.append(L.BatchNormalization(axis=1)(x))
    if F.has("DepthwiseConv2D"):
        outputs.append(L.DepthwiseConv2D(2, **first)(x))
    return F.Model(x, outputs)


@architecture(writers="keras keras3")
def channels_first_convolutions(F):
    """tf.keras leaves these to kernels that a CPU hasn't."""
    L = F.layers
    first = {"data_format": "channels_first"}
    x = F.Input(shape=(3, 8, 7))
    outputs = [
        L.Conv2D(2, 3, strides=2, **first)(x),
        L.Conv2D(2, 3, padding="same", **first)(x),
        L.SeparableConv2D(3, 2, **first)(x),
        L.MaxPooling2D(2, **first)(x),
        L.AveragePooling2D((3, 2), strides=1, padding="same", **first)(x),
    ]
    return F.Model(x, outputs)


@architecture(writers="keras>=2.1.3 tf keras3")
def channels_first_sequences(F):
    L = F.layers
    x = F.Input(shape=(3, 8))
    outputs = [L.BatchNormalization(axis=1)(x)]
    if F.since("keras>=2.2 tf keras3"):
        outputs.append(L.GlobalAveragePooling1D(data_format="channels_first")(x))
        outputs.append(L.GlobalMaxPooling1D(data_format="channels_first")(x))
    return F.Model(x, outputs)
