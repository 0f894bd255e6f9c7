"""Merge layers, their functional forms, broadcasting."""

from ..data import padded_ids
from ..registry import Made, architecture


def _two(F, shape=(4,)):
    return F.Input(shape=shape, name="left"), F.Input(shape=shape, name="right")


@architecture(kinds="full keras")
def merges(F):
    L = F.layers
    x, y = _two(F)
    layers = [L.Add(), L.Multiply(), L.Average(), L.Maximum(), L.Concatenate()]
    if F.has("Subtract"):
        layers.append(L.Subtract())
    if F.has("Minimum"):
        layers.append(L.Minimum())
    return F.Model([x, y], [layer([x, y]) for layer in layers])


@architecture()
def merges_of_three(F):
    L = F.layers
    x, y = _two(F)
    z = L.Dense(4)(x)
    layers = [L.Add(), L.Multiply(), L.Average(), L.Maximum(), L.Concatenate()]
    return F.Model([x, y], [layer([x, y, z]) for layer in layers])


@architecture()
def merge_functions(F):
    L = F.layers
    x, y = _two(F)
    return F.Model(
        [x, y],
        [
            L.add([x, y]),
            L.multiply([x, y]),
            L.average([x, y]),
            L.maximum([x, y]),
            L.concatenate([x, y]),
            L.dot([x, y], axes=1),
        ],
    )


@architecture()
def concatenate_axes(F):
    L = F.layers
    x, y = _two(F, (3, 4))
    outputs = [L.Concatenate(axis=1)([x, y]), L.Concatenate(axis=-1)([y, x, y])]
    return Made(F.Model([x, y], outputs), misread=F.since("keras3<3.9"))


@architecture(kinds="full keras")
def dots(F):
    L = F.layers
    x, y = _two(F, (3, 4))
    return F.Model(
        [x, y],
        [
            L.Dot(axes=2)([x, y]),
            L.Dot(axes=(1, 1))([x, y]),
            L.Dot(axes=-1, normalize=True)([x, y]),
        ],
    )


@architecture()
def merge_broadcast(F):
    L = F.layers
    x, y = F.Input(shape=(3, 4)), F.Input(shape=(1, 4))
    return F.Model([x, y], [L.Add()([x, y]), L.Multiply()([x, y]), L.Maximum()([x, y])])


@architecture(kinds="full keras")
def merge_of_masked(F):
    L = F.layers
    x, y = F.Input(shape=(6,)), F.Input(shape=(6,))
    left, right = L.Embedding(9, 3, mask_zero=True)(x), L.Embedding(9, 3, mask_zero=True)(y)
    outputs = [
        L.LSTM(2)(L.Concatenate()([left, right])),
        L.LSTM(2)(L.Add()([left, right])),
    ]
    return Made(F.Model([x, y], outputs), inputs=[padded_ids(9), padded_ids(9)])


@architecture(kinds="full keras")
def merge_of_different_masks(F):
    """Positions that are padding in one of two sequences only."""
    L = F.layers
    x, y = F.Input(shape=(6,)), F.Input(shape=(6,))
    left, right = L.Embedding(9, 3, mask_zero=True)(x), L.Embedding(9, 3, mask_zero=True)(y)
    outputs = [
        L.LSTM(2)(L.Concatenate()([left, right])),
        L.LSTM(2)(L.Add()([left, right])),
    ]
    return Made(F.Model([x, y], outputs), inputs=[padded_ids(9), padded_ids(9, step=1)])


@architecture(kinds="full keras")
def masked_beside_plain(F):
    """A masked sequence joined with features that carry no mask."""
    L = F.layers
    x, y = F.Input(shape=(6,)), F.Input(shape=(6, 3))
    words = L.Embedding(9, 3, mask_zero=True)(x)
    outputs = [
        L.GRU(2)(L.Concatenate()([words, y])),
        L.GRU(2)(L.Add()([words, y])),
    ]
    return Made(F.Model([x, y], outputs), inputs=[padded_ids(9), None])


@architecture()
def masked_encoder_stack(F):
    """A mask that goes through a Bidirectional to the layer behind it."""
    L = F.layers
    x = F.Input(shape=(6,))
    y = L.Embedding(9, 3, mask_zero=True)(x)
    y = L.Bidirectional(L.LSTM(2, return_sequences=True))(y)
    return Made(F.Model(x, L.LSTM(3)(L.Dropout(0.2)(y))), inputs=[padded_ids(9)])
