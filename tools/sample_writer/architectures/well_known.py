"""Layers and functions of libraries that everybody used, and that have come to their end."""

import importlib.util
import warnings

from ..registry import architecture, branches

COPIED = "keras>=2.2.4<2.2.5 tf>=2.4<2.5"
"""Writers of what is copied from project to project."""


def installed(name):
    """A library, None where the writer does not have it beside it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return importlib.import_module(name)
        except ImportError:
            return None


def with_library(name, **facts):
    """An architecture that only writers with a library have."""
    if importlib.util.find_spec(name) is None:
        return lambda function: function
    return architecture(**facts)


@architecture(writers=COPIED, objects=["well_known.py"])
def well_known_normalization(F):
    W = F.own("well_known.py")
    layers = [
        W.InstanceNormalization(axis=3),
        W.InstanceNormalization(axis=-1, epsilon=0.3, center=False),
        W.InstanceNormalization(axis=1, scale=False),
        W.InstanceNormalization(),
        W.InstanceNormalization(axis=2, beta_regularizer="l2", gamma_initializer="uniform"),
        W.InstanceNormalization(axis=3, scale=False, center=False),
        W.GroupNormalization(groups=2, axis=1),
        W.GroupNormalization(groups=1, axis=-1),
        W.BatchNorm(axis=3),
        W.BatchNorm(axis=1, scale=False, epsilon=1e-2),
    ]
    return branches(F, (4, 5, 6), layers)


@architecture(writers=COPIED, expect="refused", reason="custom", objects=["well_known.py"])
def well_known_group_normalization(F):
    """Along the last axis it is not what others of this name compute."""
    return branches(F, (4, 5, 6), [F.own("well_known.py").GroupNormalization(groups=2)])


@architecture(writers=COPIED, objects=["well_known.py"])
def well_known_pictures(F):
    W = F.own("well_known.py")
    layers = [
        W.Scale(),
        W.Scale(axis=1),
        W.L2Normalization(gamma_init=10),
        W.PixelShuffler(),
        W.SubPixelUpscaling(scale_factor=2),
        W.Mish(name="activated"),
        F.layers.Conv2D(2, 2, activation=W.swish),
        F.layers.Activation(W.mish),
    ]
    return branches(F, (4, 6, 8), layers)


@architecture(writers="keras1>=1.2", objects=["well_known.py"])
def well_known_scale(F):
    """ResNet-152 and DenseNet had it before Keras 2."""
    W, L = F.own("well_known.py"), F.layers
    inner = F.Sequential([L.Dense(4, input_shape=(3, 4)), W.Scale(), L.Activation("relu")])
    x, y = F.Input(shape=(3, 4)), F.Input(shape=(4, 5, 3))
    both = [W.Scale(name="behind")(inner(x)), W.Scale(axis=1)(y), L.Flatten()(W.Scale()(y))]
    return F.Model([x, y], both)


@architecture(writers=COPIED, objects=["well_known.py"])
def well_known_inside(F):
    """In a nested model that is called twice, in a TimeDistributed, in a Sequential, and frozen."""
    W, L = F.own("well_known.py"), F.layers
    inner = F.Sequential(
        [
            L.Conv2D(4, 2, input_shape=(6, 6, 3)),
            W.InstanceNormalization(axis=3),
            W.Mish(name="activated"),
            W.Scale(),
            L.Conv2D(4, 2, use_bias=False),
            W.InstanceNormalization(axis=3, trainable=False),
            W.PixelShuffler(),
        ]
    )
    x, steps = F.Input(shape=(6, 6, 3)), F.Input(shape=(3, 4, 5))
    y = L.Add()([inner(x), inner(L.Activation("relu")(x))])
    each = L.TimeDistributed(W.InstanceNormalization(axis=2))(steps)
    # What comes behind has to know all lengths.
    flat = [
        L.Dense(2)(L.Flatten()(layer(x)))
        for layer in (W.InstanceNormalization(axis=3), W.InstanceNormalization(), W.Scale(axis=1))
    ]
    return F.Model([x, steps], [y, each] + flat)


@architecture(
    writers="keras>=2.2.4<2.2.5", expect="refused", reason="custom", objects=["well_known.py"]
)
def well_known_gelu(F):
    """Exact in one project and an approximation in the next."""
    gelu = F.own("well_known.py").gelu
    x = F.Input(shape=(5,))
    return F.Model(x, F.layers.Dense(3, activation=gelu)(x))


@architecture(writers="keras>=2.0.6<2.1.5")
def well_known_mobilenet(F):
    """Before Keras 2.1.5 the layer was MobileNet's own."""
    from keras.applications import mobilenet

    layers = [
        mobilenet.DepthwiseConv2D((3, 3), activation=mobilenet.relu6),
        mobilenet.DepthwiseConv2D((3, 2), strides=(2, 2), depth_multiplier=2, use_bias=False),
        mobilenet.DepthwiseConv2D((2, 2), padding="same", depthwise_regularizer="l2"),
    ]
    return branches(F, (6, 7, 3), layers)


