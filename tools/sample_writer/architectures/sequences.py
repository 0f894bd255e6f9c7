"""States that pass from layer to layer: encoders, decoders, initial states."""

from ..data import padded_ids
from ..registry import Made, architecture


@architecture(kinds="full keras")
def initial_state(F):
    L = F.layers
    x, y = F.Input(shape=(6, 3)), F.Input(shape=(4, 3))
    _, h, c = L.LSTM(4, return_state=True)(x)
    z = L.LSTM(4, return_sequences=True)(y, initial_state=[h, c])
    return F.Model([x, y], L.Dense(2)(z))


@architecture()
def initial_state_of_gru(F):
    L = F.layers
    x, y = F.Input(shape=(6, 3)), F.Input(shape=(4, 3))
    _, h = L.GRU(4, return_state=True)(x)
    return F.Model([x, y], L.GRU(4)(y, initial_state=h))


@architecture(kinds="full keras")
def initial_state_from_inputs(F):
    """The inference half of a translator: states come in and go out."""
    L = F.layers
    x, h, c = F.Input(shape=(1, 3)), F.Input(shape=(4,)), F.Input(shape=(4,))
    outputs = L.LSTM(4, return_sequences=True, return_state=True)(x, initial_state=[h, c])
    return F.Model([x, h, c], [L.Dense(2, activation="softmax")(outputs[0])] + list(outputs[1:]))


@architecture(writers="keras>=2.1 tf keras3")
def initial_state_as_list(F):
    """The older way: the states follow the sequence in the list of inputs."""
    L = F.layers
    x, h, c = F.Input(shape=(5, 3)), F.Input(shape=(4,)), F.Input(shape=(4,))
    if F.flavor == "keras3":
        return F.Model([x, h, c], L.LSTM(4)(x, initial_state=[h, c]))
    return F.Model([x, h, c], L.LSTM(4)([x, h, c]))


@architecture(kinds="full keras")
def translator(F):
    L = F.layers
    x, y = F.Input(shape=(None,), name="source"), F.Input(shape=(None,), name="target")
    encoded = L.Embedding(9, 4, name="source_words")(x)
    _, h, c = L.LSTM(5, return_state=True, name="encoder")(encoded)
    decoder = L.LSTM(5, return_sequences=True, return_state=True, name="decoder")
    z, _, _ = decoder(L.Embedding(8, 4, name="target_words")(y), initial_state=[h, c])
    model = F.Model([x, y], L.Dense(8, activation="softmax", name="word")(z))
    return Made(model, inputs=[padded_ids(9), padded_ids(8)])


@architecture(kinds="full keras")
def translator_masked(F):
    L = F.layers
    x, y = F.Input(shape=(None,)), F.Input(shape=(None,))
    _, h, c = L.LSTM(5, return_state=True)(L.Embedding(9, 4, mask_zero=True)(x))
    z = L.LSTM(5, return_sequences=True)(L.Embedding(8, 4, mask_zero=True)(y), initial_state=[h, c])
    model = F.Model([x, y], L.Dense(8, activation="softmax")(z))
    return Made(model, inputs=[padded_ids(9), padded_ids(8)])


@architecture(kinds="full keras")
def translator_masked_gru(F):
    L = F.layers
    x, y = F.Input(shape=(6,)), F.Input(shape=(5,))
    embedding = L.Embedding(9, 4, mask_zero=True)
    _, h = L.GRU(5, return_state=True)(embedding(x))
    z = L.GRU(5)(embedding(y), initial_state=h)
    return Made(F.Model([x, y], L.Dense(3)(z)), inputs=[padded_ids(9), padded_ids(9)])


@architecture(writers="keras>=2.2 tf keras3")
def bidirectional_encoder(F):
    L = F.layers
    x, y = F.Input(shape=(6, 3)), F.Input(shape=(4, 3))
    _, fh, fc, bh, bc = L.Bidirectional(L.LSTM(2, return_state=True))(x)
    h, c = L.Concatenate()([fh, bh]), L.Concatenate()([fc, bc])
    return F.Model([x, y], L.LSTM(4)(y, initial_state=[h, c]))


@architecture(writers="keras>=2.2 tf keras3")
def bidirectional_initial_state(F):
    L = F.layers
    x = F.Input(shape=(6, 3))
    states = [F.Input(shape=(2,)) for _ in range(4)]
    y = L.Bidirectional(L.LSTM(2, return_sequences=True))(x, initial_state=states)
    return F.Model([x] + states, y)


@architecture(needs="RNN LSTMCell")
def initial_state_of_cells(F):
    L = F.layers
    x, h, c = F.Input(shape=(6, 3)), F.Input(shape=(4,)), F.Input(shape=(4,))
    return F.Model([x, h, c], L.RNN(L.LSTMCell(4))(x, initial_state=[h, c]))


@architecture(writers="keras>=2.1 tf keras3")
def attention_decoder(F):
    """Attention as people wrote it before there was a layer for it."""
    L = F.layers
    x = F.Input(shape=(6, 3))
    y = L.LSTM(4, return_sequences=True)(x)
    score = L.Activation("softmax")(L.Flatten()(L.Dense(1, activation="tanh")(y)))
    weight = L.Permute((2, 1))(L.RepeatVector(4)(score))
    return F.Model(x, L.GlobalAveragePooling1D()(L.Multiply()([y, weight])))


@architecture()
def repeat_decoder(F):
    L = F.layers
    return F.Sequential(
        [
            L.LSTM(4, input_shape=(6, 3)),
            L.RepeatVector(6),
            L.LSTM(3, return_sequences=True),
            L.TimeDistributed(L.Dense(3)),
        ]
    )
