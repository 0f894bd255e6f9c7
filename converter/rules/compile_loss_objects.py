"""Loss objects with arguments of Keras 2.

What it sees: losses stored as objects by tf.keras and Keras 2.3: ``reduction: auto``, a ``fn``
beside it, classes that are gone (``CosineProximity``, ``LossFunctionWrapper``).

Why Keras 3 trips: "Invalid value for argument `reduction`", "unexpected keyword argument 'fn'".

What kfix changes: ``auto`` becomes ``sum_over_batch_size``, which it meant outside of distribution
strategies; ``fn`` goes where it is the function of the class; a wrapped function becomes the class
of that function. Others are left to the later rules.

Links: https://keras.io/api/losses/, https://github.com/keras-team/keras/issues/19441
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from converter.model.description import CompileState, Json
from converter.model.findings import Severity
from converter.rules._compile_names import FULL_NAMES
from converter.rules._compile_objects import (
    FUNCTION,
    LOSSES,
    class_of,
    config_of,
    keras_object,
    map_losses,
    objects_in,
)
from converter.rules.base import CompileChange, Context, Rule, Stage

REDUCTIONS: Mapping[str, str] = {
    "auto": "sum_over_batch_size",
    "AUTO": "sum_over_batch_size",
    "weighted_sum_over_batch_size": "sum_over_batch_size",
    "weighted_sum": "sum",
    "None": "none",
}
RENAMED_CLASSES: Mapping[str, str] = {"CosineProximity": "CosineSimilarity", "Logcosh": "LogCosh"}
FUNCTION_CLASSES: Mapping[str, str] = {
    "binary_crossentropy": "BinaryCrossentropy",
    "binary_focal_crossentropy": "BinaryFocalCrossentropy",
    "categorical_crossentropy": "CategoricalCrossentropy",
    "categorical_focal_crossentropy": "CategoricalFocalCrossentropy",
    "categorical_hinge": "CategoricalHinge",
    "cosine_similarity": "CosineSimilarity",
    "hinge": "Hinge",
    "huber": "Huber",
    "kl_divergence": "KLDivergence",
    "log_cosh": "LogCosh",
    "mean_absolute_error": "MeanAbsoluteError",
    "mean_absolute_percentage_error": "MeanAbsolutePercentageError",
    "mean_squared_error": "MeanSquaredError",
    "mean_squared_logarithmic_error": "MeanSquaredLogarithmicError",
    "poisson": "Poisson",
    "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
    "squared_hinge": "SquaredHinge",
}


def translate(state: CompileState, context: Context) -> Iterator[CompileChange]:
    """Brings the arguments of loss objects to Keras 3's."""
    new = map_losses(state, _translated)
    if new is not state:
        changed = [item for item in objects_in(state.loss) if _translated(item) != item]
        names = ", ".join(sorted({class_of(item) for item in changed}))
        message = f"loss {names} has arguments in Keras 2's words"
        yield CompileChange(Severity.BREAKS, message, new, "translated, the value is the same")


def _translated(item: Json) -> Json:
    if not isinstance(item, Mapping) or item.get("class_name") == FUNCTION:
        return item
    config = config_of(item)
    wrapped = FULL_NAMES.get(str(config.get("fn")), str(config.get("fn")))
    name = RENAMED_CLASSES.get(class_of(item), class_of(item))
    if name == "LossFunctionWrapper":
        name = FUNCTION_CLASSES.get(wrapped, name)
    if name not in LOSSES:
        return item
    if FUNCTION_CLASSES.get(wrapped) == name:
        del config["fn"]
    if "reduction" in config:
        config["reduction"] = REDUCTIONS.get(str(config["reduction"]), config["reduction"])
    if name == class_of(item) and config == config_of(item):
        return item
    return keras_object(item, name, config, "keras.losses")


RULE = Rule(
    code="KF405",
    stage=Stage.COMPILE,
    summary="arguments of loss objects",
    generations=frozenset({1, 2}),
    compile=translate,
)
