"""Compiled models: optimizers with their state, losses and metrics in every spelling."""

from ..data import ids, one_hot
from ..registry import EVERY, Made, architecture

REGRESSION = {"loss": "mse"}


def _small(F, outputs=2, activation=None):
    L = F.layers
    x = F.Input(shape=(3,))
    y = L.BatchNormalization()(L.Dense(4, activation="relu")(x))
    return F.Model(x, L.Dense(outputs, activation=activation, name="out")(y))


def _rate(F, value):
    """The argument was called lr until Keras 2.3."""
    return {"lr": value} if F.since("keras1 keras<2.3 tf<2.0") else {"learning_rate": value}


def _trained(F, optimizer, goes_on=True, **facts):
    compiled = dict(REGRESSION, optimizer=optimizer)
    return Made(_small(F), compile=compiled, targets=[None], goes_on=goes_on, **facts)


FULL = "keras1>=1.0.7 " + EVERY
"""Those that write compiled models."""


OPTIMIZERS = [
    ("sgd", "SGD", FULL, {"momentum": 0.9, "nesterov": True}),
    ("sgd_plain", "SGD", FULL, {}),
    ("sgd_momentum", "SGD", FULL, {"momentum": 0.8}),
    ("sgd_decay", "SGD", "keras1>=1.0.7 keras tf<2.11", {"momentum": 0.8, "decay": 0.125}),
    ("rmsprop", "RMSprop", FULL, {"rho": 0.8}),
    ("rmsprop_decay", "RMSprop", "keras1>=1.2 keras tf<2.11", {"decay": 0.125}),
    ("rmsprop_momentum", "RMSprop", "tf>=2.0 keras3", {"momentum": 0.5}),
    ("rmsprop_centered", "RMSprop", "tf>=2.0 keras3", {"momentum": 0.5, "centered": True}),
    ("rmsprop_epsilon", "RMSprop", FULL, {"epsilon": 0.015625}),
    ("adagrad", "Adagrad", FULL, {}),
    ("adadelta", "Adadelta", FULL, {"rho": 0.9}),
    ("adam", "Adam", FULL, {"beta_1": 0.8, "beta_2": 0.95}),
    ("adam_epsilon", "Adam", FULL, {"epsilon": 0.015625}),
    ("adam_decay", "Adam", "keras1>=1.2 keras tf<2.11", {"decay": 0.125}),
    ("adam_amsgrad", "Adam", "keras>=2.1.4 tf keras3", {"amsgrad": True}),
    ("adamax", "Adamax", FULL, {"beta_1": 0.8}),
    ("nadam", "Nadam", FULL, {"beta_2": 0.99}),
    ("ftrl", "Ftrl", "tf>=2.0 keras3", {"l1_regularization_strength": 0.01}),
    ("adamw", "AdamW", "tf>=2.11 keras3", {"weight_decay": 0.01}),
    ("sgd_weight_decay", "SGD", "tf>=2.11 keras3", {"weight_decay": 0.0625, "momentum": 0.5}),
    ("adafactor", "Adafactor", "tf>=2.11", {}),
    ("lion", "Lion", "tf>=2.13 keras3", {"beta_1": 0.8}),
    ("lamb", "Lamb", "keras3>=3.7", {}),
    ("muon", "Muon", "keras3>=3.11", {}),
    ("adam_averaged", "Adam", "tf>=2.11 keras3", {"use_ema": True, "ema_momentum": 0.9}),
    (
        "adam_overwritten",
        "Adam",
        "tf>=2.11 keras3",
        {"use_ema": True, "ema_overwrite_frequency": 4},
    ),
    ("adam_clipped", "Adam", FULL, {"clipnorm": 1.0}),
    ("sgd_clipped", "SGD", FULL, {"clipvalue": 0.5}),
    ("sgd_clipped_globally", "SGD", "tf>=2.4 keras3", {"global_clipnorm": 0.5}),
]
ARCHIVED = (
    {"sgd", "sgd_momentum", "rmsprop", "rmsprop_centered", "adagrad", "adadelta", "adam"}
    | {"adam_amsgrad", "adam_averaged", "adamax", "nadam", "ftrl", "adamw", "adafactor"}
    | {"lion", "muon"}
)
"""An archive numbers the variables of these, an .h5 names them."""


def _optimizer_architecture(class_name, arguments):
    def build(F):
        maker = getattr(F.keras.optimizers, class_name)
        return _trained(F, maker(**dict(_rate(F, 0.015625), **arguments)))

    return build


for _name, _class, _writers, _arguments in OPTIMIZERS:
    _kinds = "keras full" if _name in ARCHIVED else "full"
    architecture(_writers, name="optimizer_" + _name, kinds=_kinds)(
        _optimizer_architecture(_class, _arguments)
    )


@architecture(writers="keras3", kinds="keras")
def optimizer_adafactor_archived(F):
    """Its variables have names that collide in an .h5."""
    return _trained(F, F.keras.optimizers.Adafactor(0.015625))


@architecture(writers="keras tf<2.11")
def optimizer_decay(F):
    return _trained(F, F.keras.optimizers.SGD(decay=0.01, **_rate(F, 0.03125)))


