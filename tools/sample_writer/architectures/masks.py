"""Masks on their way through layers: padding in front, behind, and over whole sequences."""

from ..data import padded_ids
from ..registry import Made, architecture
from .meanings import before_padded_ids

AROUND = (before_padded_ids(9), padded_ids(9))
"""Padding in front, the last sequence nothing else; and padding behind."""


def _embedded(F):
    """Two inputs of ids, and an embedding of each that carries a mask."""
    L = F.layers
    inputs = [F.Input(shape=(6,)), F.Input(shape=(6,))]
    return inputs, [L.Embedding(9, 3, mask_zero=True)(each) for each in inputs]


def _behind_masks(F, make):
    """Each of the layers that ``make`` returns, on both kinds of padding."""
    inputs, embedded = _embedded(F)
    outputs = []
    for y in embedded:
        for chain in make(F.layers):
            z = y
            for layer in chain if isinstance(chain, (list, tuple)) else [chain]:
                z = layer(z)
            outputs += z if isinstance(z, (list, tuple)) else [z]
    return Made(F.Model(inputs, outputs), inputs=list(AROUND))


@architecture(writers="keras tf")
def masks_through_activations(F):
    def make(L):
        names = ("ELU", "LeakyReLU", "PReLU", "ThresholdedReLU", "LayerNormalization")
        names += (
            "UnitNormalization",
            "GaussianNoise",
            "SpatialDropout1D",
            "ActivityRegularization",
        )
        found = [getattr(L, name)() for name in names[:6] if F.has(name)]
        found += [L.GaussianNoise(0.1), L.GaussianDropout(0.1), L.SpatialDropout1D(0.1)]
        found += [L.BatchNormalization(), L.Dense(3), L.Activation("tanh"), L.Dropout(0.2)]
        return [[layer, L.LSTM(2)] for layer in found]

    return _behind_masks(F, make)


@architecture(needs="MultiHeadAttention", writers="tf keras3>=3.4", kinds="full keras")
def masked_attention_in_blocks(F):
    """A transformer block: the masked tensors go on, around the attention and to other layers."""
    L = F.layers
    x = F.Input(shape=(6,))
    y = L.Embedding(9, 4, mask_zero=True)(x)
    z = L.LayerNormalization()(L.Add()([y, L.MultiHeadAttention(2, 3)(y, y)]))
    z = L.Add()([z, L.MultiHeadAttention(2, 3)(L.Dropout(0.1)(z), y)])
    outputs = [L.GlobalAveragePooling1D()(z), L.LSTM(2)(z), L.GRU(2)(y)]
    return Made(F.Model(x, outputs), inputs=[padded_ids(9)])


@architecture(needs="MultiHeadAttention", writers="tf keras3>=3.4")
def masked_attention_nested(F):
    """The block is a model, whose input is a masked tensor of the model around it."""
    L = F.layers
    inner = F.Input(shape=(6, 4))
    block = F.Model(inner, L.MultiHeadAttention(2, 3)(inner, inner), name="block")
    x = F.Input(shape=(6,))
    y = L.Embedding(9, 4, mask_zero=True)(x)
    return Made(F.Model(x, [L.LSTM(2)(L.Add()([y, block(y)])), L.GRU(2)(y)]), inputs=[padded_ids(9)])
