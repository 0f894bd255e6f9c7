"""Every initializer, regularizer and constraint in a config."""

from ..registry import architecture, branches


@architecture(kinds="full keras")
def initializers(F):
    init, L = F.keras.initializers, F.layers
    chosen = [
        init.Zeros(),
        init.Ones(),
        init.Constant(0.5),
        init.RandomNormal(mean=0.1, stddev=0.2, seed=1),
        init.RandomUniform(minval=-0.2, maxval=0.3, seed=2),
        init.TruncatedNormal(stddev=0.1, seed=3),
        init.VarianceScaling(scale=2.0, mode="fan_out", distribution="uniform", seed=4),
        init.Orthogonal(gain=0.9, seed=5),
        init.Identity(gain=0.8),
        "lecun_uniform",
        "lecun_normal",
        "glorot_normal",
        "glorot_uniform",
        "he_normal",
        "he_uniform",
    ]
    return branches(F, (3,), [L.Dense(3, kernel_initializer=one) for one in chosen])


@architecture(writers="keras>=2.2 tf keras3")
def initializers_by_function(F):
    init, L = F.keras.initializers, F.layers
    chosen = [init.he_normal(seed=1), init.glorot_uniform(seed=2), init.lecun_uniform(seed=3)]
    return branches(F, (3,), [L.Dense(3, kernel_initializer=one) for one in chosen])


@architecture(kinds="full keras")
def regularizers(F):
    R, L = F.keras.regularizers, F.layers
    layers = [
        L.Dense(2, kernel_regularizer=R.l2(0.01), bias_regularizer=R.l1(0.02)),
        L.Dense(2, kernel_regularizer="l2", activity_regularizer=R.l1(0.03)),
        L.Dense(2, activity_regularizer="l1"),
    ]
    if F.since("keras>=2.0 tf keras3"):
        layers.append(L.Dense(2, kernel_regularizer=R.l1_l2(0.01, 0.02)))
    if hasattr(R, "OrthogonalRegularizer"):
        layers.append(L.Dense(2, kernel_regularizer=R.OrthogonalRegularizer(0.1, mode="columns")))
    return branches(F, (4,), layers)


@architecture(kinds="full keras")
def constraints(F):
    C, L = F.keras.constraints, F.layers
    layers = [
        L.Dense(2, kernel_constraint=C.MaxNorm(2.0, axis=0), bias_constraint=C.NonNeg()),
        L.Dense(2, kernel_constraint=C.UnitNorm(axis=1)),
        L.Dense(2, kernel_constraint=C.MinMaxNorm(0.1, 0.9, rate=0.5, axis=0)),
        L.Dense(2, kernel_constraint="unit_norm"),
    ]
    return branches(F, (4,), layers)


@architecture()
def regularized_everywhere(F):
    R, C, L = F.keras.regularizers, F.keras.constraints, F.layers
    x, y = F.Input(shape=(6, 3)), F.Input(shape=(6, 5, 2))
    outputs = [
        L.LSTM(
            2,
            kernel_regularizer=R.l2(0.1),
            recurrent_regularizer=R.l1(0.1),
            recurrent_constraint=C.MaxNorm(3.0),
            bias_initializer="ones",
        )(x),
        L.Conv2D(
            2,
            3,
            kernel_regularizer=R.l2(0.1),
            bias_constraint=C.NonNeg(),
            activity_regularizer="l2",
        )(y),
        L.BatchNormalization(gamma_regularizer=R.l2(0.1), beta_constraint=C.NonNeg())(y),
        L.SeparableConv2D(
            2,
            2,
            depthwise_regularizer=R.l2(0.1),
            pointwise_constraint=C.MaxNorm(2.0),
            depthwise_initializer="he_normal",
        )(y),
        L.PReLU(alpha_initializer="ones", alpha_regularizer=R.l1(0.1))(x),
    ]
    return F.Model([x, y], outputs)