@architecture(writers="tf>=2.11<2.16")
def optimizer_legacy(F):
    legacy = F.keras.optimizers.legacy
    return _trained(F, legacy.Adam(learning_rate=0.015625, decay=0.01))


@architecture(writers="tf>=2.11<2.16")
def optimizer_legacy_rmsprop(F):
    return _trained(F, F.keras.optimizers.legacy.RMSprop(0.015625, rho=0.8))


@architecture(writers=FULL)
def optimizer_rate_changed(F):
    """The learning rate is set anew while it trains, as callbacks do."""
    return _trained(F, F.keras.optimizers.Adam(**_rate(F, 0.0625)), goes_on=_slow_down)


def _slow_down(F, model):
    optimizer = model.optimizer
    if F.flavor == "keras3":
        optimizer.learning_rate = 0.0078125
    else:
        name = "lr" if F.since("keras1 keras<2.3 tf<2.0") else "learning_rate"
        F.backend.set_value(getattr(optimizer, name), 0.0078125)


@architecture(writers="tf>=2.0 keras3")
def optimizer_schedule_in_pieces(F):
    schedules = F.keras.optimizers.schedules
    pieces = schedules.PiecewiseConstantDecay([4, 9, 12], [0.125, 0.0625, 0.03125, 0.015625])
    return _trained(F, F.keras.optimizers.SGD(pieces, momentum=0.5))


@architecture(writers="tf>=2.4 keras3")
def optimizer_schedule_of_cosine(F):
    schedules = F.keras.optimizers.schedules
    decay = getattr(schedules, "CosineDecay", None) or F.keras.experimental.CosineDecay
    return _trained(F, F.keras.optimizers.RMSprop(decay(0.0625, 12, alpha=0.125)))


@architecture(writers="tf>=2.0 keras3", kinds="keras full")
def optimizer_schedule(F):
    schedule = F.keras.optimizers.schedules.ExponentialDecay(0.0625, 10, 0.5)
    return _trained(F, F.keras.optimizers.Adam(schedule))


@architecture(kinds="keras full")
def optimizer_by_name(F):
    return _trained(F, "adam")


@architecture()
def compiled_not_trained(F):
    model = _small(F, activation="softmax")
    return Made(
        model,
        compile={"optimizer": "sgd", "loss": "categorical_crossentropy", "metrics": ["accuracy"]},
    )


@architecture(writers="tf>=2.4 keras3", rtol=2e-2, atol=1e-2)
def optimizer_loss_scale(F):
    F.keras.mixed_precision.set_global_policy("mixed_float16")
    return _trained(F, "adam")


@architecture()
def trained_frozen(F):
    """Frozen layers have no slots in the optimizer."""
    model = _small(F)
    model.layers[1].trainable = False
    return Made(model, compile=dict(REGRESSION, optimizer="adam"), targets=[None], goes_on=True)


@architecture()
def trained_sequential(F):
    L = F.layers
    model = F.Sequential([L.LSTM(3, input_shape=(5, 2)), L.Dense(2, activation="softmax")])
    return Made(
        model,
        compile={
            "optimizer": "rmsprop",
            "loss": "categorical_crossentropy",
            "metrics": ["acc", "mae"],
        },
        targets=[one_hot()],
        goes_on=True,
    )


@architecture()
def trained_nested(F):
    L = F.layers
    inner = F.Sequential([L.Dense(3, input_shape=(4,)), L.BatchNormalization()], name="inner")
    model = F.Sequential([inner, L.Dense(2)])
    return Made(model, compile=dict(REGRESSION, optimizer="adam"), targets=[None], goes_on=True)


# fmt: off
LOSSES = [
    "mse", "mae", "mape", "msle", "kld", "mean_squared_error", "mean_absolute_error",
    "mean_absolute_percentage_error", "mean_squared_logarithmic_error", "squared_hinge",
    "hinge", "categorical_hinge", "logcosh", "binary_crossentropy",
    "kullback_leibler_divergence", "poisson", "huber", "categorical_crossentropy",
    "sparse_categorical_crossentropy", "log_cosh", "kl_divergence", "MSE", "cosine_proximity",
    "cosine_similarity",
]
# fmt: on
"""Names of functions; one model each would be much of a sameness, so each output has its own."""


def _output_per_loss(F, losses):
    L = F.layers
    x = F.Input(shape=(3,))
    outputs = [L.Dense(2, activation="softmax", name=f"o{i}")(x) for i in range(len(losses))]
    return F.Model(x, outputs)


def _known(F, names):
    return [name for name in names if _is_known(F, name)]


def _is_known(F, name):
    try:
        F.keras.losses.get(name)
    except (ValueError, TypeError, KeyError):
        return False
    return True


@architecture(kinds="full keras")
def losses_by_name(F):
    losses = _known(F, LOSSES)
    return Made(_output_per_loss(F, losses), compile={"optimizer": "sgd", "loss": losses})


@architecture()
def losses_by_function(F):
    losses = [F.keras.losses.get(name) for name in _known(F, LOSSES[5:12])]
    return Made(_output_per_loss(F, losses), compile={"optimizer": "sgd", "loss": losses})


