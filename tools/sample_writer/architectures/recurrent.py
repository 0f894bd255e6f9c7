"""Recurrent layers and cells with their arguments."""

from ..data import padded_floats
from ..registry import Made, architecture, branches


@architecture(kinds="full keras weights weights.h5")
def lstm(F):
    L = F.layers
    return branches(
        F,
        (6, 3),
        [
            L.LSTM(4),
            L.LSTM(3, return_sequences=True, go_backwards=True, use_bias=False),
            L.LSTM(2, activation="relu", recurrent_activation="sigmoid", unit_forget_bias=False),
            L.LSTM(2, dropout=0.2, recurrent_dropout=0.3, unroll=True),
            L.LSTM(2, implementation=1),
            L.LSTM(2, implementation=2),
        ],
    )


@architecture(kinds="full keras")
def gru(F):
    L = F.layers
    return branches(
        F,
        (6, 3),
        [
            L.GRU(4),
            L.GRU(3, return_sequences=True, go_backwards=True, use_bias=False),
            L.GRU(2, activation="relu", recurrent_activation="sigmoid"),
            L.GRU(2, dropout=0.2, recurrent_dropout=0.3, unroll=True),
        ],
    )


@architecture(writers="keras tf keras3>=3.4")
def gru_implementations(F):
    L = F.layers
    return branches(F, (6, 3), [L.GRU(2, implementation=1), L.GRU(2, implementation=2)])


@architecture(writers="keras>=2.1.3 tf keras3", kinds="full keras")
def gru_reset_after(F):
    L = F.layers
    return branches(
        F,
        (6, 3),
        [
            L.GRU(4, reset_after=True),
            L.GRU(4, reset_after=False),
            L.GRU(3, reset_after=True, use_bias=False),
            L.GRU(3, reset_after=False, use_bias=False, recurrent_activation="sigmoid"),
        ],
    )


@architecture(kinds="full keras")
def simple_rnn(F):
    L = F.layers
    return branches(
        F,
        (6, 3),
        [
            L.SimpleRNN(4),
            L.SimpleRNN(3, return_sequences=True, go_backwards=True, use_bias=False),
            L.SimpleRNN(2, activation="relu", dropout=0.2, recurrent_dropout=0.2, unroll=True),
        ],
    )


@architecture()
def stateful(F):
    L = F.layers
    x = F.Input(batch_shape=(3, 6, 2))
    y = L.LSTM(3, stateful=True, return_sequences=True)(x)
    return F.Model(x, [L.GRU(2, stateful=True)(y), L.SimpleRNN(2, stateful=True)(y)])


@architecture()
def stacked_recurrent_sequential(F):
    L = F.layers
    return F.Sequential(
        [
            L.LSTM(4, return_sequences=True, input_shape=(None, 3)),
            L.GRU(3, return_sequences=True),
            L.SimpleRNN(2),
            L.Dense(1, activation="sigmoid"),
        ]
    )


@architecture(needs="RNN LSTMCell GRUCell SimpleRNNCell", kinds="full keras")
def rnn_cells(F):
    L = F.layers
    x = F.Input(shape=(6, 3))
    outputs = [
        L.RNN(L.LSTMCell(4))(x),
        L.RNN(L.GRUCell(3), return_sequences=True)(x),
        L.RNN(L.SimpleRNNCell(2, activation="relu"), go_backwards=True)(x),
    ]
    return F.Model(x, outputs)


@architecture(needs="RNN StackedRNNCells", kinds="full keras")
def stacked_cells(F):
    L = F.layers
    x = F.Input(shape=(6, 3))
    outputs = [
        L.RNN([L.LSTMCell(4), L.GRUCell(3), L.SimpleRNNCell(2)])(x),
        L.RNN(L.StackedRNNCells([L.LSTMCell(3), L.LSTMCell(2)]), return_sequences=True)(x),
    ]
    return F.Model(x, outputs)


@architecture()
def recurrent_states(F):
    L = F.layers
    x = F.Input(shape=(6, 3))
    outputs = list(L.LSTM(4, return_state=True)(x))
    outputs += list(L.GRU(3, return_state=True, return_sequences=True)(x))
    return F.Model(x, outputs)


@architecture(kinds="full keras")
def conv_lstm2d(F):
    L = F.layers
    return branches(
        F,
        (3, 5, 4, 2),
        [
            L.ConvLSTM2D(2, 3),
            L.ConvLSTM2D(3, (2, 3), padding="same", return_sequences=True, use_bias=False),
            L.ConvLSTM2D(2, 2, strides=2, recurrent_activation="sigmoid", go_backwards=True),
        ],
    )


@architecture(needs="ConvLSTM1D ConvLSTM3D")
def conv_lstm_1d_3d(F):
    L = F.layers
    x, y = F.Input(shape=(3, 6, 2)), F.Input(shape=(2, 3, 4, 3, 1))
    outputs = [
        L.ConvLSTM1D(2, 3)(x),
        L.ConvLSTM1D(2, 2, padding="same", return_sequences=True)(x),
        L.ConvLSTM3D(2, 2)(y),
    ]
    return F.Model([x, y], outputs)


@architecture(writers="tf>=2.1 keras3")
def zero_output_for_mask(F):
    L = F.layers
    x = F.Input(shape=(6, 3))
    y = L.Masking()(x)
    outputs = [
        L.RNN(L.LSTMCell(2), return_sequences=True, zero_output_for_mask=True)(y),
        L.RNN(L.GRUCell(2), return_sequences=True)(y),
    ]
    return Made(F.Model(x, outputs), inputs=[padded_floats()])


@architecture(kinds="full keras")
def masked_recurrent(F):
    L = F.layers
    x = F.Input(shape=(6, 3))
    y = L.Masking()(x)
    outputs = [
        L.LSTM(2, return_sequences=True)(y),
        L.SimpleRNN(2)(y),
        L.GRU(2)(L.LSTM(3, return_sequences=True)(y)),
        L.Bidirectional(L.LSTM(2))(y),
    ]
    return Made(F.Model(x, outputs), inputs=[padded_floats()])


@architecture(writers="tf>=2.0")
def time_major(F):
    L = F.layers
    x = F.Input(batch_shape=(5, 3, 2))
    y = L.LSTM(3, time_major=True, return_sequences=True)(x)
    return F.Model(x, y)


@architecture(writers="tf>=2.3")
def time_major_everywhere(F):
    """As many steps as samples, so that all inputs have one length."""
    L = F.layers
    x, h = F.Input(batch_shape=(3, 3, 2)), F.Input(batch_shape=(3, 4))
    first = {"time_major": True}
    every = {"time_major": True, "return_sequences": True}
    ends = L.GRU(4, **first)
    both = L.Bidirectional(L.LSTM(2, **every))
    apart = L.Bidirectional(L.SimpleRNN(2, **every), merge_mode=None)
    cells = L.RNN([L.LSTMCell(2), L.GRUCell(3)], **every)
    y, state = L.GRU(4, return_state=True, unroll=True, **every)(x, initial_state=h)
    outputs = [
        ends(x, initial_state=h),
        both(x),
        both(L.Dense(2)(y)),
        *apart(x),
        L.GRU(3, **first)(cells(x)),
        y,
        ends(x, initial_state=state),
        F.Sequential([L.InputLayer(batch_input_shape=(3, 3, 2)), L.LSTM(2, **every)])(x),
    ]
    return F.Model([x, h], outputs)
