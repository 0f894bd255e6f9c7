"""Layers, activations and training of TensorFlow Addons, where the writer has it beside it."""

import warnings

from ..data import ids, padded_ids
from ..registry import Made, architecture, branches

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    try:
        import tensorflow_addons as addons
    except ImportError:
        addons = None

OF_ADDONS = {"writers": "tf>=2.1<2.16", "kinds": "full keras"}


def with_addons(**facts):
    """An architecture that only writers with Addons have."""
    if addons is None:
        return lambda function: function
    return architecture(**dict(OF_ADDONS, **facts))


# -- normalization ------------------------------------------------------------------------


@with_addons()
def addons_group_normalization(F):
    A = addons.layers
    layers = [
        A.GroupNormalization(groups=2),
        A.GroupNormalization(groups=4, epsilon=1e-2, center=False),
        A.GroupNormalization(groups=8, scale=False),
        A.GroupNormalization(groups=1),
    ]
    return branches(F, (6, 4, 8), layers)


@with_addons()
def addons_group_normalization_axis(F):
    A = addons.layers
    layers = [A.GroupNormalization(groups=3, axis=1), A.GroupNormalization(groups=2, axis=2)]
    return branches(F, (6, 4, 8), layers + [A.GroupNormalization(groups=2, axis=-2)])


@with_addons()
def addons_instance_normalization(F):
    A = addons.layers
    layers = [
        A.InstanceNormalization(),
        A.InstanceNormalization(axis=1, epsilon=1e-5),
        A.InstanceNormalization(axis=3, center=False),
        A.InstanceNormalization(axis=2, scale=False, gamma_initializer="random_uniform"),
    ]
    return branches(F, (6, 4, 8), layers)


@with_addons(expect="refused", reason="addons")
def addons_instance_normalization_other_axis(F):
    """Its mean is along another axis than its gamma."""
    return branches(F, (6, 4, 8), [addons.layers.InstanceNormalization(axis=-2)])


# TensorFlow 2.10 can't put the layer into a TimeDistributed.
@with_addons(writers="tf>=2.1<2.9 tf>=2.13<2.16")
def addons_normalization_inside(F):
    """In a nested model that is called twice and frozen, in a TimeDistributed, and with a mask."""
    A, L = addons.layers, F.layers
    inner = F.Sequential([L.Conv1D(4, 2, input_shape=(6, 3)), A.InstanceNormalization()])
    inner.trainable = False
    x, words = F.Input(shape=(6, 3)), F.Input(shape=(6,))
    y = L.Add()([inner(x), inner(L.ReLU()(x))])
    steps = L.TimeDistributed(A.GroupNormalization(groups=2))(
        L.Reshape((2, 3, 3, 2))(L.Dense(6)(x))
    )
    masked = L.LSTM(2)(A.GroupNormalization(groups=2)(L.Embedding(5, 4, mask_zero=True)(words)))
    return Made(F.Model([x, words], [y, steps, masked]), inputs=[None, padded_ids(5)])


@with_addons(writers="tf>=2.5<2.16")
def addons_filter_response_normalization(F):
    A = addons.layers
    layers = [
        A.FilterResponseNormalization(),
        A.FilterResponseNormalization(epsilon=1e-2),
        A.FilterResponseNormalization(learned_epsilon=True),
    ]
    return branches(F, (4, 5, 3), layers + [_stack(F, A.FilterResponseNormalization(), A.TLU())])


def _stack(F, *layers):
    def call(x):
        for layer in layers:
            x = layer(x)
        return x

    return call


# -- wrappers -----------------------------------------------------------------------------


def _initialized(F, model):
    """As a model is that has seen data; perturbed weights would be overwritten else."""
    for variable in model.weights:
        if variable.dtype.base_dtype.name == "bool":
            variable.assign(True)


@with_addons()
def addons_weight_normalization(F):
    A, L = addons.layers, F.layers
    wrapped = [
        A.WeightNormalization(L.Conv2D(3, 2, activation="relu"), data_init=False),
        A.WeightNormalization(L.Conv2D(3, 2, use_bias=False), data_init=True),
        A.WeightNormalization(L.Conv2DTranspose(3, (2, 3), strides=2), data_init=False),
        A.WeightNormalization(L.Dense(4, activation="tanh")),
    ]
    return Made(branches(F, (5, 6, 2), wrapped), adjust=_initialized)


@with_addons()
def addons_weight_normalization_recurrent(F):
    A, L = addons.layers, F.layers
    wrapped = [
        A.WeightNormalization(L.LSTM(3, return_sequences=True), data_init=False),
        A.WeightNormalization(L.GRU(3), data_init=False),
        A.WeightNormalization(L.SimpleRNN(2, use_bias=False), data_init=False),
    ]
    return Made(branches(F, (5, 2), wrapped), adjust=_initialized)


