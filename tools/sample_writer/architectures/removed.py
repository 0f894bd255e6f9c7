"""Layers that Keras 3 no longer has, and what stands for them today."""

from ..data import between_ids, padded_ids, words
from ..registry import Made, architecture, branches


@architecture(needs="LocallyConnected1D", writers="keras tf", kinds="full keras")
def locally_connected1d(F):
    L = F.layers
    return branches(
        F,
        (6, 3),
        [L.LocallyConnected1D(2, 3), L.LocallyConnected1D(2, 2, strides=2, use_bias=False)],
    )


@architecture(needs="LocallyConnected2D", writers="keras tf")
def locally_connected2d(F):
    L = F.layers
    return branches(
        F,
        (5, 4, 2),
        [L.LocallyConnected2D(2, (3, 2)), L.LocallyConnected2D(2, 2, activation="hard_sigmoid")],
    )


@architecture(needs="LocallyConnected2D", writers="keras tf")
def locally_connected_strides(F):
    L = F.layers
    layers = [
        L.LocallyConnected2D(3, (2, 3), strides=(2, 1)),
        L.LocallyConnected2D(2, (3, 2), strides=(2, 2), activation="relu"),
    ]
    return branches(F, (7, 6, 2), layers)


@architecture(needs="LocallyConnected2D", writers="keras tf")
def locally_connected_channels_first(F):
    L = F.layers
    layers = [
        L.LocallyConnected2D(3, (2, 3), data_format="channels_first"),
        L.LocallyConnected2D(2, 2, strides=(1, 2), data_format="channels_first"),
    ]
    return branches(F, (2, 5, 6), layers)


@architecture(needs="LocallyConnected1D", writers="keras tf")
def locally_connected_inside(F):
    """In a nested model, and behind one, where it is not the first layer to say its input."""
    L = F.layers
    inner = F.Sequential([L.LocallyConnected1D(3, 2, input_shape=(6, 2)), L.Dense(2)])
    x = F.Input(shape=(6, 2))
    return F.Model(x, L.LocallyConnected1D(2, 3, activation="tanh")(inner(x)))


@architecture(needs="LocallyConnected1D", writers="keras tf")
def locally_connected_distributed(F):
    L = F.layers
    x = F.Input(shape=(3, 6, 2))
    return F.Model(x, L.TimeDistributed(L.LocallyConnected1D(3, 2, strides=2))(x))


# TensorFlow 2.10 and 2.11 name an alias for this that their NumPy no longer has.
_MATRIX_WRITERS = "tf>=2.1<2.9 tf>=2.12<2.16"


@architecture(writers="tf>=2.0<2.9 tf>=2.12<2.16", needs="LocallyConnected1D")
def locally_connected_implementations(F):
    L = F.layers
    layers = [L.LocallyConnected1D(2, 3, padding="same", implementation=2)]
    if F.since("tf>=2.1"):
        layers.append(L.LocallyConnected1D(2, 3, padding="same", implementation=3))
    return branches(F, (6, 3), layers)


@architecture(writers=_MATRIX_WRITERS, needs="LocallyConnected2D")
def locally_connected_matrices(F):
    """Every layout with every padding; an even kernel is padded otherwise than a convolution."""
    L = F.layers
    layers = []
    for implementation in (2, 3):
        for padding in ("valid", "same"):
            layers.append(
                L.LocallyConnected2D(
                    2, (2, 3), padding=padding, implementation=implementation, use_bias=True
                )
            )
        layers.append(
            L.LocallyConnected2D(2, (2, 3), strides=(2, 1), implementation=implementation)
        )
    layers.append(
        L.LocallyConnected2D(2, 2, strides=2, padding="same", use_bias=False, implementation=2)
    )
    return branches(F, (5, 4, 2), layers)


@architecture(writers=_MATRIX_WRITERS, needs="LocallyConnected2D")
def locally_connected_matrices_channels_first(F):
    L = F.layers
    layers = [
        L.LocallyConnected2D(
            2, (2, 3), padding=padding, implementation=implementation, data_format="channels_first"
        )
        for implementation in (2, 3)
        for padding in ("valid", "same")
    ]
    return branches(F, (2, 5, 4), layers)


