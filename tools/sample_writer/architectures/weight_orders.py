"""Files in which the order of the weights depends on what is frozen, and where."""

from ..registry import Made, architecture

KINDS = "full keras weights weights.h5"


def _block(F, name, width=4):
    """Every variable but the moments has a twin of its shape, so a wrong order goes unnoticed."""
    L = F.layers
    layers = [
        L.Dense(width, activation="tanh", input_shape=(width,)),
        L.BatchNormalization(),
        L.Dense(width),
        L.BatchNormalization(),
    ]
    return F.Sequential(layers, name=name)


def _graph(F, name, width=4):
    L = F.layers
    x = F.Input(shape=(width,))
    y = L.BatchNormalization()(L.Dense(width, activation="tanh")(x))
    return F.Model(x, L.BatchNormalization()(L.Dense(width)(y)), name=name)


def _between(F, *blocks, **rest):
    """The blocks one after the other, with a layer of their shapes in front and behind."""
    L = F.layers
    x = F.Input(shape=(4,))
    y = L.Dense(4, activation="tanh")(x)
    for block in blocks:
        y = block(y)
    return F.Model(x, L.BatchNormalization()(L.Dense(4)(y)), **rest)


def _forgets_flags(F):
    """Whether the flag of a nested model is lost, so that not even the writer reads it back."""
    return F.since("keras tf<2.0")


@architecture(kinds=KINDS)
def order_layers_frozen_before(F):
    """Frozen before the models around them are made."""
    block = _block(F, "block")
    block.layers[0].trainable = False
    block.layers[-1].trainable = False
    return _between(F, block)


@architecture(kinds=KINDS)
def order_layers_frozen_after(F):
    block = _graph(F, "block")
    model = _between(F, block)
    block.layers[1].trainable = False
    block.layers[-1].trainable = False
    return model


@architecture(kinds=KINDS)
def order_model_frozen_after(F):
    block = _graph(F, "block")
    model = _between(F, block)
    block.trainable = False
    return model


@architecture(kinds=KINDS)
def order_everything_frozen(F):
    model = _between(F, _graph(F, "block"), _block(F, "other"))
    model.trainable = False
    return model


@architecture(kinds=KINDS)
def order_frozen_in_the_middle(F):
    """A frozen model inside a model inside the model; its own flag is in no file of Keras 2.0."""
    base = _graph(F, "base")
    base.trainable = False
    return Made(_between(F, _between(F, base, name="middle")), misread=_forgets_flags(F))


@architecture(kinds=KINDS)
def order_frozen_sequential_in_the_middle(F):
    base = _block(F, "base")
    base.trainable = False
    middle = F.Sequential([base, F.layers.Dense(4), F.layers.BatchNormalization()], name="middle")
    return Made(F.Sequential([middle, F.layers.Dense(4)]), misread=_forgets_flags(F))


@architecture(kinds=KINDS)
def order_frozen_and_not_in_the_middle(F):
    first, second = _graph(F, "first"), _block(F, "second")
    first.trainable = False
    first.layers[1].trainable = True
    second.layers[0].trainable = False
    return _between(F, _between(F, first, second, name="middle"))


@architecture(kinds=KINDS)
def order_middle_frozen(F):
    """The model around is frozen, layers of the one inside by themselves."""
    base = _graph(F, "base")
    middle = _between(F, base, name="middle")
    middle.trainable = False
    base.layers[1].trainable = True
    return Made(_between(F, middle), misread=F.flavor == "tf")


@architecture(kinds=KINDS, writers="keras>=2.1 tf keras3")
def order_distributed_model(F):
    L = F.layers
    block = _graph(F, "block")
    block.layers[1].trainable = False
    x = F.Input(shape=(3, 4))
    y = L.TimeDistributed(block)(x)
    return F.Model(x, L.LSTM(2)(y))


@architecture(kinds=KINDS, writers="keras>=2.1 tf keras3")
def order_distributed_frozen_model(F):
    L = F.layers
    block = _graph(F, "block")
    block.trainable = False
    x = F.Input(shape=(3, 4))
    return F.Model(x, L.TimeDistributed(block)(x))