@with_library("efficientnet", writers=COPIED, objects=["of_efficientnet.py"])
def well_known_efficientnet(F):
    model = installed("efficientnet.model")
    return model.EfficientNet(
        0.1,
        0.1,
        32,
        dropout_rate=0.2,
        depth_divisor=4,
        input_shape=(32, 32, 3),
        weights=None,
        classes=5,
        backend=F.backend,
        layers=F.keras.layers,
        models=F.keras.models,
        utils=F.keras.utils,
    )


@with_library("keras_resnet", writers="keras", objects=["keras_resnet.layers"])
def well_known_keras_resnet(F):
    B = installed("keras_resnet.layers").BatchNormalization
    layers = [B(freeze=True, axis=3), B(freeze=False, axis=3, epsilon=1e-5), B(True, axis=1)]
    return branches(F, (4, 5, 3), layers)


@with_library("keras_layer_normalization", writers="keras", objects=["keras_layer_normalization"])
def well_known_layer_normalization(F):
    N, L = installed("keras_layer_normalization").LayerNormalization, F.layers
    x = F.Input(shape=(4, 6))
    y = L.LSTM(3)(N(epsilon=1e-3)(L.Masking()(x)))
    return F.Model(x, [N()(x), N(center=False)(x), N(scale=False, epsilon=0.1)(x), y])


@with_library("keras_self_attention", writers=COPIED, objects=["keras_self_attention"])
def well_known_self_attention(F):
    library, L = installed("keras_self_attention"), F.layers
    A, W = library.SeqSelfAttention, library.SeqWeightedAttention
    x = F.Input(shape=(5, 4))
    both = A(units=3, return_attention=True)(x)
    weighted = W(return_attention=True, use_bias=False)(x)
    alone = [
        A(units=3, use_additive_bias=False, use_attention_bias=False)(x),
        A(attention_type="multiplicative", attention_activation="sigmoid")(x),
        A(attention_type="multiplicative", use_attention_bias=False, kernel_regularizer="l2")(x),
        L.GlobalMaxPooling1D()(A(units=6, attention_activation="tanh")(x)),
        W()(L.Bidirectional(L.LSTM(3, return_sequences=True))(x)),
    ]
    return F.Model(x, list(both) + list(weighted) + alone)


# Releases differed over what it leaves out.
@with_library(
    "keras_self_attention",
    writers=COPIED,
    objects=["keras_self_attention"],
    expect="refused",
    reason="custom",
)
def well_known_self_attention_width(F):
    layer = installed("keras_self_attention").SeqSelfAttention(units=2, attention_width=3)
    return branches(F, (5, 4), [layer])


# -- kapre --------------------------------------------------------------------------------