@architecture(writers="keras tf", needs="LocallyConnected2D")
def locally_connected_without_bias(F):
    """Its kernel alone does not say how many rows of output there are."""
    L = F.layers
    x = F.Input(shape=(9, 8, 2))
    y = L.MaxPooling2D(2)(L.Conv2D(3, (2, 3), padding="same", activation="relu")(x))
    y = L.Dropout(0.5)(L.ZeroPadding2D(((1, 0), (0, 2)))(y))
    first = L.LocallyConnected2D(2, 2, use_bias=False)
    strided = L.LocallyConnected2D(3, (2, 1), strides=(1, 2), use_bias=False)
    # Behind another one, and on the input itself with the channels in front.
    deeper = L.LocallyConnected2D(2, 2, use_bias=False)(first(y))
    in_front = L.LocallyConnected2D(2, (3, 1), use_bias=False, data_format="channels_first")
    return F.Model(x, [deeper, strided(y), in_front(x)])


@architecture(writers="keras tf", needs="LocallyConnected2D")
def locally_connected_without_bias_sequential(F):
    L = F.layers
    model = F.Sequential([L.AveragePooling2D((1, 2), input_shape=(4, 6, 2))])
    model.add(L.LocallyConnected2D(2, 2, use_bias=False))
    model.add(L.Flatten())
    model.add(L.Dense(2))
    return model


@architecture(writers="keras", needs="MaxoutDense Highway")
def legacy_layers(F):
    L = F.layers
    layers = [L.MaxoutDense(3, nb_feature=2), L.MaxoutDense(2, bias=False)]
    return branches(F, (4,), layers + [L.Highway(), L.Highway(activation="tanh", bias=False)])


@architecture(writers="keras<2.2")
def legacy_merge(F):
    """Keras 2 kept Keras 1's function for a while."""
    from keras.legacy.layers import merge

    x, y = F.Input(shape=(4, 3)), F.Input(shape=(4, 3))
    modes = ("sum", "mul", "ave", "max")
    outputs = [merge([x, y], mode=mode) for mode in modes]
    outputs.append(merge([x, y], mode="concat", concat_axis=1))
    outputs += [merge([x, y], mode="dot", dot_axes=axes) for axes in ([1, 1], [2, 2])]
    outputs.append(merge([x, y], mode="cos", dot_axes=2))
    return F.Model([x, y], outputs)


_COLUMN_WRITERS = "tf>=2.0<2.16"


@architecture(writers=_COLUMN_WRITERS, needs="DenseFeatures", kinds="full keras")
def dense_features(F):
    column = F.tf.feature_column.numeric_column("age", shape=(2,))
    x = F.Input(shape=(2,), name="age")
    return F.Model({"age": x}, F.layers.Dense(2)(F.layers.DenseFeatures([column])({"age": x})))


@architecture(writers=_COLUMN_WRITERS, needs="DenseFeatures", kinds="full keras")
def dense_features_of_numbers(F):
    """Several columns of a feature, in the order of their names."""
    fc = F.tf.feature_column
    size, age = fc.numeric_column("size", shape=(2,)), fc.numeric_column("age")
    columns = [size, fc.bucketized_column(size, [-0.5, 0.0, 1.25]), age]
    columns.append(fc.bucketized_column(age, [0.5]))
    columns.append(fc.embedding_column(fc.bucketized_column(size, [0.25]), 3))
    columns.append(fc.indicator_column(fc.bucketized_column(age, [-1.0, 1.0])))
    inputs = {
        "size": F.Input(shape=(2,), name="size"),
        "age": F.Input(shape=(1,), name="age", dtype="int32"),
    }
    return F.Model(inputs, F.layers.Dense(2)(F.layers.DenseFeatures(columns)(inputs)))


