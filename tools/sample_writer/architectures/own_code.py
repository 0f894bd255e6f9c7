"""Models with layers and functions of their owners', whose modules lie in ``user_code``.

``options`` name the modules that kfix has to be given.
"""

from ..registry import Made, architecture

TRACKING = "keras>=2.3 tf>=1.13 keras3"
"""Releases where a layer counts the weights of layers that are its attributes."""
REGISTERED = "tf>=2.1 keras3"


def _made(model, *modules, **facts):
    facts.setdefault("inputs", None)
    return Made(model, reason="custom", options={"custom": list(modules)}, **facts)


@architecture(kinds="full keras")
def custom_layer(F):
    L, own = F.layers, F.own("own_layers.py")
    x = F.Input(shape=(4,))
    y = L.Dense(2)(own.Scale(3.0, name="own")(L.Dense(3)(x)))
    return _made(F.Model(x, y), "own_layers.py")


@architecture(writers=REGISTERED)
def custom_registered(F):
    """Registered under a package of its own, though the module that is given says nothing of it."""
    serialization = getattr(F.keras, "saving", None)
    if not hasattr(serialization, "register_keras_serializable"):
        serialization = F.keras.utils
    scale = F.own("own_layers.py").Scale
    own = serialization.register_keras_serializable(package="Mine")(scale)
    x = F.Input(shape=(4,))
    return _made(F.Model(x, own(3.0)(x)), "own_layers.py")


@architecture(writers="keras>=2.1.4 tf", needs="RNN", expect="refused", reason="custom")
def rnn_constants(F):
    """Keras 3 gives no constants to a cell."""
    cell = F.own("own_layers.py").ContextCell
    x, context = F.Input(shape=(5, 3)), F.Input(shape=(2,))
    return F.Model([x, context], F.layers.RNN(cell(2))(x, constants=context))


@architecture(writers=TRACKING, kinds="full keras")
def own_residual(F):
    own, L = F.own("blocks.py"), F.layers
    x = F.Input(shape=(5, 4, 2))
    y = own.ResidualBlock(2)(own.ResidualBlock(2, name="block")(x))
    return _made(F.Model(x, L.Flatten()(y)), "blocks.py")


@architecture(writers=TRACKING, kinds="full keras")
def own_mixed(F):
    own = F.own("blocks.py")
    x = F.Input(shape=(4,))
    return _made(F.Model(x, own.Calibrated(4)(F.layers.Dense(4)(x))), "blocks.py")


@architecture(writers="tf>=2.0 keras3", kinds="full keras")
def own_branches(F):
    own = F.own("blocks.py")
    x = F.Input(shape=(3,))
    return _made(F.Model(x, own.Branches(3)(x)), "blocks.py")


@architecture(writers=TRACKING)
def own_lazy(F):
    own = F.own("blocks.py")
    x = F.Input(shape=(3,))
    return _made(F.Model(x, own.Lazy(3)(x)), "blocks.py")


@architecture(writers=TRACKING)
def own_tower(F):
    """Custom inside custom, frozen and called twice."""
    own = F.own("blocks.py")
    x, z = F.Input(shape=(3,)), F.Input(shape=(3,))
    tower = own.Tower(3)
    tower.trainable = False
    return _made(F.Model([x, z], [tower(x), tower(z)]), "blocks.py")


@architecture(writers="tf>=2.4 keras3")
def own_model(F):
    own = F.own("blocks.py")
    x = F.Input(shape=(3,))
    return _made(F.Model(x, own.Head(3)(x)), "blocks.py")


@architecture(writers="tf>=2.8", kinds="full keras")
def own_containers(F):
    """Layers of the owner's in models in models, in wrapped ones, and in cells."""
    L, own = F.layers, F.own("own_layers.py")
    a, b = F.Input(shape=(4,)), F.Input(shape=(4,))
    inner = F.Model(a, L.Dense(4)(own.Scale(1.5)(L.Dense(4)(a))), name="part")
    middle = F.Model(b, own.Scale(0.5)(inner(L.Dense(4)(b))))
    flat, steps = F.Input(shape=(4,)), F.Input(shape=(3, 4))
    each = F.Sequential([L.Dense(4, input_shape=(4,)), own.Scale(0.5), L.BatchNormalization()])
    y = L.TimeDistributed(each)(steps)
    with F.keras.utils.custom_object_scope({"MinimalCell": own.MinimalCell}):
        both = L.Bidirectional(L.RNN(own.MinimalCell(4), return_sequences=True))(y)
    last = L.RNN([own.MinimalCell(8), own.MinimalCell(8)])(both)
    return _made(F.Model([flat, steps], [middle(flat), both, last]), "own_layers.py")


