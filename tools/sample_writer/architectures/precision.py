"""Mixed precision policies; half precision is compared loosely."""

from ..registry import Made, architecture


def _mixed(F, policy):
    L = F.layers
    F.keras.mixed_precision.set_global_policy(policy)
    x = F.Input(shape=(6, 5, 2))
    y = L.BatchNormalization()(L.Conv2D(3, 3, activation="relu")(x))
    y = L.GlobalAveragePooling2D()(y)
    y = L.Dense(4)(y)
    return F.Model(x, L.Activation("softmax", dtype="float32")(L.Dense(3)(y)))


@architecture(writers="tf>=2.4 keras3", kinds="full keras", rtol=2e-2, atol=1e-2)
def mixed_float16(F):
    return _mixed(F, "mixed_float16")


@architecture(writers="tf>=2.12 keras3", rtol=1e-1, atol=5e-2)
def mixed_bfloat16(F):
    return _mixed(F, "mixed_bfloat16")


@architecture(writers="tf>=2.8 keras3", rtol=2e-2, atol=1e-2)
def layer_of_half_precision(F):
    L = F.layers
    x = F.Input(shape=(4,))
    y = L.Dense(3, dtype="mixed_float16")(x)
    return Made(F.Model(x, L.Dense(2, dtype="float32")(y)))
