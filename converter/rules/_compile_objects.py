"""What Keras 3 can be compiled with: losses, metrics, optimizers, schedules and their arguments.

The tables are written by hand, so that the compile rules need no Keras; a test holds them against
the installed one. Only what stands here is ever written into a compile state, whatever a file asks
for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from converter.dialects.compile_state import SHORT_NAMES, is_object, map_objects
from converter.model.description import CompileState, Json
from converter.rules.base import Context

FUNCTION = "function"
ACCURACY = frozenset({"accuracy", "acc"})
"""Metrics that Keras makes binary, sparse or categorical by the shape of the output."""
BY_SHAPE = frozenset({"crossentropy", "ce"})
"""The same for losses in Keras 3, and for metrics in Keras 2."""

LOSSES: Mapping[str, str] = {
    "BinaryCrossentropy": "from_logits label_smoothing axis",
    "BinaryFocalCrossentropy": "apply_class_balancing alpha gamma from_logits label_smoothing axis",
    "CTC": "",
    "CategoricalCrossentropy": "from_logits label_smoothing axis",
    "CategoricalFocalCrossentropy": "alpha gamma from_logits label_smoothing axis",
    "CategoricalHinge": "",
    "Circle": "gamma margin remove_diagonal",
    "CosineSimilarity": "axis",
    "Dice": "axis",
    "Hinge": "",
    "Huber": "delta",
    "KLDivergence": "",
    "LogCosh": "",
    "MeanAbsoluteError": "",
    "MeanAbsolutePercentageError": "",
    "MeanSquaredError": "",
    "MeanSquaredLogarithmicError": "",
    "Poisson": "",
    "SparseCategoricalCrossentropy": "from_logits ignore_class axis",
    "SquaredHinge": "",
    "Tversky": "alpha beta axis",
}
"""Loss classes with their arguments, besides ``reduction``, ``name`` and ``dtype``."""

LOSS_FUNCTIONS = frozenset(
    {"binary_crossentropy", "binary_focal_crossentropy", "categorical_crossentropy"}
    | {"categorical_focal_crossentropy", "categorical_hinge", "circle", "cosine_similarity", "ctc"}
    | {"dice", "hinge", "huber", "kl_divergence", "log_cosh", "mean_absolute_error"}
    | {"mean_absolute_percentage_error", "mean_squared_error", "mean_squared_logarithmic_error"}
    | {"poisson", "sparse_categorical_crossentropy", "squared_hinge", "tversky"}
)

METRICS: Mapping[str, str] = {
    "AUC": "num_thresholds curve summation_method thresholds multi_label num_labels label_weights"
    " from_logits",
    "Accuracy": "",
    "BinaryAccuracy": "threshold",
    "BinaryCrossentropy": "from_logits label_smoothing",
    "BinaryIoU": "target_class_ids threshold",
    "CategoricalAccuracy": "",
    "CategoricalCrossentropy": "from_logits label_smoothing axis",
    "CategoricalHinge": "",
    "ConcordanceCorrelation": "axis",
    "CosineSimilarity": "axis",
    "F1Score": "average threshold",
    "FBetaScore": "average beta threshold",
    "FalseNegatives": "thresholds",
    "FalsePositives": "thresholds",
    "Hinge": "",
    "IoU": "num_classes target_class_ids ignore_class sparse_y_true sparse_y_pred axis",
    "KLDivergence": "",
    "LogCoshError": "",
    "MeanAbsoluteError": "",
    "MeanAbsolutePercentageError": "",
    "MeanIoU": "num_classes ignore_class sparse_y_true sparse_y_pred axis",
    "MeanMetricWrapper": "fn",
    "MeanSquaredError": "",
    "MeanSquaredLogarithmicError": "",
    "OneHotIoU": "num_classes target_class_ids ignore_class sparse_y_pred axis",
    "OneHotMeanIoU": "num_classes ignore_class sparse_y_pred axis",
    "PearsonCorrelation": "axis",
    "Poisson": "",
    "Precision": "thresholds top_k class_id",
    "PrecisionAtRecall": "recall num_thresholds class_id",
    "R2Score": "class_aggregation num_regressors",
    "Recall": "thresholds top_k class_id",
    "RecallAtPrecision": "precision num_thresholds class_id",
    "RootMeanSquaredError": "",
    "SensitivityAtSpecificity": "specificity num_thresholds class_id",
    "SparseCategoricalAccuracy": "",
    "SparseCategoricalCrossentropy": "from_logits ignore_class axis",
    "SparseTopKCategoricalAccuracy": "k from_sorted_ids",
    "SpecificityAtSensitivity": "sensitivity num_thresholds class_id",
    "SquaredHinge": "",
    "TopKCategoricalAccuracy": "k",
    "TrueNegatives": "thresholds",
    "TruePositives": "thresholds",
}
"""Metric classes for ``compile()``, with their arguments besides ``name`` and ``dtype``."""

METRIC_FUNCTIONS: Mapping[str, str] = {
    "accuracy": "Accuracy",
    "binary_accuracy": "BinaryAccuracy",
    "binary_crossentropy": "BinaryCrossentropy",
    "categorical_accuracy": "CategoricalAccuracy",
    "categorical_crossentropy": "CategoricalCrossentropy",
    "categorical_hinge": "CategoricalHinge",
    "cosine_similarity": "CosineSimilarity",
    "hinge": "Hinge",
    "kl_divergence": "KLDivergence",
    "log_cosh": "LogCoshError",
    "mean_absolute_error": "MeanAbsoluteError",
    "mean_absolute_percentage_error": "MeanAbsolutePercentageError",
    "mean_squared_error": "MeanSquaredError",
    "mean_squared_logarithmic_error": "MeanSquaredLogarithmicError",
    "poisson": "Poisson",
    "sparse_categorical_accuracy": "SparseCategoricalAccuracy",
    "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
    "sparse_top_k_categorical_accuracy": "SparseTopKCategoricalAccuracy",
    "squared_hinge": "SquaredHinge",
    "top_k_categorical_accuracy": "TopKCategoricalAccuracy",
}
"""What a metric function of Keras 2 is today: a class with that function's mean."""

