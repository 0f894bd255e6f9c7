"""Models with their owners' layers in the words of Keras 1 and 2, which Keras 3 does not import."""

from ..data import between, padded_ids
from ..registry import Made, architecture


def _old(model, module, **facts):
    facts.setdefault("inputs", None)
    return Made(model, reason="old-code", options={"custom": [module]}, **facts)


@architecture(writers="keras1>=1.2")
def old_scale(F):
    own, L = F.own("keras1_layers.py"), F.layers
    x = F.Input(shape=(5, 4, 8))
    y = own.Scale(name="scale")(own.LRN(name="lrn")(x))
    y = own.Projection(3, name="project")(L.Flatten()(y))
    return _old(F.Model(x, L.Dense(2, activation="tanh")(y)), "keras1_layers.py")


@architecture(writers="keras<2.3")
def old_attention(F):
    own, L = F.own("keras2_layers.py"), F.layers
    x = F.Input(shape=(7,))
    y = L.LSTM(6, return_sequences=True)(L.Embedding(9, 5, mask_zero=True)(x))
    y = own.AttentionWithContext(name="attention")(y)
    return _old(F.Model(x, L.Dense(3)(y)), "keras2_layers.py", inputs=[padded_ids(9)])


@architecture(writers="keras")
def old_pictures(F):
    own, L = F.own("keras2_layers.py"), F.layers
    x = F.Input(shape=(6, 5, 3))
    y = own.InstanceNormalization(axis=-1, name="instance")(L.Conv2D(8, 3, padding="same")(x))
    y = own.L2Normalization(name="norm")(own.PixelShuffler(name="shuffle")(y))
    y = own.BilinearUpSampling2D((2, 3), name="enlarge")(y)
    return _old(F.Model(x, L.Conv2D(2, 3, strides=4)(y)), "keras2_layers.py")


@architecture(writers="keras>=2.1<2.3")
def old_capsules(F):
    own, L = F.own("keras2_layers.py"), F.layers
    x = F.Input(shape=(6, 5))
    y = own.Capsule(3, 4, name="capsules")(own.LocalFilters(4, 2, name="local")(x))
    y = own.NormedDense(5, activation="relu", name="normed")(L.Flatten()(y))
    return _old(F.Model(x, y), "keras2_layers.py")


@architecture(writers="keras<2.3")
def old_nested(F):
    """Layers of the owner's inside a nested model, a wrapper and a Sequential."""
    own, L = F.own("keras2_layers.py"), F.layers
    inner = F.Sequential(name="inner")
    inner.add(L.Conv2D(4, 2, input_shape=(5, 4, 2)))
    inner.add(own.L2Normalization(name="norm"))
    inner.add(L.BatchNormalization())
    x = F.Input(shape=(5, 4, 2))
    y = L.Reshape((4, 12))(inner(x))
    y = L.TimeDistributed(own.NormedDense(5), name="each")(y)
    return _old(F.Model(x, own.AttentionWithContext(name="attention")(y)), "keras2_layers.py")


@architecture(writers="tf<2.0")
def old_boxes(F):
    own, L = F.own("tf1_layers.py"), F.layers
    picture, boxes = F.Input(shape=(6, 6, 3)), F.Input(shape=(2, 4))
    y = own.RefineBoxes(name="refine")([own.Enlarge(name="enlarge")(picture), boxes])
    y = own.Gate(4, name="gate")(y)
    model = F.Model([picture, boxes], L.Dense(2)(y))
    return _old(model, "tf1_layers.py", inputs=[between(0, 1), between(0, 1)])


@architecture(writers="tf>=2.1", kinds="full keras")
def old_memory(F):
    own, L = F.own("tf2_layers.py"), F.layers
    x = F.Input(shape=(4, 5))
    y = own.Stack((6, 3), name="stack")(own.Memory(7, name="memory")(x))
    return _old(F.Model(x, L.Dense(2)(y)), "tf2_layers.py")


@architecture(writers="keras>=2.1<2.3", needs="LSTM")
def old_web(F):
    """Attention, highways, normalisations and what else was copied from page to page."""
    own, L = F.own("keras2_web.py"), F.layers
    x = F.Input(shape=(7,))
    masked, plain = L.Embedding(9, 6, mask_zero=True)(x), L.Embedding(9, 6)(x)
    y = own.PositionEmbedding(name="places")(own.LayerNorm(name="even")(plain))
    average, weights = own.AttentionWeightedAverage(return_attention=True, name="average")(y)
    high = own.Highway(name="high")(average)
    dense = own.DenseSN(4, activation="relu", name="spectral")(high)
    outputs = [
        own.AttLayer(4, name="attention")(masked),
        weights,
        own.GatedReader(3, name="reader")(plain),
        own.MinibatchDiscrimination(3, 2, name="others")(dense),
        own.HardGate(name="gate")(own.WeightedSum(0.3, name="sum")([average, high])),
    ]
    return _old(F.Model(x, outputs), "keras2_web.py", inputs=[padded_ids(9)])