def _kapre(**facts):
    """What kapre 0.3 has; of 0.1 the layers were others."""
    if importlib.util.find_spec("kapre") is None or installed("kapre.composed") is None:
        return lambda function: function
    return architecture(objects=["kapre.time_frequency"], **facts)


@_kapre(writers="tf")
def well_known_kapre(F):
    """Each step by itself, with and without padding, channels in front and behind."""
    K = installed("kapre.time_frequency")
    first = "channels_first"
    x, y = F.Input(shape=(90, 2)), F.Input(shape=(1, 64))
    begun = K.STFT(n_fft=32, win_length=20, hop_length=8, pad_begin=True)(x)
    ended = K.STFT(n_fft=16, hop_length=5, pad_end=True, window_name="hamming_window")(x)
    odd = K.STFT(
        n_fft=16, win_length=15, pad_end=True, input_data_format=first, output_data_format=first
    )(y)
    loud = K.Magnitude()(begun)
    mel = {"sample_rate": 4000, "n_freq": 17, "n_mels": 6, "norm": None, "htk": True}
    notes = {"sample_rate": 4000, "n_freq": 9, "n_bins": 5, "bins_per_octave": 2, "f_min": 110.0}
    banked = K.ApplyFilterbank("log", notes, data_format=first)(K.Magnitude()(odd))
    return F.Model(
        [x, y],
        [
            loud,
            K.Phase()(ended),
            K.ApplyFilterbank("mel", mel)(loud),
            K.MagnitudeToDecibel(ref_value=0.5, dynamic_range=12.0)(loud),
            banked,
        ],
    )


@_kapre(writers="tf")
def well_known_kapre_melspectrogram(F):
    """As most have it: one layer in front of a network."""
    composed, L = installed("kapre.composed"), F.layers
    mel = composed.get_melspectrogram_layer(
        input_shape=(120, 1),
        n_fft=32,
        hop_length=10,
        sample_rate=8000,
        n_mels=8,
        pad_end=True,
        return_decibel=True,
    )
    return F.Sequential([mel, L.Conv2D(2, 3), L.Flatten(), L.Dense(3)])


@_kapre(writers="tf", expect="refused", reason="custom")
def well_known_kapre_complex(F):
    """Complex numbers that go elsewhere."""
    K = installed("kapre.time_frequency")
    x = F.Input(shape=(40, 1))
    return F.Model(x, K.STFT(n_fft=8)(x))


def _spectrograms(F, decibel, **more):
    K, L = installed("kapre.time_frequency"), F.layers
    x, y = F.Input(shape=(1, 70)), F.Input(shape=(2, 40))
    mel = {"n_dft": 16, "sr": 4000, "n_mels": 5, "return_decibel_melgram": decibel}
    outputs = [
        K.Spectrogram(n_dft=16, n_hop=6)(x),
        K.Spectrogram(16, 5, padding="valid", power_spectrogram=1.0, **more)(y),
        K.Melspectrogram(n_hop=4, power_melgram=2.0, image_data_format="channels_first", **mel)(y),
        L.Flatten()(L.Conv2D(2, 2)(K.Melspectrogram(n_hop=8, **mel)(x))),
    ]
    return F.Model([x, y], outputs)


def _early_kapre(**facts):
    """What kapre 0.1 has."""
    early = installed("kapre.time_frequency") and not installed("kapre.composed")
    if not early:
        return lambda function: function
    return architecture(objects=["kapre.time_frequency"], **facts)


@_early_kapre(writers="tf")
def well_known_kapre_0_1(F):
    return _spectrograms(F, decibel=True, return_decibel_spectrogram=True)


@_early_kapre(writers="keras")
def well_known_kapre_0_1_plain(F):
    return _spectrograms(F, decibel=False, trainable_kernel=True)


# Up to 0.1.3 the loudest of a whole batch was the measure.
@_early_kapre(writers="keras", expect="refused", reason="custom")
def well_known_kapre_0_1_decibel(F):
    return _spectrograms(F, decibel=True)