_METRIC_WORDS = frozenset(
    {"auc", "precision", "recall", "false_negatives", "false_positives", "true_negatives"}
    | {"true_positives", "root_mean_squared_error", "log_cosh_error", "r2_score", "f1_score"}
)
METRIC_NAMES = (
    (frozenset(METRICS) | frozenset(METRIC_FUNCTIONS) | _METRIC_WORDS | ACCURACY)
    | (frozenset(SHORT_NAMES) - {"kld", "KLD"})
) - {"MeanMetricWrapper", "log_cosh"}
"""Strings that Keras 3 takes as a metric."""

BASE_OPTIMIZER = (
    "learning_rate weight_decay clipnorm clipvalue global_clipnorm use_ema ema_momentum"
    " ema_overwrite_frequency loss_scale_factor gradient_accumulation_steps name"
)
OPTIMIZERS: Mapping[str, str] = {
    "Adadelta": "rho epsilon",
    "Adafactor": "beta_2_decay epsilon_1 epsilon_2 clip_threshold relative_step",
    "Adagrad": "initial_accumulator_value epsilon",
    "Adam": "beta_1 beta_2 epsilon amsgrad",
    "AdamW": "beta_1 beta_2 epsilon amsgrad",
    "Adamax": "beta_1 beta_2 epsilon",
    "Ftrl": "learning_rate_power initial_accumulator_value l1_regularization_strength"
    " l2_regularization_strength l2_shrinkage_regularization_strength beta",
    "Lion": "beta_1 beta_2",
    "Muon": "adam_beta_1 adam_beta_2 adam_weight_decay epsilon exclude_layers exclude_embeddings"
    " muon_a muon_b muon_c adam_lr_ratio momentum ns_steps nesterov rms_rate",
    "Nadam": "beta_1 beta_2 epsilon",
    "RMSprop": "rho momentum epsilon centered",
    "SGD": "momentum nesterov",
    "ScheduleFreeAdamW": "beta_1 beta_2 epsilon warmup_steps",
}
"""Optimizers with their own arguments."""

