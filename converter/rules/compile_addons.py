"""Optimizers and metrics of TensorFlow Addons.

What it sees: the optimizers AdamW and SGDW, the metrics F1Score, FBetaScore and RSquare.

Why Keras 3 trips: "Could not locate class 'Addons>AdamW'".

What kfix changes: writes Keras 3's. AdamW and SGDW of Addons subtract ``weight_decay`` times the
variable at each step, those of Keras 3 ``weight_decay`` times the learning rate: the decay is
divided by the rate, as long as the rate is a number; whoever changes it later changes the decay
with it. With a schedule, or with variables that are left out by name, they are not taken for
Keras's. All other optimizers, losses and metrics of Addons compute something else than their
namesakes (LAMB, Lookahead, the focal loss that sums over its outputs): KF418 says that they are
left out.

Links: https://github.com/tensorflow/addons/issues/844
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from converter.layouts.addons import OPTIMIZERS, PACKAGE
from converter.model.description import CompileState, Json
from converter.model.findings import Severity
from converter.rules._compile_objects import (
    class_of,
    config_of,
    is_custom,
    keras_object,
    map_metrics,
    map_optimizer,
)
from converter.rules.base import CompileChange, Context, Rule, Stage

OWN_ARGUMENTS = ("exclude_from_weight_decay", "decay")
SCORES = frozenset({"F1Score", "FBetaScore"})
AGGREGATIONS: Mapping[str, Json] = {
    "raw_values": None,
    "uniform_average": "uniform_average",
    "variance_weighted": "variance_weighted_average",
}


def translate(state: CompileState, context: Context) -> Iterator[CompileChange]:
    """Names Keras 3's optimizer and metrics where they compute the same."""

    def optimizer(item: Mapping[str, Json]) -> Json:
        return item if is_custom(item, context) else _optimizer(item)

    def metric(item: Json) -> Json:
        return item if is_custom(item, context) else _metric(item)

    new = map_optimizer(state, optimizer)
    if new is not state:
        name = _name(state.optimizer) or class_of(state.optimizer)
        message = f"optimizer {name} is of TensorFlow Addons"
        remedy = "written as Keras's, with its decay over the learning rate"
        yield CompileChange(Severity.BREAKS, message, new, remedy)
    changed = map_metrics(new, metric)
    if changed is not new:
        message = "metrics are of TensorFlow Addons"
        yield CompileChange(Severity.BREAKS, message, changed, "written as Keras's")


def _name(item: Json) -> str:
    """What Addons calls an object; empty for others."""
    if not isinstance(item, Mapping):
        return ""
    for name in (str(item.get("registered_name")), class_of(item)):
        if name.startswith(PACKAGE):
            return name.removeprefix(PACKAGE)
    return ""


def _optimizer(item: Mapping[str, Json]) -> Json:
    name, config = _name(item), config_of(item)
    rate, decay = config.get("learning_rate"), config.get("weight_decay")
    if PACKAGE + name not in OPTIMIZERS or any(config.get(key) for key in OWN_ARGUMENTS):
        return item
    if not isinstance(rate, int | float) or not isinstance(decay, int | float) or rate <= 0:
        return item
    kept = {key: value for key, value in config.items() if key not in OWN_ARGUMENTS}
    kept["weight_decay"] = decay / rate
    return keras_object(item, OPTIMIZERS[PACKAGE + name], kept, "keras.optimizers")


def _metric(item: Json) -> Json:
    name, config = _name(item), config_of(item)
    if name in SCORES:
        kept = {key: value for key, value in config.items() if key != "num_classes"}
        return keras_object(item, name, kept, "keras.metrics")
    aggregation = config.pop("multioutput", "uniform_average")
    if name != "RSquare" or aggregation not in AGGREGATIONS:
        return item
    config["class_aggregation"] = AGGREGATIONS[aggregation]
    return keras_object(item, "R2Score", config, "keras.metrics")


RULE = Rule(
    code="KF417",
    stage=Stage.COMPILE,
    summary="optimizers and metrics of TensorFlow Addons",
    generations=frozenset({2}),
    compile=translate,
)