@with_addons()
def addons_weight_normalization_fresh(F):
    """The first call gives it the norm that the kernel has."""
    A, L = addons.layers, F.layers
    wrapped = [
        A.WeightNormalization(L.Conv1D(3, 2), data_init=False),
        A.WeightNormalization(L.Dense(3), data_init=False),
    ]
    return branches(F, (5, 2), wrapped)


@with_addons()
def addons_weight_normalization_by_data(F):
    """The first data that it gets, on which its outputs are recorded, decides its weights."""
    wrapped = addons.layers.WeightNormalization(F.layers.Dense(3), data_init=True)
    return branches(F, (5,), [wrapped])


@with_addons(writers="tf>=2.3<2.16")
def addons_weight_normalization_masked(F):
    A, L = addons.layers, F.layers
    x = F.Input(shape=(6,))
    y = L.Embedding(5, 4, mask_zero=True)(x)
    wrapped = A.WeightNormalization(L.LSTM(3, return_sequences=True), data_init=False)
    last = L.LSTM(2)(A.SpectralNormalization(L.Dense(3))(wrapped(y)))
    return Made(F.Model(x, last), inputs=[padded_ids(5)], adjust=_initialized)


@with_addons()
def addons_weight_normalization_trained(F):
    A, L = addons.layers, F.layers
    model = F.Sequential([A.WeightNormalization(L.Conv1D(4, 2), input_shape=(6, 3)), L.Flatten()])
    model.add(A.WeightNormalization(L.Dense(2, activation="softmax"), data_init=False))
    return Made(model, compile={"optimizer": "sgd", "loss": "mse"}, targets=[None])


@with_addons()
def addons_weight_normalization_inside(F):
    A, L = addons.layers, F.layers
    inner = F.Sequential([A.WeightNormalization(L.Dense(3), input_shape=(4,)), L.Dense(2)])
    frozen = A.WeightNormalization(L.Dense(3, name="held"), data_init=False)
    frozen.trainable = False
    x, sequence = F.Input(shape=(4,)), F.Input(shape=(3, 4))
    steps = L.TimeDistributed(A.WeightNormalization(L.Dense(2), data_init=False))(sequence)
    again = L.Add()([frozen(x), frozen(L.ReLU()(x))])
    return Made(F.Model([x, sequence], [inner(x), steps, again]), adjust=_initialized)


@with_addons(writers="tf>=2.3<2.16")
def addons_spectral_normalization(F):
    A, L = addons.layers, F.layers
    wrapped = [
        A.SpectralNormalization(L.Conv2D(3, 2, activation="relu")),
        A.SpectralNormalization(L.Dense(4, use_bias=False), power_iterations=3),
        A.SpectralNormalization(L.Conv2DTranspose(2, 2)),
    ]
    return branches(F, (5, 6, 2), wrapped)


@with_addons(writers="tf>=2.3<2.16")
def addons_spectral_normalization_inside(F):
    A, L = addons.layers, F.layers
    inner = F.Sequential([A.SpectralNormalization(L.Dense(3), input_shape=(4,)), L.Dense(2)])
    frozen = A.SpectralNormalization(L.Dense(3, name="held"))
    frozen.trainable = False
    x, words = F.Input(shape=(4,)), F.Input(shape=(6,))
    embedded = A.SpectralNormalization(L.Embedding(5, 3))(words)
    return Made(F.Model([x, words], [inner(x), frozen(x), embedded]), inputs=[None, ids(5)])


# -- activations --------------------------------------------------------------------------

NAMES = ["gelu", "hardshrink", "lisht", "mish", "rrelu", "snake", "softshrink", "sparsemax"]
NAMES.append("tanhshrink")


def _functions(F):
    """All of them; TensorFlow 2.13 writes gelu as if it were Keras's, which is another."""
    names = NAMES[1:] if F.since("tf>=2.13") else NAMES
    # Before TensorFlow 2.4 a graph can't hold this one.
    names = [name for name in names if name != "rrelu" or F.since("tf>=2.4")]
    return [
        getattr(addons.activations, name) for name in names if hasattr(addons.activations, name)
    ]


def _gelu(F):
    """What TensorFlow 2.10 predicts with it in an LSTM is not what calling the model gives."""
    return addons.activations.tanhshrink if F.since("tf>=2.10") else addons.activations.gelu