CLIPPING = ("clipnorm", "clipvalue", "global_clipnorm")
LOSS_SCALE = "LossScaleOptimizer"
LOSS_SCALE_ARGUMENTS = "inner_optimizer initial_scale dynamic_growth_steps name"

SCHEDULES: Mapping[str, str] = {
    "CosineDecay": "initial_learning_rate decay_steps alpha warmup_target warmup_steps",
    "CosineDecayRestarts": "initial_learning_rate first_decay_steps t_mul m_mul alpha",
    "ExponentialDecay": "initial_learning_rate decay_steps decay_rate staircase",
    "InverseTimeDecay": "initial_learning_rate decay_steps decay_rate staircase",
    "PiecewiseConstantDecay": "boundaries values",
    "PolynomialDecay": "initial_learning_rate decay_steps end_learning_rate power cycle",
}
"""Learning rate schedules with their arguments, besides ``name``."""

_REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)
_CHOICES: Mapping[str, tuple[Json, ...]] = {
    "reduction": _REDUCTIONS,
    "curve": ("ROC", "PR"),
    "summation_method": ("interpolation", "minoring", "majoring"),
    "average": (None, "micro", "macro", "weighted"),
    "class_aggregation": (None, "uniform_average", "variance_weighted_average"),
}
_FLAGS = frozenset(
    {"from_logits", "apply_class_balancing", "remove_diagonal", "multi_label", "sparse_y_true"}
    | {"sparse_y_pred", "from_sorted_ids", "use_ema", "amsgrad", "nesterov", "centered"}
    | {"relative_step", "staircase", "cycle", "exclude_embeddings"}
)
_INTEGERS = frozenset(
    {"axis", "ignore_class", "top_k", "class_id", "k", "num_thresholds", "num_labels"}
    | {"num_classes", "num_regressors", "ema_overwrite_frequency", "gradient_accumulation_steps"}
    | {"dynamic_growth_steps", "warmup_steps", "ns_steps", "target_class_ids"}
)
_LISTS = frozenset(
    {"axis", "target_class_ids", "thresholds", "label_weights", "alpha", "boundaries", "values"}
)
_OPTIONAL = frozenset(
    {"axis", "ignore_class", "top_k", "class_id", "num_labels", "thresholds", "threshold"}
    | {"label_weights", "weight_decay", "clipnorm", "clipvalue", "global_clipnorm", "name"}
    | {"ema_overwrite_frequency", "loss_scale_factor", "gradient_accumulation_steps"}
    | {"warmup_target", "adam_weight_decay", "exclude_layers", "rms_rate", "dtype"}
)
_RANGES: Mapping[str, tuple[float, float]] = {
    "momentum": (0, 1),
    "ema_momentum": (0, 1),
    "ema_overwrite_frequency": (1, 2**31),
    "gradient_accumulation_steps": (2, 2**31),
    "recall": (0, 1),
    "precision": (0, 1),
    "specificity": (0, 1),
    "sensitivity": (0, 1),
    "thresholds": (0, 1),
    "num_thresholds": (2, 10**7),
    "num_regressors": (0, 2**31),
    "initial_accumulator_value": (0, float("inf")),
    "learning_rate_power": (float("-inf"), 0),
    "l1_regularization_strength": (0, float("inf")),
    "l2_regularization_strength": (0, float("inf")),
    "l2_shrinkage_regularization_strength": (0, float("inf")),
}
"""Where a constructor raises outside of a range."""


@dataclass(frozen=True)
class Judgement:
    """Why an object cannot be handed to Keras 3; falsy when it can."""

    reason: str = ""

    def __bool__(self) -> bool:
        return bool(self.reason)


def class_of(item: Json) -> str:
    """The class or function that an object names, as stored."""
    if isinstance(item, str):
        return item
    if isinstance(item, Mapping) and "class_name" in item:
        return str(item.get("config" if item["class_name"] == FUNCTION else "class_name"))
    return ""


