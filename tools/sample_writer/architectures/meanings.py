"""Arguments and inputs with which a layer of the same name computed something else."""

from ..data import booleans, ids, padded_ids
from ..registry import Made, architecture, branches


def before_padded_ids(count, step=2):
    """Ids with zeros in front of them; the last row has nothing else."""

    def make(rng, shape):
        rows = rng.randint(1, count, shape)
        for index, row in enumerate(rows):
            row[: step * index] = 0
        rows[-1] = 0
        return rows

    return make


def rows_of_masks():
    """Some of each row, and one row without any."""

    def make(rng, shape):
        chosen = booleans()(rng, shape)
        chosen[..., 0] = True
        chosen[0, 1] = False
        return chosen

    return make


def _with_little_variance(F, model):
    F.write([(v, F.read(v) * 1e-6) for v in model.weights if "variance" in F.variable_name(v)])


@architecture()
def small_epsilons(F):
    """Under 1.001e-5, which a fused kernel took for all of them."""
    L = F.layers
    x, y = F.Input(shape=(4, 3, 2)), F.Input(shape=(4, 3))
    outputs = [L.BatchNormalization(epsilon=value)(x) for value in (1e-8, 1e-6, 1e-5, 1e-3)]
    outputs.append(L.BatchNormalization(epsilon=1e-8)(y))
    z = F.Input(shape=(2, 4, 3, 2))
    outputs.append(L.TimeDistributed(L.BatchNormalization(epsilon=1e-7))(z))
    return Made(F.Model([x, y, z], outputs), adjust=_with_little_variance)


@architecture(writers="tf keras3")
def small_epsilons_of_volumes(F):
    L = F.layers
    layers = [L.BatchNormalization(epsilon=1e-7), L.BatchNormalization(epsilon=1e-7, axis=1)]
    return Made(branches(F, (3, 4, 3, 2), layers), adjust=_with_little_variance)


@architecture()
def dots_of_rank_4(F):
    """Scores of heads: one matrix product in old releases, every axis with every other today."""
    L = F.layers
    x, y = F.Input(shape=(2, 3, 4)), F.Input(shape=(2, 5, 4))
    z = L.Permute((1, 3, 2))(y)
    outputs = [
        L.Dot(axes=3)([x, y]),
        L.Dot(axes=(3, 2))([x, z]),
        L.Dot(axes=-1, normalize=True)([x, y]),
    ]
    model = F.Model([x, y], outputs)
    if F.since("tf<2.2"):
        return Made(model, reason="two-releases", options={"writer": F.told()})
    return model


@architecture(needs="Resizing", writers="tf>=2.3 keras3")
def integer_pictures(F):
    """Bytes, as pictures are read from files."""
    L = F.layers
    x = F.Input(shape=(5, 7, 3), dtype="uint8")
    outputs = [
        L.Resizing(8, 4)(x),
        L.Resizing(3, 5, interpolation="nearest")(x),
        L.UpSampling2D(2, interpolation="bilinear")(x),
        L.Rescaling(1 / 255.0)(x),
    ]
    return Made(F.Model(x, outputs), inputs=[ids(256)])


@architecture(needs="LayerNormalization", writers="tf>=2.15 keras3")
def integer_normalization(F):
    x = F.Input(shape=(4,), dtype="int32")
    return Made(F.Model(x, F.layers.LayerNormalization()(x)), inputs=[ids(20)])


@architecture(writers="tf>=2.0 keras3")
def integer_averages(F):
    """To integers, rounded towards zero, or to fractions."""
    L = F.layers
    x, y = F.Input(shape=(5, 3), dtype="int32"), F.Input(shape=(2, 4, 3), dtype="int32")
    z = L.Subtract()([x, L.Permute((1, 2))(L.Multiply()([x, x]))])
    outputs = [L.GlobalAveragePooling1D()(x), L.GlobalAveragePooling1D()(z)]
    outputs.append(L.GlobalAveragePooling2D()(y))
    return Made(F.Model([x, y], outputs), inputs=[ids(20), ids(20)])


@architecture(needs="MultiHeadAttention", writers="tf>=2.10 keras3")
def masked_attention_dropout(F):
    """Padding looks at nothing, so its rows are masked altogether."""
    L = F.layers
    x, y = F.Input(shape=(6,)), F.Input(shape=(4, 5))
    mask = F.Input(shape=(4, 4), dtype="bool")
    z = L.Embedding(9, 4, mask_zero=True)(x)
    outputs = [
        L.MultiHeadAttention(2, 3, dropout=0.1)(z, z),
        L.MultiHeadAttention(2, 3, dropout=0.1)(y, y, attention_mask=mask),
        L.MultiHeadAttention(2, 3)(y, y, attention_mask=mask),
    ]
    model = F.Model([x, y, mask], outputs)
    return Made(model, inputs=[before_padded_ids(9), None, rows_of_masks()])