@with_addons()
def addons_activations(F):
    layers = [F.layers.Dense(4, activation=each) for each in _functions(F)]
    return branches(F, (5,), layers)


@with_addons()
def addons_activation_layers(F):
    layers = [F.layers.Activation(each) for each in _functions(F)]
    return branches(F, (5, 4), layers)


@with_addons()
def addons_activation_names(F):
    """By their registered names, as in the compact forms of many models."""
    L = F.layers
    names = ["Addons>" + name for name in NAMES[1:4]]
    return branches(F, (6, 4), [L.Conv1D(3, 2, activation=name) for name in names])


@with_addons()
def addons_activations_recurrent(F):
    L, A = F.layers, addons.activations
    layers = [L.SimpleRNN(3, activation=A.lisht), L.GRU(2, activation=A.mish)]
    layers.append(L.Bidirectional(L.LSTM(2, activation=_gelu(F), return_sequences=True)))
    return branches(F, (5, 3), layers)


@with_addons()
def addons_activations_masked(F):
    L, A = F.layers, addons.activations
    x = F.Input(shape=(6,))
    y = L.Embedding(5, 4, mask_zero=True)(x)
    y = L.Activation(A.lisht)(L.Dense(3, activation=_gelu(F))(y))
    return Made(F.Model(x, L.LSTM(2)(y)), inputs=[padded_ids(5)])


@with_addons()
def addons_activation_like_layers(F):
    A = addons.layers
    layers = [A.GELU(), A.GELU(approximate=False), A.Sparsemax(), A.Sparsemax(axis=1)]
    layers += [A.TLU(), A.TLU(affine=True)]
    if hasattr(A, "Snake"):
        layers.append(A.Snake())
    return branches(F, (3, 4), layers)


@with_addons()
def addons_activation_like_layers_masked(F):
    A, L = addons.layers, F.layers
    x = F.Input(shape=(6,))
    y = A.GELU()(L.Embedding(5, 4, mask_zero=True)(x))
    return Made(F.Model(x, L.LSTM(2)(y)), inputs=[padded_ids(5)])


@with_addons(writers="tf>=2.3<2.16")
def addons_activation_like_layers_inside(F):
    A, L = addons.layers, F.layers
    inner = F.Sequential([L.Dense(4, input_shape=(3,)), A.GELU(), A.Sparsemax(), L.Dense(2)])
    x = F.Input(shape=(5, 3))
    y = L.TimeDistributed(inner)(x)
    return F.Model(x, [y, L.TimeDistributed(A.GELU())(x), L.TimeDistributed(A.TLU())(x)])


# -- other layers -------------------------------------------------------------------------


@with_addons()
def addons_maxout(F):
    A = addons.layers
    return branches(F, (4, 6), [A.Maxout(3), A.Maxout(2, axis=-1), A.Maxout(2, axis=1)])


@with_addons(writers="tf>=2.3<2.16")
def addons_adaptive_pooling(F):
    A = addons.layers
    layers = [
        A.AdaptiveAveragePooling2D((2, 3)),
        A.AdaptiveMaxPooling2D(2),
        A.AdaptiveMaxPooling2D((4, 6)),
    ]
    layers.append(A.AdaptiveAveragePooling2D((2, 1), data_format="channels_first"))
    return branches(F, (4, 6, 3), layers)


@with_addons(writers="tf>=2.3<2.16")
def addons_adaptive_pooling_1d_3d(F):
    A = addons.layers
    x, y = F.Input(shape=(6, 4)), F.Input(shape=(2, 4, 6, 3))
    outputs = [A.AdaptiveAveragePooling1D(2)(x), A.AdaptiveMaxPooling1D(3)(x)]
    outputs.append(A.AdaptiveMaxPooling1D(2, data_format="channels_first")(x))
    outputs += [A.AdaptiveAveragePooling3D((1, 2, 3))(y), A.AdaptiveMaxPooling3D(2)(y)]
    return F.Model([x, y], outputs)


@with_addons(writers="tf>=2.3<2.16", expect="refused", reason="addons")
def addons_spatial_pyramid_pooling(F):
    A = addons.layers
    layers = [A.SpatialPyramidPooling2D([1, 2, (3, 2)])]
    layers.append(A.SpatialPyramidPooling2D([2, 1], data_format="channels_first"))
    return branches(F, (5, 7, 4), layers)


@with_addons(writers="tf>=2.5<2.16")
def addons_stochastic_depth(F):
    L, A = F.layers, addons.layers
    x = F.Input(shape=(5, 3))
    y = A.StochasticDepth(0.75)([x, L.Conv1D(3, 2, padding="same")(x)])
    return F.Model(x, A.StochasticDepth()([y, L.Dense(3)(y)]))


