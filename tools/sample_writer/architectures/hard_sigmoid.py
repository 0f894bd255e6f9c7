"""hard_sigmoid in every place that takes an activation: Keras 3 gave the word another meaning."""

from ..registry import architecture, branches

HARD = "hard_sigmoid"


@architecture(kinds="full keras")
def hard_sigmoid_activation(F):
    return branches(F, (6,), [F.layers.Activation(HARD)])


@architecture()
def hard_sigmoid_activation_in_sequential(F):
    L = F.layers
    return F.Sequential([L.Dense(4, input_shape=(5,)), L.Activation(HARD), L.Dense(2)])


@architecture(kinds="full keras")
def hard_sigmoid_dense(F):
    L = F.layers
    return branches(
        F, (4,), [L.Dense(3, activation=HARD), L.Dense(2, activation=HARD, use_bias=False)]
    )


@architecture()
def hard_sigmoid_convolutions(F):
    L = F.layers
    x, y, z = F.Input(shape=(8, 3)), F.Input(shape=(6, 5, 2)), F.Input(shape=(4, 4, 4, 1))
    outputs = [
        L.Conv1D(2, 3, activation=HARD)(x),
        L.Conv2D(2, 3, activation=HARD)(y),
        L.Conv2DTranspose(2, 3, activation=HARD)(y),
        L.Conv3D(2, 2, activation=HARD)(z),
        L.SeparableConv2D(3, 2, activation=HARD)(y),
    ]
    if F.has("SeparableConv1D"):
        outputs.append(L.SeparableConv1D(3, 2, activation=HARD)(x))
    return F.Model([x, y, z], outputs)


@architecture(needs="DepthwiseConv2D")
def hard_sigmoid_depthwise(F):
    L = F.layers
    return branches(F, (6, 5, 2), [L.DepthwiseConv2D(3, activation=HARD, depth_multiplier=2)])


@architecture(needs="Conv1DTranspose")
def hard_sigmoid_transposed(F):
    L = F.layers
    x, y = F.Input(shape=(8, 3)), F.Input(shape=(3, 3, 3, 2))
    return F.Model(
        [x, y],
        [L.Conv1DTranspose(2, 3, activation=HARD)(x), L.Conv3DTranspose(2, 2, activation=HARD)(y)],
    )


@architecture(kinds="full keras")
def hard_sigmoid_gates(F):
    L = F.layers
    return branches(
        F,
        (6, 3),
        [
            L.LSTM(4, recurrent_activation=HARD),
            L.LSTM(3, recurrent_activation=HARD, use_bias=False, return_sequences=True),
            L.GRU(4, recurrent_activation=HARD),
            L.GRU(3, recurrent_activation=HARD, use_bias=False, go_backwards=True),
        ],
    )


@architecture(writers="keras>=2.2 tf keras3")
def hard_sigmoid_gru_reset(F):
    L = F.layers
    return branches(
        F,
        (6, 3),
        [
            L.GRU(4, recurrent_activation=HARD, reset_after=True),
            L.GRU(4, recurrent_activation=HARD, reset_after=False),
        ],
    )


@architecture()
def hard_sigmoid_state_of_rnn(F):
    """The state passes through the activation once: scaling the weights still mends it."""
    L = F.layers
    return branches(F, (6, 3), [L.SimpleRNN(4, activation=HARD)])


@architecture(name="hard_sigmoid_state_of_gru")
def hard_sigmoid_gru(F):
    L = F.layers
    return branches(F, (6, 3), [L.GRU(4, activation=HARD, recurrent_activation=HARD)])


@architecture(name="hard_sigmoid_state_of_lstm")
def hard_sigmoid_lstm(F):
    return branches(F, (6, 3), [F.layers.LSTM(4, activation=HARD, recurrent_activation=HARD)])


@architecture()
def hard_sigmoid_conv_lstm(F):
    layer = F.layers.ConvLSTM2D(2, 2, recurrent_activation=HARD, return_sequences=True)
    return branches(F, (3, 5, 4, 2), [layer])


@architecture(kinds="full keras")
def hard_sigmoid_wrapped(F):
    L = F.layers
    x = F.Input(shape=(6, 3))
    outputs = [
        L.Bidirectional(L.LSTM(3, recurrent_activation=HARD))(x),
        L.Bidirectional(L.GRU(3, recurrent_activation=HARD), merge_mode="sum")(x),
        L.TimeDistributed(L.Dense(2, activation=HARD))(x),
    ]
    return F.Model(x, outputs)


@architecture(needs="RNN LSTMCell GRUCell StackedRNNCells")
def hard_sigmoid_cells(F):
    L = F.layers
    x = F.Input(shape=(6, 3))
    cells = [L.GRUCell(3, recurrent_activation=HARD), L.LSTMCell(2, recurrent_activation=HARD)]
    return F.Model(x, [L.RNN(L.LSTMCell(3, recurrent_activation=HARD))(x), L.RNN(cells)(x)])


@architecture()
def hard_sigmoid_shared(F):
    """One Dense for two inputs: its weights must not be scaled twice."""
    L = F.layers
    dense = L.Dense(3, activation=HARD)
    x, y = F.Input(shape=(4,)), F.Input(shape=(4,))
    return F.Model([x, y], [dense(x), dense(y), L.Activation(HARD)(dense(x))])


@architecture(needs="EinsumDense")
def hard_sigmoid_einsum(F):
    layer = F.layers.EinsumDense("ab,bc->ac", output_shape=3, bias_axes="c", activation=HARD)
    return branches(F, (4,), [layer])


@architecture()
def hard_sigmoid_squeeze_excite(F):
    L = F.layers
    x = F.Input(shape=(6, 5, 4))
    gate = L.Reshape((1, 1, 4))(L.GlobalAveragePooling2D()(x))
    gate = L.Activation(HARD)(L.Conv2D(4, 1)(gate))
    return F.Model(x, L.Multiply()([x, gate]))


@architecture()
def hard_sigmoid_state_of_conv_lstm(F):
    layer = F.layers.ConvLSTM2D(2, 2, activation=HARD, recurrent_activation=HARD)
    return branches(F, (3, 5, 4, 2), [layer])


@architecture(needs="DepthwiseConv1D")
def hard_sigmoid_depthwise1d(F):
    return branches(F, (8, 3), [F.layers.DepthwiseConv1D(3, activation=HARD)])


@architecture(needs="SimpleRNNCell RNN")
def hard_sigmoid_simple_cell(F):
    return branches(F, (6, 3), [F.layers.RNN(F.layers.SimpleRNNCell(3, activation=HARD))])
