"""Inputs that only SavedModels name by their parts: ragged and sparse ones."""

from ..data import floats, ids, words
from ..registry import Made, architecture


def _words(F):
    return F.Input(shape=(None,), dtype="int32", ragged=True, name="words")


def _vectors(F, x):
    return F.layers.Embedding(9, 4)(x)


@architecture(writers="tf>=2.3")
def ragged_averages(F):
    L = F.layers
    x = _words(F)
    y = L.Dropout(0.5)(_vectors(F, x))
    outputs = [L.GlobalAveragePooling1D()(y), L.GlobalMaxPooling1D()(L.Add()([y, y]))]
    return Made(F.Model(x, outputs), inputs=[ids(9)])


@architecture(writers="tf>=2.3")
def ragged_recurrent(F):
    L = F.layers
    x = _words(F)
    y = _vectors(F, x)
    layers = [
        L.LSTM(3),
        L.GRU(3),
        L.SimpleRNN(3, go_backwards=True),
        L.Bidirectional(L.LSTM(2)),
        L.Bidirectional(L.GRU(2), merge_mode="sum"),
        L.LSTM(2, return_state=True),
    ]
    outputs = [output for layer in layers for output in _several(layer(y))]
    return Made(F.Model(x, outputs), inputs=[ids(9)])


def _several(found):
    return list(found) if isinstance(found, (list, tuple)) else [found]


@architecture(writers="tf>=2.3")
def ragged_stacked(F):
    """Of numbers, through layers for each step, to an average and to another recurrent layer."""
    L = F.layers
    x = F.Input(shape=(None, 3), ragged=True, name="series")
    y = L.TimeDistributed(L.Dense(4, activation="relu"))(x)
    y = L.GRU(3, return_sequences=True)(y)
    y = L.Dropout(0.5)(y)
    z = L.LSTM(2)(L.Concatenate()([y, y]))
    return Made(F.Model(x, [z, L.GlobalAveragePooling1D()(y)]), inputs=[floats()])


@architecture(writers="tf>=2.3")
def ragged_sequential(F):
    L = F.layers
    layers = [_words_layer(F), L.Embedding(9, 4), L.LSTM(3), L.Dense(2, activation="softmax")]
    return Made(F.Sequential(layers), inputs=[ids(9)])


def _words_layer(F):
    return F.layers.InputLayer(input_shape=(None,), dtype="int32", ragged=True, name="words")


@architecture(writers="tf>=2.6", needs="TextVectorization")
def ragged_words(F):
    L = F.layers
    x = F.Input(shape=(1,), dtype="string", name="text")
    cut = L.TextVectorization(ragged=True, vocabulary=["a", "cat", "dog"])
    y = L.Embedding(8, 3)(cut(x))
    texts = words("a cat", "dog", "the dog a", "cat cat a dog")
    return Made(F.Model(x, [L.GRU(2)(y), L.GlobalAveragePooling1D()(y)]), inputs=[texts])


@architecture(writers="tf>=2.3", expect="refused", reason="ragged")
def ragged_maximum_of_filled(F):
    L = F.layers
    x = _words(F)
    y = L.LSTM(3, return_sequences=True)(_vectors(F, x))
    return Made(F.Model(x, L.GlobalMaxPooling1D()(y)), inputs=[ids(9)])


@architecture(writers="tf>=2.3 keras3")
def sparse_counts(F):
    L = F.layers
    x = F.Input(shape=(7,), sparse=True, name="counts")
    y = F.Input(shape=(3,), name="more")
    outputs = L.Concatenate()([L.Dense(4, activation="relu")(x), y])
    return Made(F.Model([x, y], L.Dense(2)(outputs)), inputs=[ids(2), None])