@architecture(kinds=KINDS, writers="keras>=2.1 tf keras3")
def order_distributed_in_nested(F):
    """A frozen model in a wrapper, in a model with layers of its own."""
    L = F.layers
    block = _graph(F, "block")
    block.trainable = False
    x = F.Input(shape=(3, 4))
    y = L.TimeDistributed(block)(L.TimeDistributed(L.Dense(4))(x))
    inner = F.Model(x, L.BatchNormalization()(L.TimeDistributed(L.Dense(4))(y)), name="inner")
    z = F.Input(shape=(3, 4))
    return F.Model(z, L.GRU(2)(inner(z)))


@architecture(kinds=KINDS)
def order_bidirectional_in_nested(F):
    L = F.layers
    x = F.Input(shape=(3, 4))
    y = L.Bidirectional(L.LSTM(2, return_sequences=True))(L.BatchNormalization()(x))
    frozen = L.Bidirectional(L.GRU(2, return_sequences=True))
    y = L.BatchNormalization()(frozen(y))
    frozen.trainable = False
    inner = F.Model(x, L.LSTM(2)(y), name="inner")
    inner.layers[1].trainable = False
    z = F.Input(shape=(3, 4))
    return F.Model(z, L.Dense(2)(inner(z)))


@architecture(kinds=KINDS)
def order_bidirectional_partly_frozen(F):
    """Only the forward half is frozen."""
    L = F.layers
    both = L.Bidirectional(L.LSTM(3, return_sequences=True))
    x = F.Input(shape=(3, 4))
    y = both(x)
    both.forward_layer.trainable = False
    inner = F.Model(x, L.BatchNormalization()(y), name="inner")
    z = F.Input(shape=(3, 4))
    return F.Model(z, L.Dense(2)(inner(z)))


@architecture(kinds=KINDS)
def order_shared_inside_and_out(F):
    """One layer in a nested model and around it: its weights are in the file twice."""
    L = F.layers
    shared, norm = L.Dense(4, activation="tanh", name="shared"), L.BatchNormalization()
    x = F.Input(shape=(4,))
    inner = F.Model(x, L.Dense(4)(norm(shared(x))), name="inner")
    y = F.Input(shape=(4,))
    return F.Model(y, [inner(shared(y)), norm(y)])


@architecture(kinds=KINDS)
def order_shared_by_two_models(F):
    L = F.layers
    shared = L.Dense(4, name="shared")
    shared.trainable = False
    models = []
    for name in ("one", "two"):
        x = F.Input(shape=(4,))
        models.append(F.Model(x, L.BatchNormalization()(shared(L.Dense(4)(x))), name=name))
    y = F.Input(shape=(4,))
    return F.Model(y, models[1](models[0](y)))


@architecture(kinds=KINDS)
def order_names_twice(F):
    """Layers of two models bear the same names, and so do their weights."""
    L = F.layers
    models = []
    for name in ("one", "two"):
        x = F.Input(shape=(4,))
        y = L.BatchNormalization(name="norm")(L.Dense(4, activation="tanh", name="dense")(x))
        models.append(F.Model(x, L.Dense(4, name="last")(y), name=name))
    models[0].get_layer("dense").trainable = False
    x = F.Input(shape=(4,))
    inner = F.Model(x, models[1](models[0](x)), name="inner")
    y = F.Input(shape=(4,))
    return F.Model(y, L.Dense(4, name="dense")(inner(y)))


@architecture(kinds=KINDS, writers="keras>=2.1 tf keras3")
def order_stacked_cells(F):
    """Cells with other layers around them in a nested model, some frozen."""
    L = F.layers
    x = F.Input(shape=(3, 4))
    stack = L.RNN([L.LSTMCell(4), L.GRUCell(4)], return_sequences=True)
    y = L.BatchNormalization()(stack(x))
    inner = F.Model(x, L.SimpleRNN(4, trainable=False)(y), name="inner")
    z = F.Input(shape=(3, 4))
    return F.Model(z, L.Dense(2)(inner(z)))