@architecture(needs="MultiHeadAttention", writers="tf>=2.10 keras3>=3.4")
def masked_attention_scores(F):
    L = F.layers
    y, mask = F.Input(shape=(4, 5)), F.Input(shape=(4, 4), dtype="bool")
    attention = L.MultiHeadAttention(2, 3)
    outputs = list(attention(y, y, attention_mask=mask, return_attention_scores=True))
    return Made(F.Model([y, mask], outputs), inputs=[None, rows_of_masks()])


@architecture(needs="Softmax", writers="keras tf<2.4")
def masked_softmax(F):
    """Old releases handed the mask on and made no use of it."""
    L = F.layers
    x = F.Input(shape=(6,))
    y = L.Softmax()(L.Embedding(9, 3, mask_zero=True)(x))
    return Made(F.Model(x, L.LSTM(2)(y)), inputs=[padded_ids(9)])


@architecture(needs="Softmax", writers="tf>=2.4 keras3")
def softmax_mask_argument(F):
    x, mask = F.Input(shape=(4, 6)), F.Input(shape=(4, 6), dtype="bool")
    model = F.Model([x, mask], F.layers.Softmax()(x, mask=mask))
    return Made(model, inputs=[None, rows_of_masks()])


@architecture(needs="ReLU", writers="keras tf>=2.0 keras3")
def masked_relu(F):
    """tf.keras let go of the mask before 2.5."""
    L = F.layers
    x = F.Input(shape=(6,))
    y = L.ReLU()(L.Embedding(9, 3, mask_zero=True)(x))
    return Made(F.Model(x, L.LSTM(2)(y)), inputs=[padded_ids(9)])


@architecture()
def padding_before_decoder(F):
    """pad_sequences puts the padding in front; stand-alone Keras returned the state there."""
    L = F.layers
    x, h, c = F.Input(shape=(6,)), F.Input(shape=(4,)), F.Input(shape=(4,))
    y = L.Embedding(9, 3, mask_zero=True)(x)
    outputs = [
        L.LSTM(4, return_sequences=True)(y, initial_state=[h, c]),
        L.LSTM(4)(y, initial_state=[h, c]),
        L.GRU(4, return_sequences=True, go_backwards=True)(y, initial_state=h),
        L.SimpleRNN(4, return_sequences=True, unroll=True)(y, initial_state=h),
    ]
    outputs += list(L.GRU(4, return_sequences=True, return_state=True)(y, initial_state=h))
    return Made(F.Model([x, h, c], outputs), inputs=[before_padded_ids(9), None, None])


@architecture(writers="keras tf")
def steep_slopes(F):
    model = branches(F, (6,), [F.layers.LeakyReLU(1.5), F.layers.LeakyReLU(0.25)])
    if F.since("keras>=2.1 tf<2.2") and F.backend.backend() == "tensorflow":
        return Made(model, reason="two-releases", options={"writer": F.told()})
    return model


@architecture(writers="keras tf<2.5", needs="ReLU")
def negative_limits(F):
    """Keras 3 asks for limits of 0 and more."""
    L = F.layers
    layers = [
        L.ReLU(threshold=-0.5),
        L.ReLU(threshold=-0.5, negative_slope=0.25, max_value=0.75),
        L.ThresholdedReLU(-0.25),
        L.TimeDistributed(L.ReLU(threshold=-0.75)),
    ]
    return branches(F, (6, 4), layers)


@architecture(writers="keras tf")
def negative_slopes(F):
    return branches(F, (6,), [F.layers.LeakyReLU(-0.25), F.layers.LeakyReLU(-1.5)])


@architecture()
def separable_dilation(F):
    """An argument that the first releases saved and did not use."""
    L = F.layers
    return branches(F, (9, 8, 3), [L.SeparableConv2D(4, 2, dilation_rate=2)])


@architecture(needs="Discretization", writers="tf>=2.8 keras3")
def one_hot_of_one_column(F):
    layer = F.layers.Discretization(bin_boundaries=[-0.5, 0.0, 0.5], output_mode="one_hot")
    return branches(F, (1,), [layer])


@architecture(needs="LayerNormalization")
def layer_normalization_out_of_order(F):
    L = F.layers
    layers = [L.LayerNormalization(axis=axes) for axes in ([2, 1], [3, 1], [-1, -2])]
    return branches(F, (3, 4, 5), layers)


@architecture(needs="RandomCrop", writers="keras3<3.6")
def random_crop_of_middle(F):
    """Until 3.5 the layer took the middle when it predicted."""
    x = F.Input(shape=(8, 7, 3))
    return F.Model(x, F.layers.RandomCrop(5, 5)(x))