def config_of(item: Json) -> dict[str, Json]:
    """The constructor arguments of an object; empty for a name."""
    config = item.get("config") if isinstance(item, Mapping) else None
    return dict(config) if isinstance(config, Mapping) else {}


def with_config(item: Mapping[str, Json], config: Mapping[str, Json], **changes: Json) -> Json:
    """The object with other constructor arguments, and with ``changes`` to the rest of it."""
    return {**item, "config": dict(config), **changes}


def keras_object(item: Json, class_name: str, config: Mapping[str, Json], module: str) -> Json:
    """An object of Keras's own, with a module where ``item`` has one."""
    made = {"class_name": class_name, "config": dict(config)}
    if isinstance(item, Mapping) and "module" in item:
        return {"module": module, **made, "registered_name": None}
    return made


def mean_of_function(name: str, function: str) -> Json:
    """A metric called ``name`` that is the mean of one of Keras's loss functions."""
    stored = {"class_name": FUNCTION, "config": function, "registered_name": function}
    wrapped = {"module": "keras.losses", **stored}
    return {"class_name": "MeanMetricWrapper", "config": {"name": name, "fn": wrapped}}


def is_custom(item: Json, context: Context) -> bool:
    """Whether the user's own modules provide the object."""
    names = {class_of(item)}
    if isinstance(item, Mapping):
        names.add(str(item.get("registered_name")))
    names |= {name.split(">")[-1] for name in names}
    return bool(names & context.custom)


def from_h5(state: CompileState) -> bool:
    """Whether the state was stored in a legacy ``.h5``, which gives its optimizer no module."""
    optimizer = state.optimizer
    return isinstance(optimizer, Mapping) and "module" not in optimizer


def map_losses(state: CompileState, function: Callable[[Json], Json]) -> CompileState:
    """The state with ``function`` applied to each loss; the same state when nothing changed."""
    loss = map_objects(state.loss, function)
    return state if _same(loss, state.loss) else replace(state, loss=loss)


def _same(new: Json, old: Json) -> bool:
    # Not a number is not equal to itself.
    return new is old or bool(new == old)


def map_metrics(state: CompileState, function: Callable[[Json], Json]) -> CompileState:
    """The state with ``function`` applied to each metric; the same state when nothing changed."""
    metrics = map_objects(state.metrics, function)
    weighted = map_objects(state.weighted_metrics, function)
    if _same(metrics, state.metrics) and _same(weighted, state.weighted_metrics):
        return state
    return replace(state, metrics=metrics, weighted_metrics=weighted)


def map_optimizer(
    state: CompileState, function: Callable[[Mapping[str, Json]], Json]
) -> CompileState:
    """The state with ``function`` applied to the optimizer, and to the one inside loss scaling."""
    optimizer = _mapped_optimizer(state.optimizer, function)
    return state if _same(optimizer, state.optimizer) else replace(state, optimizer=optimizer)


def _mapped_optimizer(item: Json, function: Callable[[Mapping[str, Json]], Json]) -> Json:
    if not isinstance(item, Mapping) or "class_name" not in item:
        return item
    inner = config_of(item).get("inner_optimizer")
    if inner is not None:
        changed = _mapped_optimizer(inner, function)
        item = with_config(item, {**config_of(item), "inner_optimizer": changed})
    return function(item)


def optimizers_in(state: CompileState) -> list[Mapping[str, Json]]:
    """The optimizer, or the one inside loss scaling; empty when it is only a name."""
    item = state.optimizer
    while isinstance(item, Mapping):
        inner = config_of(item).get("inner_optimizer")
        if class_of(item) != LOSS_SCALE or inner is None:
            return [item]
        item = inner
    return []


def is_legacy(item: Mapping[str, Json]) -> bool:
    """Whether an optimizer of Keras 1 or 2 is from before tf.keras 2.11, when Keras 3's came."""
    return "use_ema" not in config_of(item)


def in_keras_optimizers(item: Mapping[str, Json]) -> Json:
    """The optimizer in the form it has inside another one, where the module is always named."""
    if "module" in item:
        return item
    return {"module": "keras.optimizers", **item, "registered_name": None}


