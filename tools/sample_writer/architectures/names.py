"""Names that trip a reader: slashes, blanks, too many of them."""

from ..registry import architecture


@architecture(writers="keras tf")
def slash_names(F):
    """As keras.applications named DenseNet's layers."""
    L = F.layers
    x = F.Input(shape=(6, 5, 2))
    y = L.Conv2D(3, 3, name="conv1/conv")(x)
    y = L.BatchNormalization(name="conv1/bn")(y)
    y = L.Activation("relu", name="conv1/relu")(y)
    z = L.Conv2D(2, 1, name="block/conv")(y)
    y = L.Concatenate(name="block/concat")([y, z])
    return F.Model(x, L.Dense(2, name="head/logits")(L.Flatten(name="head/flat")(y)))


@architecture(writers="tf>=2.0")
def slash_names_nested(F):
    L = F.layers
    x = F.Input(shape=(4,))
    inner = F.Model(x, L.Dense(3, name="a/b")(L.Dense(3, name="a_b")(x)), name="inner")
    return F.Sequential([inner, L.Dense(2, name="out/put")])


@architecture(writers="tf>=2.6 keras3", kinds="full keras")
def odd_names(F):
    L = F.layers
    x = F.Input(shape=(4,), name="a>b")
    y = L.Dense(3, name="a.b-c_d")(x)
    y = L.Dense(3, name="Dense_1__")(y)
    return F.Model(x, L.Dense(2, name="0")(y), name="1.0")


@architecture()
def dotted_names(F):
    L = F.layers
    x = F.Input(shape=(4,), name="in.put-1")
    y = L.Dense(3, name="UPPER.lower-3")(x)
    return F.Model(x, L.Dense(2, name="dense_1")(y), name="odd.model")


@architecture(writers="keras>=2.1.4 tf keras3")
def many_long_names(F):
    """More than 64 KB of names: HDF5 keeps them in attributes layer_names0, layer_names1…"""
    L = F.layers
    x = y = F.Input(shape=(3,))
    for index in range(290):
        name = "long" * 55 + f"_{index:03d}"
        y = L.Dense(3, name=name)(y) if index % 97 == 5 else L.Activation("linear", name=name)(y)
    return F.Model(x, y)