@architecture(writers="keras>=2.3 tf>=2.0 keras3", kinds="full keras")
def losses_by_object(F):
    S = F.keras.losses
    losses = [
        S.MeanSquaredError(),
        S.BinaryCrossentropy(from_logits=True, label_smoothing=0.1),
        S.CategoricalCrossentropy(label_smoothing=0.2, name="smooth"),
        S.SparseCategoricalCrossentropy(from_logits=True),
        S.Huber(delta=0.5),
        S.Hinge(),
        S.SquaredHinge(),
        S.CategoricalHinge(),
        S.KLDivergence(),
        S.LogCosh(),
        S.Poisson(),
        S.MeanAbsoluteError(reduction="sum"),
        S.MeanAbsolutePercentageError(),
        S.MeanSquaredLogarithmicError(),
    ]
    for name in ("BinaryFocalCrossentropy", "CategoricalFocalCrossentropy", "Dice", "Tversky"):
        if hasattr(S, name):
            losses.append(getattr(S, name)())
    return Made(_output_per_loss(F, losses), compile={"optimizer": "adam", "loss": losses})


def _two_outputs(F):
    L = F.layers
    x = F.Input(shape=(3,), name="features")
    y = L.Dense(4, activation="relu")(x)
    outputs = [L.Dense(1, name="price")(y), L.Dense(3, activation="softmax", name="kind")(y)]
    return F.Model(x, outputs)


@architecture(kinds="keras full")
def compiled_by_output(F):
    return Made(
        _two_outputs(F),
        compile={
            "optimizer": "adam",
            "loss": {"price": "mse", "kind": "categorical_crossentropy"},
            "loss_weights": {"price": 0.5, "kind": 2.0},
            "metrics": {"price": "mae", "kind": ["accuracy"]},
        },
        targets=[None, one_hot()],
        goes_on=True,
    )


@architecture()
def compiled_by_list(F):
    return Made(
        _two_outputs(F),
        compile={
            "optimizer": "adam",
            "loss": ["mae", "categorical_crossentropy"],
            "loss_weights": [0.25, 1.0],
        },
        targets=[None, one_hot()],
        goes_on=True,
    )


@architecture(kinds="full keras")
def metrics_by_name(F):
    names = "accuracy mse mae mape msle cosine_proximity binary_accuracy categorical_accuracy"
    known = [name for name in names.split() if name == "accuracy" or _is_metric(F, name)]
    return Made(
        _small(F, activation="softmax"),
        compile={"optimizer": "sgd", "loss": "categorical_crossentropy", "metrics": known},
        targets=[one_hot()],
        goes_on=True,
    )


def _is_metric(F, name):
    try:
        F.keras.metrics.get(name)
    except (ValueError, TypeError, KeyError):
        return False
    return True


@architecture(writers="keras>=2.3 tf>=2.0 keras3", kinds="full keras")
def metrics_by_object(F):
    M = F.keras.metrics
    metrics = [
        M.MeanSquaredError(),
        M.CategoricalAccuracy(name="acc"),
        M.AUC(num_thresholds=5),
        M.Precision(),
        M.Recall(thresholds=0.25),
        M.TopKCategoricalAccuracy(k=1),
    ]
    return Made(
        _small(F, activation="softmax"),
        compile={"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": metrics},
        targets=[one_hot()],
        goes_on=True,
    )


@architecture(writers="keras>=2.1 tf keras3")
def weighted_metrics(F):
    return Made(
        _small(F),
        compile=dict(REGRESSION, optimizer="sgd", weighted_metrics=["mae"], metrics=["mse"]),
        targets=[None],
        goes_on=True,
    )


@architecture()
def sparse_labels(F):
    return Made(
        _small(F, 3, "softmax"),
        compile={
            "optimizer": "adam",
            "loss": "sparse_categorical_crossentropy",
            "metrics": ["accuracy"],
        },
        targets=[_labels],
        goes_on=True,
    )


def _labels(rng, shape):
    return ids(3)(rng, shape[:1] + (1,))


@architecture(writers="keras<2.3")
def temporal_weights(F):
    L = F.layers
    model = F.Sequential([L.LSTM(3, return_sequences=True, input_shape=(5, 2))])
    return Made(model, compile=dict(REGRESSION, optimizer="sgd", sample_weight_mode="temporal"))


@architecture(reason="custom", expect="same")
def custom_loss(F):
    """The loss is the user's own: the model converts, its compile state can't."""
    return Made(
        _small(F),
        compile={"optimizer": "adam", "loss": own_loss, "metrics": [own_metric]},
        note="custom loss and metric: only the compile state is lost",
    )


def own_loss(y_true, y_pred):
    return (y_true - y_pred) ** 2


def own_metric(y_true, y_pred):
    return y_true - y_pred


@architecture(writers="tf>=2.8 keras3")
def compiled_options(F):
    return Made(
        _small(F),
        compile=dict(REGRESSION, optimizer="adam", run_eagerly=True, steps_per_execution=1),
        targets=[None],
        goes_on=True,
    )