@architecture(writers=_COLUMN_WRITERS, needs="DenseFeatures", kinds="full keras")
def dense_features_of_categories(F):
    """Ids and words, known, unknown and missing ones, one and several for each example."""
    fc = F.tf.feature_column
    town = fc.categorical_column_with_vocabulary_list("town", ["Rome", "Oslo", "Bern"])
    animal = fc.categorical_column_with_vocabulary_list("animal", ["cat", "dog"], default_value=1)
    code = fc.categorical_column_with_vocabulary_list("code", [7, 3, 5])
    word = fc.categorical_column_with_hash_bucket("word", 5)
    level = fc.categorical_column_with_identity("level", 4)
    number = fc.categorical_column_with_identity("number", 3, default_value=2)
    big = fc.categorical_column_with_hash_bucket("big", 4, dtype=F.tf.int64)
    columns = [fc.indicator_column(each) for each in (town, animal, code, word, level, number, big)]
    columns.append(fc.embedding_column(code, 2, combiner="sqrtn"))
    # Before, several tables had one name, under which HDF5 holds one only.
    if F.since("tf>=2.6"):
        columns.append(fc.embedding_column(town, 2))
        columns.append(fc.embedding_column(animal, 3, combiner="sum"))
        columns.append(fc.embedding_column(word, 2, max_norm=0.5))
        columns.append(fc.embedding_column(level, 3, trainable=False))
        columns.append(fc.embedding_column(big, 2))
    makers = [
        ("animal", (3,), "string", words("cat", "dog", "cow", "")),
        ("big", (), "int64", between_ids(-1, 90)),
        ("code", (4,), "int32", between_ids(-1, 8)),
        ("level", (2,), "int64", between_ids(-1, 4)),
        ("number", (1,), "int32", between_ids(-2, 5)),
        ("town", (1,), "string", words("Rome", "Oslo", "Bern", "Kiel", "")),
        ("word", (2,), "string", words("red", "green", "blue", "")),
    ]
    inputs = {
        name: F.Input(shape=shape, name=name, dtype=dtype) for name, shape, dtype, _ in makers
    }
    model = F.Model(inputs, F.layers.Dense(2)(F.layers.DenseFeatures(columns)(inputs)))
    return Made(model, inputs=[maker for _, _, _, maker in makers])


@architecture(writers=_COLUMN_WRITERS, needs="DenseFeatures", kinds="full keras")
def dense_features_sequential(F):
    """Its inputs are known only since it was called."""
    L, fc = F.layers, F.tf.feature_column
    word = fc.categorical_column_with_vocabulary_list("word", ["red", "green"])
    columns = [fc.numeric_column("size"), fc.indicator_column(word)]
    model = F.Sequential([L.DenseFeatures(columns), L.Dense(3, activation="relu"), L.Dense(1)])
    inputs = {
        "size": F.Input(shape=(1,), name="size"),
        "word": F.Input(shape=(1,), name="word", dtype="string"),
    }
    return Made(F.Model(inputs, model(inputs)), inputs=[None, words("red", "green", "blue")])


@architecture(writers=_COLUMN_WRITERS, needs="DenseFeatures", kinds="full keras")
def dense_features_crossed(F):
    """Features as they are, buckets, ids and words, each of which may be missing."""
    fc = F.tf.feature_column
    town = fc.categorical_column_with_vocabulary_list("town", ["Rome", "Oslo", "Bern"])
    size = fc.bucketized_column(fc.numeric_column("size"), [-0.5, 0.0, 0.75])
    level = fc.categorical_column_with_identity("level", 4)
    crossings = [
        fc.crossed_column(["one", "two"], 7),
        fc.crossed_column(["code", "one"], 40),
        fc.crossed_column([size, town], 9),
        fc.crossed_column([level, "word"], 11),
        fc.crossed_column(["level", size], 8),
    ]
    columns = [fc.indicator_column(each) for each in crossings]
    columns.append(fc.embedding_column(crossings[2], 2))
    some = words("red", "green", "blue", "")
    makers = [
        ("code", (1,), "int32", between_ids(-1, 90)),
        ("level", (1,), "int64", between_ids(-1, 4)),
        ("one", (), "string", some),
        ("size", (1,), "float32", None),
        ("town", (1,), "string", words("Rome", "Oslo", "Bern", "Kiel", "")),
        ("two", (), "string", some),
        ("word", (1,), "string", some),
    ]
    inputs = {
        name: F.Input(shape=shape, name=name, dtype=dtype) for name, shape, dtype, _ in makers
    }
    model = F.Model(inputs, F.layers.Dense(2)(F.layers.DenseFeatures(columns)(inputs)))
    return Made(model, inputs=[maker for _, _, _, maker in makers])


