"""Graph shapes without nesting: sharing, several inputs and outputs, keyword arguments."""

from ..data import seeded
from ..registry import EVERY, Made, architecture


@architecture(kinds="full keras weights weights.h5")
def sequential_input_shape(F):
    L = F.layers
    return F.Sequential([L.Dense(4, activation="relu", input_shape=(3,)), L.Dense(2)])


@architecture()
def sequential_input_layer(F):
    L = F.layers
    shape = {"shape": (6, 3)} if F.flavor == "keras3" else {"input_shape": (6, 3)}
    return F.Sequential([L.InputLayer(**shape), L.Conv1D(4, 3), L.Flatten(), L.Dense(2)])


@architecture(writers="keras tf")
def sequential_input_dim(F):
    L = F.layers
    return F.Sequential([L.Dense(4, input_dim=3), L.Dropout(0.5), L.Dense(2)], name="by_dim")


@architecture(writers="tf>=2.2")
def sequential_built_late(F):
    L = F.layers
    model = F.Sequential([L.Dense(4, activation="relu"), L.Dense(2)])
    model(F.tf.zeros((1, 3)))
    return model


@architecture(writers="tf>=2.2 keras3")
def sequential_built_by_shape(F):
    L = F.layers
    model = F.Sequential([L.Dense(4, activation="relu"), L.Dense(2)])
    model.build((None, 3))
    return model


@architecture()
def sequential_batch_shape(F):
    L = F.layers
    if F.flavor == "keras3":
        return F.Sequential([L.InputLayer(batch_shape=(3, 4)), L.Dense(2)])
    return F.Sequential([L.Dense(2, batch_input_shape=(3, 4)), L.Activation("tanh")])


@architecture(writers="keras tf")
def sequential_conv_input_shape(F):
    L = F.layers
    return F.Sequential(
        [
            L.Conv2D(4, 3, activation="relu", input_shape=(8, 7, 1)),
            L.MaxPooling2D(),
            L.Dropout(0.25),
            L.Flatten(),
            L.Dense(3, activation="softmax"),
        ]
    )


@architecture()
def sequential_weightless(F):
    L = F.layers
    x = [L.Flatten(input_shape=(3, 4)), L.Activation("tanh"), L.Reshape((2, 6))]
    return F.Sequential(x)


@architecture(kinds="full keras weights weights.h5")
def functional_line(F):
    L = F.layers
    x = F.Input(shape=(4,), name="features")
    y = L.Dense(5, activation="relu", name="hidden")(x)
    y = L.Dropout(0.3, name="drop")(L.BatchNormalization(name="norm")(y))
    return F.Model(x, L.Dense(2, name="result")(y), name="line")


@architecture(kinds="full keras")
def shared_layer(F):
    L = F.layers
    x, y = F.Input(shape=(4,)), F.Input(shape=(4,))
    dense, norm = L.Dense(3, activation="tanh"), L.BatchNormalization()
    a, b = norm(dense(x)), norm(dense(y))
    return F.Model([x, y], L.Concatenate()([a, b, dense(L.Dense(4)(a))]))


@architecture(kinds="full keras")
def inputs_and_outputs(F):
    L = F.layers
    x = F.Input(shape=(4,), name="numbers")
    y = F.Input(shape=(6, 3), name="series")
    z = L.Concatenate(name="both")([x, L.LSTM(3, name="summary")(y)])
    outputs = [L.Dense(1, name="price")(z), L.Dense(3, activation="softmax", name="kind")(z)]
    return F.Model([x, y], outputs)


@architecture()
def inputs_out_of_order(F):
    """Made in one order, given to the model in another."""
    L = F.layers
    x, y, z = [F.Input(shape=(size,)) for size in (2, 3, 4)]
    a, b, c = L.Dense(2)(z), L.Dense(2)(x), L.Dense(2)(y)
    return F.Model([z, x, y], [L.Add()([a, b]), c, L.Multiply()([c, a])])


@architecture()
def same_tensor_twice(F):
    L = F.layers
    x = F.Input(shape=(4,))
    y = L.Dense(3)(x)
    return F.Model(x, [y, L.Dense(2)(y), y])


@architecture()
def layer_output_twice(F):
    """Both calls of one layer are outputs: the node index tells them apart."""
    L = F.layers
    x, y = F.Input(shape=(4,)), F.Input(shape=(4,))
    dense = L.Dense(3)
    return F.Model([x, y], [dense(y), dense(x)])


@architecture(writers="tf>=2.0 keras3")
def input_is_output(F):
    L = F.layers
    x = F.Input(shape=(4,))
    return F.Model(x, [x, L.Dense(2)(x)])