def objects_in(value: Json) -> Iterator[Json]:
    """Every object in the nested lists and dictionaries by output of a loss or of metrics."""
    if is_object(value):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from objects_in(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from objects_in(item)


def without_metrics(state: CompileState, unwanted: Callable[[Json], bool]) -> CompileState:
    """The state without some metrics.

    In a list by output an empty list takes the place of a metric, so that the others stay with
    their outputs.
    """
    metrics = _without(state.metrics, unwanted)
    weighted = _without(state.weighted_metrics, unwanted)
    return replace(state, metrics=metrics, weighted_metrics=weighted)


def _without(value: Json, unwanted: Callable[[Json], bool]) -> Json:
    kept = _kept(value, unwanted, nested=False)
    return kept if any(True for _ in objects_in(kept)) else None


def _kept(value: Json, unwanted: Callable[[Json], bool], *, nested: bool) -> Json:
    if is_object(value):
        return [] if unwanted(value) else value
    if isinstance(value, Mapping):
        return {key: _kept(item, unwanted, nested=True) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        items = [_kept(item, unwanted, nested=True) for item in value]
        return [item for item in items if item != []] if nested else items
    return value


def is_optional(key: str) -> bool:
    """Whether an argument may be null."""
    return key in _OPTIONAL


def is_whole(key: str) -> bool:
    """Whether an argument is a whole number or a switch, not a float."""
    return key in _INTEGERS or key in _FLAGS


def judge_loss(item: Json) -> Judgement:
    """Whether Keras 3 makes this loss."""
    if isinstance(item, str):
        known = item in LOSS_FUNCTIONS or item in LOSSES or item in SHORT_NAMES or item in BY_SHAPE
        return Judgement() if known else Judgement(f"{item} is not a loss of Keras 3")
    if class_of(item) in LOSS_FUNCTIONS and _fits_function(item):
        return Judgement()
    return _judge(item, "keras.losses", LOSSES, "reduction name dtype")


def judge_metric(item: Json) -> Judgement:
    """Whether Keras 3 makes this metric."""
    if isinstance(item, str):
        known = item in METRIC_NAMES
        return Judgement() if known else Judgement(f"{item} is not a metric of Keras 3")
    if _fits_function(item):
        return Judgement()
    return _judge(item, "keras.metrics", METRICS, "name dtype")


def judge_optimizer(item: Json) -> Judgement:
    """Whether Keras 3 makes this optimizer."""
    if isinstance(item, str):
        known = item.lower() in {name.lower() for name in OPTIMIZERS}
        return Judgement() if known else Judgement(f"{item} is not an optimizer of Keras 3")
    if class_of(item) == LOSS_SCALE:
        return _judge(item, "keras.optimizers", {LOSS_SCALE: LOSS_SCALE_ARGUMENTS}, "")
    if sum(config_of(item).get(key) is not None for key in CLIPPING) > 1:
        return Judgement(f"{class_of(item)} has more than one way of clipping")
    return _judge(item, "keras.optimizers", OPTIMIZERS, BASE_OPTIMIZER)


def _judge(item: Json, module: str, table: Mapping[str, str], common: str) -> Judgement:
    name = class_of(item)
    if not isinstance(item, Mapping) or str(item.get("class_name")) not in table:
        return Judgement(f"{name or 'an object'} is not in {module}")
    if item.get("module", module) != module or item.get("registered_name") not in (None, name):
        return Judgement(f"{name} is from {item.get('module')}, not from {module}")
    config = item.get("config")
    if not isinstance(config, (Mapping, type(None))):
        return Judgement(f"{name} has a config that is not a dictionary")
    return _judge_arguments(name, config or {}, f"{table[name]} {common}".split())


def _judge_arguments(name: str, config: Mapping[str, Json], accepted: list[str]) -> Judgement:
    for key, value in config.items():
        if key not in accepted:
            return Judgement(f"{name} has an argument {key} that Keras 3 does not take")
        if not _fits(key, value):
            return Judgement(f"{name} has {key}={str(value)[:60]}, which Keras 3 does not take")
    missing = [key for key in _REQUIRED.get(name, "").split() if key not in config]
    return Judgement(f"{name} lacks {', '.join(missing)}") if missing else Judgement()


_REQUIRED: Mapping[str, str] = {
    "IoU": "num_classes target_class_ids",
    "MeanIoU": "num_classes",
    "MeanMetricWrapper": "fn",
    "OneHotIoU": "num_classes target_class_ids",
    "OneHotMeanIoU": "num_classes",
    "PrecisionAtRecall": "recall",
    "RecallAtPrecision": "precision",
    "SensitivityAtSpecificity": "specificity",
    "SpecificityAtSensitivity": "sensitivity",
    LOSS_SCALE: "inner_optimizer",
    "CosineDecay": "initial_learning_rate decay_steps",
    "CosineDecayRestarts": "initial_learning_rate first_decay_steps",
    "ExponentialDecay": "initial_learning_rate decay_steps decay_rate",
    "InverseTimeDecay": "initial_learning_rate decay_steps decay_rate",
    "PiecewiseConstantDecay": "boundaries values",
    "PolynomialDecay": "initial_learning_rate decay_steps",
}
"""Arguments without a default."""


def _fits(key: str, value: Json) -> bool:
    """Whether a value is of the kind that the argument takes; nested objects have to be Keras's."""
    special = _SPECIAL.get(key)
    if special is not None:
        return special(value)
    if key in _CHOICES:
        return value in _CHOICES[key]
    if value is None:
        return key in _OPTIONAL
    if key in _FLAGS:
        return isinstance(value, bool)
    values = value if isinstance(value, list) and key in _LISTS else [value]
    return all(_is_number(key, item) for item in values)


def _is_number(key: str, value: Json) -> bool:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return False
    low, high = _RANGES.get(key, (float("-inf"), float("inf")))
    return low <= value <= high and (key not in _INTEGERS or isinstance(value, int))


def _fits_name(value: Json) -> bool:
    # The name becomes a scope, which cannot hold a slash.
    return value is None or (isinstance(value, str) and "/" not in value)


def _fits_dtype(value: Json) -> bool:
    if isinstance(value, Mapping):
        policy = config_of(value)
        known = value.get("class_name") == "DTypePolicy" and value.get("module") == "keras"
        return known and set(policy) == {"name"} and _fits_dtype(policy["name"])
    return value is None or (isinstance(value, str) and value in _DTYPES)


def _fits_momentum(value: Json) -> bool:
    # 1 is not a float to Keras.
    return isinstance(value, float) and _is_number("momentum", value)


def _fits_learning_rate(value: Json) -> bool:
    if isinstance(value, Mapping):
        return not _judge(value, "keras.optimizers.schedules", SCHEDULES, "name")
    return isinstance(value, float)


def _fits_function(value: Json) -> bool:
    if not isinstance(value, Mapping) or value.get("class_name") != FUNCTION:
        return False
    known = LOSS_FUNCTIONS | frozenset(METRIC_FUNCTIONS)
    modules = ("builtins", "keras.losses", "keras.metrics")
    return class_of(value) in known and value.get("module") in modules


def _fits_inner(value: Json) -> bool:
    known = isinstance(value, Mapping) and class_of(value) != LOSS_SCALE
    return known and not judge_optimizer(value)


def _fits_names(value: Json) -> bool:
    return value is None or isinstance(value, list) and all(isinstance(item, str) for item in value)


_DTYPES = frozenset(
    {"float16", "float32", "float64", "bfloat16", "mixed_float16", "mixed_bfloat16"}
)
_SPECIAL: Mapping[str, Callable[[Any], bool]] = {
    "name": _fits_name,
    "dtype": _fits_dtype,
    "learning_rate": _fits_learning_rate,
    "momentum": _fits_momentum,
    "fn": _fits_function,
    "inner_optimizer": _fits_inner,
    "exclude_layers": _fits_names,
}