@architecture(
    writers=_COLUMN_WRITERS, needs="DenseFeatures", expect="refused", reason="feature-column"
)
def dense_features_crossed_otherwise(F):
    """With a key of its own, which HashedCrossing does not take."""
    fc = F.tf.feature_column
    crossed = fc.crossed_column(["one", "two"], 7, hash_key=5)
    inputs = {name: F.Input(shape=(1,), name=name, dtype="string") for name in ("one", "two")}
    y = F.layers.DenseFeatures([fc.indicator_column(crossed)])(inputs)
    made = words("red", "green", "blue")
    return Made(F.Model(inputs, F.layers.Dense(2)(y)), inputs=[made, made])


@architecture(writers="tf>=2.1<2.16", kinds="full keras")
def random_fourier_features(F):
    L = F.layers
    layers = [
        L.RandomFourierFeatures(6, scale=2.0),
        L.RandomFourierFeatures(3, kernel_initializer="laplacian", trainable=True),
    ]
    return branches(F, (4,), layers)


@architecture(writers="tf>=2.4<2.16")
def added_loss(F):
    L, tf = F.layers, F.tf
    x = F.Input(shape=(4,))
    y = L.Dense(3)(x)
    model = F.Model(x, y)
    model.add_loss(tf.reduce_mean(tf.square(y)))
    model.add_metric(tf.reduce_sum(y), name="sum", aggregation="mean")
    return model


def _cudnn_layer(F, name):
    if F.flavor == "tf" and F.version >= (2,):
        return getattr(F.tf.compat.v1.keras.layers, name)
    return getattr(F.layers, name)


def _cudnn(F, name, stock, build):
    """The layer needs a GPU; the framework's own conversion of its weights gives the numbers."""

    def twin(F, model, folder):
        path = folder / "cudnn.h5"
        model.save_weights(str(path))
        twin_model = build(stock)
        twin_model.load_weights(str(path))
        path.unlink()
        return twin_model

    class Unrun(_cudnn_layer(F, name)):
        """Gives its states back, so that the graph can be built where there is no GPU."""

        def _process_batch(self, inputs, states):
            steps = F.backend.int_shape(inputs)[1]
            output = F.backend.repeat(states[0], steps) if self.return_sequences else states[0]
            return output, list(states)

    Unrun.__name__ = name
    return Made(build(Unrun), twin=twin)


def _last_step(F):
    def build(layer):
        recurrent = layer(3, name="recurrent", input_shape=(5, 2))
        return F.Sequential([recurrent, F.layers.Dense(2)])

    return build


def _sequences(F):
    """Both directions, all steps, and the last one of a sequence read from its end."""

    def build(layer):
        L = F.layers
        x = F.Input(shape=(5, 2))
        y = L.Bidirectional(layer(3, return_sequences=True))(x)
        return F.Model(x, [y, layer(2, go_backwards=True)(y)])

    return build


def _states(F):
    """The state of one layer is where another starts."""

    def build(layer):
        x, y = F.Input(shape=(5, 2)), F.Input(shape=(4, 2))
        states = layer(3, return_state=True)(x)[1:]
        return F.Model([x, y], layer(3)(y, initial_state=states))

    return build


def _inside(F):
    """In a nested model, and for each step of a longer sequence."""

    def build(layer):
        L = F.layers
        x = F.Input(shape=(3, 5, 2))
        y = L.TimeDistributed(layer(3))(x)
        inner = F.Sequential([layer(2, input_shape=(3, 3), return_sequences=True), L.Dense(2)])
        return F.Model(x, inner(y))

    return build


def _stock_lstm(F):
    def stock(units, **rest):
        return F.layers.LSTM(units, recurrent_activation="sigmoid", **rest)

    return stock


def _stock_gru(F):
    def stock(units, **rest):
        return F.layers.GRU(units, recurrent_activation="sigmoid", reset_after=True, **rest)

    return stock


_LSTM_WRITERS = "keras>=2.0.9 tf<2.16"
_GRU_WRITERS = "keras>=2.1.6 tf<2.16"
_NESTED_CUDNN = "keras>=2.2 tf<2.16"
"""Before, Keras did not convert the weights of one in a nested model."""


@architecture(writers=_LSTM_WRITERS)
def cudnn_lstm(F):
    return _cudnn(F, "CuDNNLSTM", _stock_lstm(F), _last_step(F))