@architecture(kinds="full keras")
def frozen_layers(F):
    L = F.layers
    x = F.Input(shape=(6, 5, 2))
    y = L.Conv2D(3, 3, trainable=False)(x)
    y = L.BatchNormalization(trainable=False)(y)
    y = L.BatchNormalization()(y)
    return F.Model(x, L.Dense(2, trainable=False)(L.Flatten()(y)))


@architecture(kinds="full keras")
def frozen_after_building(F):
    L = F.layers
    model = F.Sequential(
        [L.Dense(4, input_shape=(3,)), L.BatchNormalization(), L.PReLU(), L.Dense(2)]
    )
    for layer in model.layers[:3]:
        layer.trainable = False
    return model


@architecture()
def empty_weights(F):
    L = F.layers
    x = F.Input(shape=(4, 3))
    y = L.BatchNormalization(center=False, scale=False)(x)
    y = L.Activation("relu")(L.ActivityRegularization(l2=0.01)(y))
    return F.Model(x, L.Dense(2, use_bias=False)(L.Flatten()(y)))


@architecture(writers="tf>=2.0 keras3", kinds="full keras")
def training_argument(F):
    L = F.layers
    x = F.Input(shape=(4,))
    y = L.BatchNormalization()(L.Dense(5)(x), training=False)
    y = L.Dropout(0.5)(y, training=False)
    return F.Model(x, [y, L.BatchNormalization()(y, training=True)])


@architecture(writers="tf>=2.0 keras3")
def mask_argument(F):
    L = F.layers
    x, mask = F.Input(shape=(6, 3)), F.Input(shape=(6,), dtype="bool")
    return F.Model([x, mask], L.LSTM(3)(x, mask=mask))


@architecture(writers="keras3 tf>=2.2", kinds="full keras")
def dictionary_outputs(F):
    L = F.layers
    x = F.Input(shape=(4,), name="features")
    y = L.Dense(3)(x)
    return F.Model(x, {"zeta": L.Dense(2, name="zeta")(y), "alpha": L.Dense(1, name="alpha")(y)})


@architecture(writers="keras3 tf>=2.2", kinds="full keras")
def dictionary_inputs(F):
    L = F.layers
    x, y = F.Input(shape=(4,), name="wide"), F.Input(shape=(3,), name="deep")
    z = L.Concatenate()([L.Dense(2)(x), L.Dense(3)(y)])
    return F.Model({"wide": x, "deep": y}, L.Dense(1)(z))


@architecture(writers="tf>=2.1 keras3")
def several_on_one_input(F):
    """A layer that feeds many: the order of layers is not the order of calls."""
    L = F.layers
    x = F.Input(shape=(4,))
    late, early = L.Dense(3, name="late"), L.Dense(3, name="early")
    a = early(x)
    return F.Model(x, L.Add()([late(x), a, L.Dense(3)(a), a]))


def _random_graph(seed):
    """Dense layers of one shape, shared and frozen at random: only the order tells them apart."""

    def build(F):
        L = F.layers
        rng = seeded("graph", str(seed))
        tensors = [F.Input(shape=(3,)) for _ in range(2)]
        inputs, layers = list(tensors), []
        for _ in range(9):
            choice, pick = rng.randint(4), tensors[rng.randint(len(tensors))]
            if choice == 0:
                tensors.append(L.Add()([pick, tensors[-1]]))
            elif choice == 1 and layers:
                tensors.append(layers[rng.randint(len(layers))](pick))
            else:
                layers.append(L.Dense(3, activation="tanh", trainable=bool(rng.randint(3))))
                tensors.append(layers[-1](pick))
        last = L.Concatenate()(tensors)
        return F.Model(inputs, [L.Dense(2)(last), tensors[-1]])

    return build


for _seed in range(4):
    architecture(EVERY, name=f"random_graph_{_seed}")(_random_graph(_seed))


@architecture(writers="tf>=2.0 keras3", rtol=1e-5, atol=1e-6)
def double_precision(F):
    L = F.layers
    x = F.Input(shape=(4,), dtype="float64")
    y = L.Dense(3, dtype="float64", activation="tanh")(x)
    return Made(F.Model(x, L.BatchNormalization(dtype="float64")(y)))


@architecture(writers="tf>=2.0 keras3")
def integer_inputs(F):
    L = F.layers
    x, y = F.Input(shape=(5,), dtype="int64"), F.Input(shape=(2,), dtype="float32")
    z = L.Flatten()(L.Embedding(4, 3)(x))
    return F.Model([x, y], L.Dense(2)(L.Concatenate()([z, y])))
