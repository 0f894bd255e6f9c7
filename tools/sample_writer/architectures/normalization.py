"""Normalizations, and BatchNormalization in all its arguments."""

import numpy as np

from ..registry import Made, architecture, branches

ADAPTED = np.array([[1.0, 2.0, -1.0], [3.0, 0.5, 2.0], [-2.0, 1.0, 0.25]], dtype="float32")


@architecture(kinds="full keras weights weights.h5")
def batch_normalization(F):
    L = F.layers
    return branches(
        F,
        (5, 4, 3),
        [
            L.BatchNormalization(),
            L.BatchNormalization(axis=2, momentum=0.9, epsilon=0.1),
            L.BatchNormalization(center=False),
            L.BatchNormalization(scale=False),
            L.BatchNormalization(center=False, scale=False),
            L.BatchNormalization(moving_variance_initializer="zeros", gamma_regularizer="l2"),
        ],
    )


@architecture(writers="tf>=2.0<2.16 keras3>=3.14")
def batch_renormalization(F):
    clipping = {"rmax": 2.0, "rmin": 0.5, "dmax": 1.0} if F.flavor == "tf" else {}
    clipping = {"renorm_clipping": clipping} if clipping else {}
    layer = F.layers.BatchNormalization(renorm=True, renorm_momentum=0.9, **clipping)
    return branches(F, (4,), [layer])


@architecture(writers="tf")
def batch_normalization_fused(F):
    L = F.layers
    return branches(F, (4, 3, 2), [L.BatchNormalization(fused=False), L.BatchNormalization()])


@architecture(writers="tf>=2.0<2.16", needs="SyncBatchNormalization")
def sync_batch_normalization(F):
    return branches(F, (4,), [F.layers.SyncBatchNormalization(epsilon=0.01)])


@architecture(writers="tf>=2.12 keras3")
def batch_normalization_synchronized(F):
    return branches(F, (4,), [F.layers.BatchNormalization(synchronized=True)])


@architecture(needs="LayerNormalization", kinds="full keras")
def layer_normalization(F):
    L = F.layers
    layers = [
        L.LayerNormalization(),
        L.LayerNormalization(axis=1, epsilon=0.1),
        L.LayerNormalization(axis=[1, 2]),
        L.LayerNormalization(center=False),
        L.LayerNormalization(scale=False, center=False),
    ]
    if F.since("keras3>=3.5<3.9"):
        layers.append(L.LayerNormalization(rms_scaling=True))
    return branches(F, (5, 4), layers)


@architecture(needs="GroupNormalization")
def group_normalization(F):
    L = F.layers
    layers = [
        L.GroupNormalization(groups=3),
        L.GroupNormalization(groups=-1, epsilon=0.1),
        L.GroupNormalization(groups=2, scale=False),
    ]
    if not F.since("tf<2.13"):
        layers.append(L.GroupNormalization(groups=2, axis=2, center=False))
    return branches(F, (5, 4, 6), layers)


@architecture(needs="UnitNormalization")
def unit_normalization(F):
    L = F.layers
    layers = [L.UnitNormalization(), L.UnitNormalization(axis=1), L.UnitNormalization(axis=[1, 2])]
    return Made(branches(F, (5, 4), layers), misread=F.flavor == "keras3")


@architecture(needs="RMSNormalization")
def rms_normalization(F):
    L = F.layers
    return branches(F, (5, 4), [L.RMSNormalization(), L.RMSNormalization(axis=-1, epsilon=0.1)])


@architecture(needs="RMSNormalization", kinds="full keras")
def rms_normalization_axes(F):
    layer = F.layers.RMSNormalization(axis=[1, 2])
    return Made(branches(F, (5, 4), [layer]), misread=True)


@architecture(needs="SpectralNormalization", kinds="full keras")
def spectral_normalization(F):
    L = F.layers
    x = F.Input(shape=(6, 5, 3))
    y = L.SpectralNormalization(L.Conv2D(2, 3))(x)
    y = L.Flatten()(y)
    return F.Model(x, L.SpectralNormalization(L.Dense(3), power_iterations=2)(y))


@architecture(needs="Normalization", kinds="full keras")
def normalization_adapted(F):
    layer = F.layers.Normalization()
    layer.adapt(ADAPTED)
    x = F.Input(shape=(3,))
    misread = F.flavor == "keras3" or _forgets_statistics(F)
    return Made(F.Model(x, F.layers.Dense(2)(layer(x))), misread=misread)


@architecture(needs="Normalization", writers="tf>=2.4 keras3")
def normalization_all_axes(F):
    layer = F.layers.Normalization(axis=None)
    layer.adapt(ADAPTED)
    x = F.Input(shape=(3,))
    return Made(F.Model(x, layer(x)), misread=_forgets_statistics(F))


def _forgets_statistics(F):
    """TensorFlow 2.6 saves what the layer has learned and does not use it after loading."""
    return F.since("tf>=2.6") and not F.since("tf>=2.7")


@architecture(needs="Normalization", writers="tf>=2.4 keras3", kinds="full keras")
def normalization_given(F):
    L = F.layers
    layers = [
        L.Normalization(mean=[1.0, 2.0, 0.5], variance=[2.0, 0.5, 1.0]),
        L.Normalization(axis=None, mean=2.0, variance=4.0),
    ]
    if F.since("tf>=2.13 keras3"):
        layers.append(L.Normalization(mean=1.0, variance=3.0, axis=None, invert=True))
    return branches(F, (3,), layers)
