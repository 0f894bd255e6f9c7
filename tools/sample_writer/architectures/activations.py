"""Every activation by name, as a layer and as an argument, and the layers that activate."""

from ..registry import Made, architecture, branches

# fmt: off
NAMES = [
    "linear", "relu", "tanh", "sigmoid", "softmax", "elu", "selu", "softplus", "softsign",
    "exponential", "swish", "silu", "gelu", "mish", "relu6", "leaky_relu", "log_softmax",
    "hard_silu", "hard_swish", "celu", "glu", "hard_tanh", "hard_shrink", "log_sigmoid",
    "soft_shrink", "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus", "tanh_shrink",
]
# fmt: on
"""hard_sigmoid has a file of architectures to itself."""


def _names(F):
    return [name for name in NAMES if hasattr(F.keras.activations, name)]


@architecture(kinds="full keras")
def activation_layers(F):
    return branches(F, (6,), [F.layers.Activation(name) for name in _names(F)])


@architecture()
def activation_arguments(F):
    return branches(F, (4,), [F.layers.Dense(2, activation=name) for name in _names(F)])


@architecture()
def activation_functions(F):
    """Given as functions, which the config stores by name."""
    A = F.keras.activations
    return branches(
        F,
        (4,),
        [F.layers.Activation(A.softplus), F.layers.Dense(2, activation=A.elu)],
    )


@architecture(kinds="full keras")
def advanced_activations(F):
    L = F.layers
    return branches(F, (5, 4), [L.LeakyReLU(), L.ELU(), L.ELU(alpha=0.5), L.PReLU()])


@architecture()
def prelu_shared_axes(F):
    L = F.layers
    x = F.Input(shape=(5, 4, 3))
    return F.Model(x, [L.PReLU(shared_axes=[1, 2])(x), L.PReLU(shared_axes=[2])(x)])


@architecture()
def leaky_relu_slope(F):
    slope = {"negative_slope": 0.125} if F.flavor == "keras3" else {"alpha": 0.125}
    return branches(F, (4,), [F.layers.LeakyReLU(**slope)])


@architecture(needs="ThresholdedReLU", writers="keras tf")
def thresholded_relu(F):
    return branches(F, (6,), [F.layers.ThresholdedReLU(), F.layers.ThresholdedReLU(theta=0.25)])


@architecture(needs="ReLU")
def relu_layers(F):
    L = F.layers
    more = [L.ReLU(negative_slope=0.25, threshold=0.5)] if F.since("keras tf keras3") else []
    return branches(F, (6,), [L.ReLU(), L.ReLU(max_value=1.0)] + more)


@architecture(needs="Softmax")
def softmax_layers(F):
    L = F.layers
    more = [L.Softmax(axis=[1, 2])] if F.since("tf>=2.4 keras3") else []
    model = branches(F, (3, 4), [L.Softmax(), L.Softmax(axis=1)] + more)
    return Made(model, misread=F.flavor == "keras3")


@architecture(writers="tf>=2.2 keras3", kinds="full keras")
def activation_is_a_layer(F):
    L = F.layers
    x = F.Input(shape=(6, 3))
    y = L.Conv1D(4, 3, activation=L.LeakyReLU())(x)
    return F.Model(x, [L.Dense(2, activation=L.ELU(alpha=0.5))(y), L.Dense(2, L.ReLU(1.0))(y)])


@architecture(writers="tf>=2.0<2.2")
def activation_is_a_layer_early(F):
    """Old releases warn, and keep the layer as the argument."""
    L = F.layers
    return branches(F, (4,), [L.Dense(3, activation=L.LeakyReLU(alpha=0.25))])