@architecture(writers=_GRU_WRITERS)
def cudnn_gru(F):
    return _cudnn(F, "CuDNNGRU", _stock_gru(F), _last_step(F))


@architecture(writers=_LSTM_WRITERS)
def cudnn_lstm_sequences(F):
    return _cudnn(F, "CuDNNLSTM", _stock_lstm(F), _sequences(F))


@architecture(writers=_GRU_WRITERS)
def cudnn_gru_sequences(F):
    return _cudnn(F, "CuDNNGRU", _stock_gru(F), _sequences(F))


@architecture(writers=_LSTM_WRITERS)
def cudnn_lstm_states(F):
    return _cudnn(F, "CuDNNLSTM", _stock_lstm(F), _states(F))


@architecture(writers=_NESTED_CUDNN)
def cudnn_lstm_inside(F):
    return _cudnn(F, "CuDNNLSTM", _stock_lstm(F), _inside(F))


@architecture(writers=_NESTED_CUDNN)
def cudnn_gru_inside(F):
    return _cudnn(F, "CuDNNGRU", _stock_gru(F), _inside(F))


@architecture(writers="tf<2.0")
def unified_lstm(F):
    """What became the LSTM of TensorFlow 2, under its first name."""
    from tensorflow.python.keras.layers.recurrent import UnifiedLSTM

    x = F.Input(shape=(6, 3))
    y = UnifiedLSTM(4, return_sequences=True)(x)
    return F.Model(x, [y, F.layers.Bidirectional(UnifiedLSTM(2))(y)])


@architecture(writers="keras tf<2.16")
def batch_statistics(F):
    """Normalized by the batch at hand, even when predicting."""
    L = F.layers
    x, y, z = F.Input(shape=(4,)), F.Input(shape=(5, 3)), F.Input(shape=(4, 5, 3))
    outputs = [
        L.BatchNormalization()(x, training=True),
        L.BatchNormalization(epsilon=0.1, scale=False)(y, training=True),
        L.BatchNormalization(axis=1, center=False)(y, training=True),
        L.BatchNormalization()(L.Conv2D(3, 2)(z), training=True),
        L.BatchNormalization(axis=1, scale=False, center=False)(z, training=True),
    ]
    return F.Model([x, y, z], outputs)


@architecture(writers="tf>=2.2<2.16")
def batch_statistics_frozen(F):
    """A frozen layer was not in training, whatever it was told."""
    L = F.layers
    x = F.Input(shape=(4,))
    y = L.BatchNormalization(trainable=False)(L.Dense(3)(x), training=True)
    return F.Model(x, y)


@architecture(writers="tf>=2.0<2.16", expect="refused", reason="lost-mask")
def batch_statistics_masked(F):
    L = F.layers
    ids = F.Input(shape=(6,), dtype="int32")
    y = L.Embedding(9, 4, mask_zero=True)(ids)
    y = L.BatchNormalization()(y, training=True)
    return Made(F.Model(ids, L.LSTM(3)(y)), inputs=[padded_ids(9)])


@architecture(writers="keras3>=3.4<3.15")
def rms_scaling(F):
    L = F.layers
    x, y = F.Input(shape=(5, 4)), F.Input(shape=(3, 5, 4))
    outputs = [
        L.LayerNormalization(rms_scaling=True, epsilon=0.1)(x),
        L.LayerNormalization(rms_scaling=True, axis=[1, 2])(x),
        L.LayerNormalization(rms_scaling=True, axis=2, center=False)(y),
        L.TimeDistributed(L.LayerNormalization(rms_scaling=True))(y),
    ]
    return F.Model([x, y], outputs)


@architecture(writers="tf>=2.1<2.16")
def linear_model(F):
    LinearModel = F.keras.experimental.LinearModel
    layers = [LinearModel(2), LinearModel(3, activation="relu", use_bias=False)]
    return branches(F, (4,), layers)


@architecture(writers="tf>=2.1<2.16", expect="refused", reason="removed-layer")
def cell_that_drops(F):
    """At random when a model predicts, too, though not with these rates."""
    cell = F.tf.nn.RNNCellDropoutWrapper(F.layers.GRUCell(3), input_keep_prob=1.0)
    return branches(F, (4, 3), [F.layers.RNN(cell)])