@with_addons(writers="tf>=2.3<2.8 tf>=2.10<2.16")
def addons_polynomial_crossing(F):
    A = addons.layers
    x, y = F.Input(shape=(6,)), F.Input(shape=(6,))
    layers = [
        A.PolynomialCrossing(),
        A.PolynomialCrossing(projection_dim=2, diag_scale=0.5),
        A.PolynomialCrossing(use_bias=False),
    ]
    return F.Model([x, y], [layer([x, y]) for layer in layers])


@with_addons(writers="tf>=2.8<2.16")
def addons_noisy_dense(F):
    A = addons.layers
    layers = [A.NoisyDense(4, activation="relu"), A.NoisyDense(3, use_factorised=False)]
    return branches(F, (5,), layers)


@with_addons()
def addons_multi_head_attention(F):
    A = addons.layers
    x, y, z = F.Input(shape=(5, 4)), F.Input(shape=(6, 3)), F.Input(shape=(6, 2))
    outputs = [
        A.MultiHeadAttention(head_size=3, num_heads=2)([x, y]),
        A.MultiHeadAttention(head_size=2, num_heads=4, output_size=5, dropout=0.5)([x, y, z]),
        A.MultiHeadAttention(head_size=3, num_heads=2, use_projection_bias=False)([x, x]),
    ]
    return F.Model([x, y, z], outputs)


@with_addons()
def addons_multi_head_attention_coefficients(F):
    x = F.Input(shape=(5, 4))
    attention = addons.layers.MultiHeadAttention(3, 2, return_attn_coef=True)
    return F.Model(x, attention([x, x]))


@with_addons()
def addons_poincare_normalize(F):
    A = addons.layers
    layers = [A.PoincareNormalize(), A.PoincareNormalize(axis=[1, 2], epsilon=0.5)]
    return branches(F, (3, 4), layers)


@with_addons(writers="tf>=2.5<2.16", expect="refused", reason="addons")
def addons_cells(F):
    A, L = addons.rnn, F.layers
    cells = [A.LayerNormLSTMCell(2), A.NASCell(2), A.PeepholeLSTMCell(2)]
    return branches(F, (5, 3), [L.RNN(cell) for cell in cells])


@with_addons(writers="tf>=2.5<2.16", expect="refused", reason="addons")
def addons_crf(F):
    x = F.Input(shape=(5, 3))
    decoded, potentials, _, _ = addons.layers.CRF(4)(x)
    return F.Model(x, [decoded, potentials])


# -- training -----------------------------------------------------------------------------


def _trained(F, optimizer, **compiled):
    L = F.layers
    model = F.Sequential([L.Dense(4, activation="tanh", input_shape=(3,)), L.Dense(2)])
    compiled = dict({"loss": "mse"}, optimizer=optimizer, **compiled)
    return Made(model, compile=compiled, targets=[None], goes_on=True)


@with_addons(writers="tf>=2.3<2.16", kinds="full")
def goes_on_addons_adamw(F):
    rate = {"learning_rate": 0.015625, "weight_decay": 0.0078125}
    return _trained(F, addons.optimizers.AdamW(**rate))


@with_addons(writers="tf>=2.3<2.16", kinds="full")
def goes_on_addons_sgdw(F):
    rate = {"learning_rate": 0.03125, "weight_decay": 0.0078125, "momentum": 0.5}
    return _trained(F, addons.optimizers.SGDW(**rate))


@with_addons(writers="tf>=2.3<2.16")
def addons_compiled(F):
    """What Keras has of the metrics, and one that it has not."""
    A, L = addons.metrics, F.layers
    metrics = [A.F1Score(num_classes=3, average="macro"), A.CohenKappa(num_classes=3)]
    metrics.append(A.FBetaScore(num_classes=3, beta=2.0, threshold=0.25))
    model = F.Sequential([L.Dense(3, activation="softmax", input_shape=(4,))])
    return Made(model, compile={"optimizer": "sgd", "loss": "mse", "metrics": metrics})


@with_addons(writers="tf>=2.3<2.16")
def addons_compiled_otherwise(F):
    """A loss that sums over its outputs, and an optimizer around another one."""
    optimizer = addons.optimizers.Lookahead(addons.optimizers.RectifiedAdam(0.015625))
    loss = addons.losses.SigmoidFocalCrossEntropy(reduction="sum_over_batch_size")
    model = F.Sequential([F.layers.Dense(3, activation="sigmoid", input_shape=(4,))])
    return Made(model, compile={"optimizer": optimizer, "loss": loss})
