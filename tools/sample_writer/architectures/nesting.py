"""Models inside models."""

from ..registry import architecture


def _base(F, name="base", pooled=False):
    L = F.layers
    x = F.Input(shape=(7, 6, 2))
    y = L.BatchNormalization()(L.Conv2D(3, 3)(x))
    y = L.Activation("relu")(y)
    return F.Model(x, L.GlobalAveragePooling2D()(y) if pooled else y, name=name)


def _head(F, size, name="head"):
    L = F.layers
    return F.Sequential([L.Dense(4, activation="relu", input_shape=(size,)), L.Dense(2)], name=name)


@architecture(kinds="full keras weights weights.h5")
def functional_in_sequential(F):
    """The usual transfer learning: a base model, Flatten, Dense."""
    L = F.layers
    return F.Sequential([_base(F), L.Flatten(), L.Dense(3, activation="softmax")])


@architecture()
def functional_last_in_sequential(F):
    L = F.layers
    return F.Sequential([L.ZeroPadding2D(0, input_shape=(7, 6, 2)), _base(F, pooled=True)])


@architecture(kinds="full keras")
def sequential_in_sequential(F):
    L = F.layers
    first = F.Sequential([L.Dense(4, input_shape=(3,)), L.BatchNormalization()])
    return F.Sequential([first, L.Dropout(0.5), _head(F, 4)])


@architecture(kinds="full keras")
def sequential_in_functional(F):
    L = F.layers
    x = F.Input(shape=(5,))
    y = _head(F, 5)(x)
    return F.Model(x, [y, L.Dense(2)(y)])


@architecture(kinds="full keras")
def functional_in_functional(F):
    L = F.layers
    x = F.Input(shape=(7, 6, 2))
    y = _base(F)(x)
    return F.Model(x, L.Dense(2)(L.GlobalAveragePooling2D()(y)))


@architecture()
def nested_model_is_output(F):
    x = F.Input(shape=(7, 6, 2))
    return F.Model(x, _base(F, pooled=True)(x))


@architecture(kinds="full keras")
def doubly_nested(F):
    L = F.layers
    x = F.Input(shape=(7, 6, 2))
    middle = F.Model(x, _head(F, 3)(_base(F, pooled=True)(x)), name="middle")
    z = F.Input(shape=(7, 6, 2))
    return F.Model(z, L.Dense(2)(middle(z)), name="outer")


@architecture(kinds="full keras")
def teachable_machine(F):
    """Sequential of [Sequential of [Functional, pooling], Sequential of Dense]."""
    L = F.layers
    features = F.Sequential([_base(F, name="model1"), L.GlobalAveragePooling2D()])
    head = F.Sequential(
        [
            L.Dense(4, activation="relu", input_shape=(3,)),
            L.Dense(2, use_bias=False, activation="softmax"),
        ]
    )
    return F.Sequential([features, head])


@architecture(kinds="full keras")
def siamese(F):
    L = F.layers
    base = _base(F, pooled=True)
    x, y = F.Input(shape=(7, 6, 2), name="left"), F.Input(shape=(7, 6, 2), name="right")
    z = L.Multiply()([base(x), base(y)])
    return F.Model([x, y], L.Dense(1, activation="sigmoid")(z))


@architecture()
def siamese_sequential(F):
    L = F.layers
    base = _head(F, 4)
    x, y = F.Input(shape=(4,)), F.Input(shape=(4,))
    return F.Model([x, y], [L.Dot(axes=1, normalize=True)([base(x), base(y)]), base(y)])


@architecture()
def nested_called_thrice(F):
    L = F.layers
    inner = F.Sequential([L.Dense(4, activation="tanh", input_shape=(4,))], name="step")
    x = F.Input(shape=(4,))
    y = inner(x)
    z = inner(y)
    return F.Model(x, [inner(z), L.Add()([y, z])])


@architecture(kinds="full keras")
def nested_several_outputs(F):
    """A base model with three outputs, of which two are used."""
    L = F.layers
    x = F.Input(shape=(4,))
    a = L.Dense(3)(x)
    b = L.Dense(3, activation="tanh")(a)
    inner = F.Model(x, [a, b, L.Dense(2)(b)], name="backbone")
    y = F.Input(shape=(4,))
    first, _, third = inner(y)
    return F.Model(y, [L.Dense(2)(third), L.Dense(1)(first)])


@architecture()
def nested_several_inputs(F):
    L = F.layers
    x, y = F.Input(shape=(4,)), F.Input(shape=(3,))
    inner = F.Model([x, y], L.Add()([L.Dense(2)(x), L.Dense(2)(y)]), name="two")
    a, b = F.Input(shape=(3,)), F.Input(shape=(4,))
    return F.Model([a, b], L.Dense(2)(inner([b, a])))


@architecture(kinds="full keras")
def frozen_submodel(F):
    L = F.layers
    base = _base(F)
    base.trainable = False
    x = F.Input(shape=(7, 6, 2))
    y = L.BatchNormalization()(base(x))
    return F.Model(x, L.Dense(2)(L.Flatten()(y)))


@architecture(kinds="full keras weights weights.h5")
def partly_frozen_submodel(F):
    """Fine-tuning: the first layers of the base are frozen, so its weights change their order."""
    L = F.layers
    base = _base(F)
    for layer in base.layers[:-2]:
        layer.trainable = False
    return F.Sequential([base, L.Flatten(), L.Dense(2)])


@architecture()
def frozen_norm_in_submodel(F):
    L = F.layers
    inner = F.Sequential(
        [
            L.BatchNormalization(input_shape=(4,)),
            L.Dense(4),
            L.BatchNormalization(trainable=False),
            L.Dense(4, trainable=False),
            L.BatchNormalization(),
        ],
        name="mixed",
    )
    return F.Sequential([inner, L.BatchNormalization(), L.Dense(2)])


@architecture()
def functional_of_layers(F):
    """A model cut out of another one: it shares its layers."""
    whole = _base(F, name="whole")
    L = F.layers
    cut = F.Model(whole.input, whole.layers[-2].output, name="cut")
    return F.Model(cut.input, L.GlobalMaxPooling2D()(cut.output))
