"""Pooling and global pooling."""

from ..data import padded_floats
from ..registry import Made, architecture, branches


@architecture(kinds="full keras")
def pooling1d(F):
    L = F.layers
    return branches(
        F,
        (8, 3),
        [
            L.MaxPooling1D(),
            L.MaxPooling1D(3, strides=2, padding="same"),
            L.AveragePooling1D(2),
            L.AveragePooling1D(3, strides=1, padding="same"),
            L.GlobalMaxPooling1D(),
            L.GlobalAveragePooling1D(),
        ],
    )


@architecture()
def pooling2d(F):
    L = F.layers
    return branches(
        F,
        (7, 6, 3),
        [
            L.MaxPooling2D(),
            L.MaxPooling2D((3, 2), strides=(2, 1), padding="same"),
            L.AveragePooling2D(2),
            L.AveragePooling2D(2, strides=1, padding="same"),
            L.GlobalMaxPooling2D(),
            L.GlobalAveragePooling2D(),
        ],
    )


@architecture()
def pooling3d(F):
    L = F.layers
    return branches(
        F,
        (4, 5, 6, 2),
        [
            L.MaxPooling3D(),
            L.MaxPooling3D((1, 2, 3), strides=1, padding="same"),
            L.AveragePooling3D(2),
            L.AveragePooling3D((2, 1, 2), padding="same"),
            L.GlobalMaxPooling3D(),
            L.GlobalAveragePooling3D(),
        ],
    )


@architecture(writers="tf>=2.6 keras3")
def global_pooling_keepdims(F):
    L = F.layers
    x, y = F.Input(shape=(5, 2)), F.Input(shape=(4, 3, 2))
    outputs = [
        L.GlobalAveragePooling1D(keepdims=True)(x),
        L.GlobalMaxPooling1D(keepdims=True)(x),
        L.GlobalAveragePooling2D(keepdims=True)(y),
        L.GlobalMaxPooling2D(keepdims=True)(y),
    ]
    return F.Model([x, y], outputs)


@architecture(writers="keras>=2.2.3 tf keras3", kinds="full keras")
def global_average_pooling_masked(F):
    L = F.layers
    x = F.Input(shape=(6, 3))
    return Made(F.Model(x, L.GlobalAveragePooling1D()(L.Masking()(x))), inputs=[padded_floats()])


@architecture(needs="AdaptiveAveragePooling1D")
def adaptive_pooling(F):
    L = F.layers
    x, y, z = F.Input(shape=(8, 2)), F.Input(shape=(7, 6, 2)), F.Input(shape=(4, 5, 6, 2))
    outputs = []
    for tensor, name, size in ((x, "1D", 3), (y, "2D", (3, 2)), (z, "3D", (2, 3, 2))):
        outputs.append(getattr(L, "AdaptiveAveragePooling" + name)(size)(tensor))
        outputs.append(getattr(L, "AdaptiveMaxPooling" + name)(size)(tensor))
    return F.Model([x, y, z], outputs)
