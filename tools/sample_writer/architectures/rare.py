"""Layer classes that only a few releases could write, as far as these could."""

from ..data import between, ids, words
from ..registry import Made, architecture, branches


@architecture(needs="Rescaling", writers="tf<2.3")
def early_images(F):
    """The first image layers: no offset, no negative factors, no RandomZoom."""
    L = F.layers
    layers = [
        L.Rescaling(1 / 255.0),
        L.RandomFlip("horizontal"),
        L.RandomRotation(0.2),
        L.RandomTranslation(0.1, 0.2),
        L.RandomContrast(0.2),
    ]
    return Made(branches(F, (8, 7, 3), layers), inputs=[between(0, 255)])


@architecture(needs="Hashing", writers="tf<2.6")
def hashing_salted(F):
    x, y = F.Input(shape=(4,), dtype="int64"), F.Input(shape=(4,), dtype="string")
    layers = [F.layers.Hashing(7, salt=[11, 137]), F.layers.Hashing(5, salt=133)]
    outputs = [layer(each) for layer in layers for each in (x, y)]
    return Made(F.Model([x, y], outputs), inputs=[ids(100), words("red", "green", "blue", "old")])


@architecture(needs="Hashing", writers="tf<2.6")
def hashing_unsalted(F):
    """Hashes without a salt, but writes the one that nothing was hashed with."""
    x, y = F.Input(shape=(4,), dtype="int64"), F.Input(shape=(4,), dtype="string")
    model = F.Model([x, y], [F.layers.Hashing(50)(each) for each in (x, y)])
    return Made(model, inputs=[ids(100), words("red", "green", "blue", "old")], misread=True)


@architecture(needs="CategoryCrossing Hashing", expect="refused", reason="removed-layer")
def category_crossing(F):
    L = F.layers
    x, y = F.Input(shape=(1,), dtype="string"), F.Input(shape=(1,), dtype="string")
    crossed = [L.CategoryCrossing()([x, y]), L.CategoryCrossing(separator="-")([x, y])]
    model = F.Model([x, y], [L.Hashing(50, salt=[11, 137])(each) for each in crossed])
    return Made(model, inputs=[words("red", "green", "blue"), words("cat", "dog")])


@architecture(needs="CategoryEncoding", writers="keras3<3.4")
def integer_category_encoding(F):
    """With the dtype float32 that layers have by themselves, this release fails."""
    x = F.Input(shape=(4,), dtype="int32")
    modes = ["multi_hot", "count"]
    layers = [F.layers.CategoryEncoding(5, output_mode=mode, dtype="int32") for mode in modes]
    return Made(F.Model(x, [layer(x) for layer in layers]), inputs=[ids(5)])


@architecture(needs="CategoryEncoding", writers="keras3<3.4", kinds="full keras")
def one_hot_of_single_indices(F):
    """In these releases an axis of length 1 stays."""
    L = F.layers
    x, y = F.Input(shape=(1,), dtype="int32"), F.Input(shape=(4,), dtype="int32")
    one = L.CategoryEncoding(5, output_mode="one_hot", dtype="int32")
    four = L.CategoryEncoding(5, output_mode="one_hot", dtype="int64")
    return Made(F.Model([x, y], [one(x), four(y)]), inputs=[ids(5), ids(5)])


@architecture(needs="RandomShear", writers="keras3")
def random_shear(F):
    """Over ranges that begin at 0: the others are written so that nothing reads them."""
    layer = F.layers.RandomShear((0.0, 0.2), (0.0, 0.1))
    return Made(branches(F, (8, 7, 3), [layer]), inputs=[between(0, 255)])


@architecture(needs="RandomShear", writers="keras3", kinds="keras")
def random_shear_both_ways(F):
    layers = [F.layers.RandomShear(0.2), F.layers.RandomShear(0.1, 0.3)]
    return Made(branches(F, (8, 7, 3), layers), inputs=[between(0, 255)])


@architecture(needs="StackedRNNCells", writers="keras tf<2.2")
def stack_of_one_cell(F):
    """The weights of several cells get one name in these releases, which an .h5 can't hold."""
    L = F.layers
    cells = [L.LSTMCell(3), L.GRUCell(2)]
    return branches(F, (6, 3), [L.RNN(L.StackedRNNCells([cell])) for cell in cells])


@architecture(needs="GlobalMaxPooling3D", writers="keras<2.3")
def global_pooling3d(F):
    L = F.layers
    return branches(F, (4, 5, 6, 2), [L.GlobalMaxPooling3D(), L.GlobalAveragePooling3D()])


@architecture(needs="ConvLSTM2DCell", writers="keras")
def conv_rnn2d(F):
    """What ConvLSTM2D is made of; the last releases do not export it, and so do not reload it."""
    L = F.layers
    ConvRNN2D = F.keras.layers.convolutional_recurrent.ConvRNN2D
    layers = [
        ConvRNN2D(L.ConvLSTM2DCell(2, 3)),
        ConvRNN2D(
            L.ConvLSTM2DCell(3, (2, 3), padding="same", use_bias=False), return_sequences=True
        ),
        ConvRNN2D(
            L.ConvLSTM2DCell(2, 2, strides=2, recurrent_activation="sigmoid"), go_backwards=True
        ),
    ]
    return branches(F, (3, 5, 4, 2), layers)


@architecture(needs="Merge", writers="keras<2.2")
def merge_of_keras1(F):
    """Keras 2 kept the layer until 2.2."""
    L = F.layers
    x, y = F.Input(shape=(4, 3)), F.Input(shape=(4, 3))
    outputs = [L.Merge(mode=mode)([x, y]) for mode in ("sum", "mul", "ave", "max")]
    outputs.append(L.Merge(mode="concat", concat_axis=1)([x, y]))
    outputs.append(L.Merge(mode="dot", dot_axes=(2, 2))([x, y]))
    return F.Model([x, y], outputs)
