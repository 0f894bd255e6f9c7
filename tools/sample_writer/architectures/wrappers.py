"""TimeDistributed and Bidirectional around everything they take."""

from ..data import padded_ids
from ..registry import EVERY, Made, architecture


@architecture(kinds="full keras")
def bidirectional(F):
    L = F.layers
    x = F.Input(shape=(6, 3))
    outputs = [
        L.Bidirectional(L.LSTM(3))(x),
        L.Bidirectional(L.GRU(3, return_sequences=True))(x),
        L.Bidirectional(L.SimpleRNN(2, use_bias=False))(x),
    ]
    return F.Model(x, outputs)


@architecture(kinds="full keras")
def bidirectional_merge_modes(F):
    L = F.layers
    x = F.Input(shape=(6, 3))
    outputs = [
        L.Bidirectional(L.LSTM(2, return_sequences=True), merge_mode=mode)(x)
        for mode in ("sum", "mul", "ave", "concat")
    ]
    return F.Model(x, outputs)


@architecture(writers="keras>=2.1 tf keras3")
def bidirectional_unmerged(F):
    L = F.layers
    x = F.Input(shape=(6, 3))
    return F.Model(x, list(L.Bidirectional(L.GRU(2), merge_mode=None)(x)))


@architecture(writers="tf>=2.0 keras3", kinds="full keras")
def bidirectional_backward_layer(F):
    L = F.layers
    x = F.Input(shape=(6, 3))
    forward = L.LSTM(3, return_sequences=True, name="there")
    backward = L.GRU(3, return_sequences=True, go_backwards=True, activation="relu", name="back")
    return F.Model(x, L.Bidirectional(forward, backward_layer=backward)(x))


@architecture(needs="RNN LSTMCell", writers="tf keras3")
def bidirectional_cells(F):
    L = F.layers
    x = F.Input(shape=(6, 3))
    return F.Model(x, L.Bidirectional(L.RNN(L.LSTMCell(3), return_sequences=True))(x))


@architecture()
def bidirectional_stacked(F):
    L = F.layers
    return F.Sequential(
        [
            L.Bidirectional(L.LSTM(2, return_sequences=True), input_shape=(6, 3)),
            L.Bidirectional(L.LSTM(2)),
            L.Dense(2, activation="softmax"),
        ]
    )


@architecture(kinds="full keras")
def bidirectional_masked(F):
    L = F.layers
    x = F.Input(shape=(6,))
    y = L.Embedding(9, 3, mask_zero=True)(x)
    y = L.Bidirectional(L.GRU(2, return_sequences=True))(y)
    return Made(F.Model(x, L.TimeDistributed(L.Dense(2))(y)), inputs=[padded_ids(9)])


@architecture(kinds="full keras")
def time_distributed(F):
    L = F.layers
    x, y = F.Input(shape=(4, 3)), F.Input(shape=(2, 6, 5, 3))
    outputs = [
        L.TimeDistributed(L.Dense(2, activation="relu"))(x),
        L.TimeDistributed(L.BatchNormalization())(x),
        L.TimeDistributed(L.Dropout(0.5))(x),
        L.TimeDistributed(L.Activation("tanh"))(x),
        L.TimeDistributed(L.Conv2D(2, 3))(y),
        L.TimeDistributed(L.MaxPooling2D())(y),
        L.TimeDistributed(L.Flatten())(y),
        L.TimeDistributed(L.GlobalAveragePooling2D())(y),
    ]
    return F.Model([x, y], outputs)


@architecture(writers="keras>=2.1 tf keras3", kinds="full keras")
def time_distributed_model(F):
    L = F.layers
    x = F.Input(shape=(6, 5, 2))
    y = L.BatchNormalization()(L.Conv2D(3, 3)(x))
    inner = F.Model(x, L.Dense(4)(L.Flatten()(y)), name="frame")
    video = F.Input(shape=(3, 6, 5, 2))
    return F.Model(video, L.LSTM(3)(L.TimeDistributed(inner)(video)))


@architecture()
def time_distributed_sequential(F):
    L = F.layers
    inner = F.Sequential([L.Dense(3, input_shape=(4,)), L.BatchNormalization()], name="step")
    x = F.Input(shape=(5, 4))
    return F.Model(x, L.TimeDistributed(inner)(x))


@architecture()
def time_distributed_recurrent(F):
    L = F.layers
    x = F.Input(shape=(3, 4, 2))
    outputs = [
        L.TimeDistributed(L.LSTM(3))(x),
        L.TimeDistributed(L.Bidirectional(L.GRU(2)))(x),
        L.TimeDistributed(L.TimeDistributed(L.Dense(2)))(x),
    ]
    return F.Model(x, outputs)


@architecture(writers=EVERY)
def frozen_wrapped(F):
    """Frozen parts inside wrappers go to the end of the wrapper's weights."""
    L = F.layers
    x = F.Input(shape=(5, 4))
    inner = F.Sequential([L.Dense(3, input_shape=(4,)), L.BatchNormalization()], name="step")
    inner.layers[0].trainable = False
    wrapped = L.TimeDistributed(L.BatchNormalization())
    wrapped.trainable = False
    recurrent = L.Bidirectional(L.LSTM(2))
    recurrent.trainable = False
    return F.Model(x, recurrent(wrapped(L.TimeDistributed(inner)(x))))