def _inside(F, trainable):
    """A nested model with vectors of one length, some of them the user's."""
    L, own = F.layers, F.own("own_layers.py")
    part = F.Input(shape=(4,))
    y = own.Scale(1.5)(L.BatchNormalization()(L.Dense(4)(part)))
    inner = F.Model(part, own.Scale(0.5)(L.BatchNormalization()(y)), name="inner")
    inner.trainable = trainable
    x = F.Input(shape=(4,))
    return _made(F.Model(x, L.Dense(2)(inner(x))), "own_layers.py")


@architecture(kinds="full keras")
def own_nested(F):
    return _inside(F, True)


@architecture()
def own_nested_frozen(F):
    return _inside(F, False)


@architecture()
def own_nested_rules(F):
    """Weights beside a layer of the owner's that Keras 3 wants otherwise."""
    L, own = F.layers, F.own("own_layers.py")
    part = F.Input(shape=(6, 5, 2))
    y = own.Scale(1.5)(L.Conv2D(3, 3)(part))
    inner = F.Model(part, L.GRU(3, recurrent_activation="hard_sigmoid")(L.Reshape((4, 9))(y)))
    x = F.Input(shape=(6, 5, 2))
    return _made(F.Model(x, L.Dense(2)(inner(x))), "own_layers.py")


@architecture()
def own_first(F):
    """The first layer of a Sequential holds the shape of the input."""
    L, own = F.layers, F.own("own_layers.py")
    layers = [own.Scale(0.5, input_shape=(4,)), L.Dense(3), own.Scale(), L.Dense(2)]
    return _made(F.Sequential(layers), "own_layers.py")


@architecture(writers="keras>=2.1.4 tf keras3", needs="RNN")
def own_wrapped(F):
    L, own = F.layers, F.own("own_layers.py")
    x = F.Input(shape=(5, 3))
    y = L.TimeDistributed(own.Scale(0.5))(x)
    with F.keras.utils.custom_object_scope({"MinimalCell": own.MinimalCell}):
        both = L.Bidirectional(L.RNN(own.MinimalCell(3), return_sequences=True))(y)
    return _made(F.Model(x, [both, L.RNN(own.MinimalCell(3))(y)]), "own_layers.py")


@architecture(kinds="full keras")
def own_functions(F):
    """Strings and dictionaries in the configs of stock layers."""
    L, own = F.layers, F.own("functions.py")
    x = F.Input(shape=(4,))
    y = L.Dense(
        4,
        activation=own.swash,
        kernel_initializer=own.Constant(0.25),
        kernel_regularizer=own.Decay(0.5),
        bias_constraint=own.Shrink(),
    )(x)
    return _made(F.Model(x, L.Activation(own.swash)(y)), "functions.py")


@architecture()
def own_compiled(F):
    """The loss is called by the name that its factory gave it."""
    L, own = F.layers, F.own("functions.py")
    x = F.Input(shape=(4,))
    model = F.Model(x, L.Dense(3, activation=own.swash)(x))
    state = {"optimizer": "sgd", "loss": own.dice_loss, "metrics": [own.near]}
    return _made(model, "functions.py", compile=state, targets=[None])


@architecture(writers="keras tf<2.0")
def own_without_config(F):
    """The file holds a name and nothing else of these layers."""
    own = F.own("bare.py")
    x = F.Input(shape=(4,))
    return _made(F.Model(x, own.Shift()(own.Shift(name="first")(x))), "bare.py")


@architecture(writers=REGISTERED, kinds="full keras")
def own_package(F):
    own, L = F.own("vision_kit"), F.layers
    x = F.Input(shape=(5, 4, 2))
    y = own.squeeze.Squeeze()(L.Conv2D(2, 3, activation=own.soft_gate)(x))
    return _made(F.Model(x, y), "vision_kit")
