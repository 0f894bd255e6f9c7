"""Optimizers that scale the loss.

What it sees: ``LossScaleOptimizer`` of tf.keras 2.0 to 2.15 in its three forms: with ``optimizer``
and ``loss_scale``, with ``inner_optimizer`` and ``dynamic``, and the one whose class is called
``LossScaleOptimizerV3``. Also the one of Keras 3.0 to 3.11, which saved the options that every
optimizer has (``clipnorm``, ``use_ema``, …) beside those of its inner optimizer.

Why Keras 3 trips: it takes ``inner_optimizer``, ``initial_scale`` and ``dynamic_growth_steps`` only
("KeyError: 'name'", "no longer supports `dynamic=False`"), and finds the inner optimizer by its
module.

What kfix changes: a dynamic scale becomes Keras 3's LossScaleOptimizer; a fixed one becomes
``loss_scale_factor`` of the inner optimizer. Options of Keras 3's own that say nothing are dropped.

Links: https://keras.io/api/optimizers/loss_scale_optimizer/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from converter.model.description import CompileState, Json
from converter.model.findings import Severity
from converter.rules._compile_objects import (
    LOSS_SCALE,
    config_of,
    in_keras_optimizers,
    keras_object,
    with_config,
)
from converter.rules.base import CompileChange, Context, Rule, Stage

CLASSES = frozenset({LOSS_SCALE, "LossScaleOptimizerV3", "LossScaleOptimizerV1"})
DYNAMIC = {"initial_scale": 2.0**15, "dynamic_growth_steps": 2000}
TAKEN = frozenset({"name", "inner_optimizer", *DYNAMIC})
AT_REST: Mapping[str, Json] = {
    "weight_decay": None,
    "clipnorm": None,
    "global_clipnorm": None,
    "clipvalue": None,
    "use_ema": False,
    "ema_momentum": 0.99,
    "ema_overwrite_frequency": None,
    "loss_scale_factor": None,
    "gradient_accumulation_steps": None,
}
"""What an optimizer's options are where nobody set them."""


@dataclass(frozen=True)
class Scale:
    """How a loss is scaled: by a fixed factor, or one that grows after so many good steps."""

    dynamic: bool
    initial: Json
    growth_steps: Json
    multiplier: Json = 2.0


def translate(state: CompileState, context: Context) -> Iterator[CompileChange]:
    """Brings loss scaling to Keras 3's form."""
    optimizer = state.optimizer
    if not isinstance(optimizer, Mapping):
        return
    name = str(optimizer.get("class_name")).removeprefix("Custom>")
    config = config_of(optimizer)
    inner = config.get("inner_optimizer", config.get("optimizer"))
    if name not in CLASSES or not isinstance(inner, Mapping):
        return
    if context.writer.generation == 3:
        yield from _of_early_keras3(state, optimizer, config)
        return
    scale = _scale(config)
    new = replace(state, optimizer=_translated(optimizer, inner, scale))
    message = "the optimizer scales the loss in Keras 2's form"
    yield CompileChange(Severity.BREAKS, message, new, "translated")
    if scale.multiplier != 2.0:
        message = f"the loss scale grew by a factor of {scale.multiplier}, in Keras 3 it doubles"
        yield CompileChange(Severity.NOTICE, message, new)


def _of_early_keras3(
    state: CompileState, optimizer: Mapping[str, Json], config: Mapping[str, Json]
) -> Iterator[CompileChange]:
    """Options of the optimizer around another one: only those that are at rest can go."""
    removed = {key: value for key, value in config.items() if key not in TAKEN}
    if removed and all(AT_REST.get(key) == value for key, value in removed.items()):
        kept = {key: value for key, value in config.items() if key in TAKEN}
        new = replace(state, optimizer=with_config(optimizer, kept))
        message = f"LossScaleOptimizer no longer takes {', '.join(removed)}"
        yield CompileChange(Severity.BREAKS, message, new, "removed, they had no effect")


def _translated(optimizer: Json, inner: Mapping[str, Json], scale: Scale) -> Json:
    if not scale.dynamic:
        scaled = with_config(inner, {**config_of(inner), "loss_scale_factor": scale.initial})
        # The module is what tells a state of a .keras from one of an .h5.
        return scaled if "module" in optimizer else _without_module(scaled)
    config = {
        "name": "loss_scale_optimizer",
        "inner_optimizer": in_keras_optimizers(inner),
        "initial_scale": scale.initial,
        "dynamic_growth_steps": scale.growth_steps,
    }
    return keras_object(optimizer, LOSS_SCALE, config, "keras.optimizers")


def _without_module(item: Mapping[str, Json]) -> Json:
    return {key: value for key, value in item.items() if key in ("class_name", "config")}


def _scale(config: Mapping[str, Json]) -> Scale:
    values = DYNAMIC | {key: config[key] for key in DYNAMIC if config.get(key) is not None}
    scale = config.get("loss_scale", "dynamic")
    if isinstance(scale, Mapping):
        return _stored_scale(scale)
    dynamic = scale == "dynamic" and config.get("dynamic", True) is not False
    initial = values["initial_scale"] if scale == "dynamic" else scale
    return Scale(dynamic, initial, values["dynamic_growth_steps"])


def _stored_scale(scale: Mapping[str, Json]) -> Scale:
    """The object that TensorFlow 2.0 to 2.3 had for a scale."""
    config = config_of(scale)
    if scale.get("class_name") == "FixedLossScale":
        return Scale(False, config.get("loss_scale_value"), None)
    initial = config.get("initial_loss_scale", DYNAMIC["initial_scale"])
    steps = config.get("increment_period", DYNAMIC["dynamic_growth_steps"])
    return Scale(True, initial, steps, config.get("multiplier", 2.0))


RULE = Rule(
    code="KF409",
    stage=Stage.COMPILE,
    summary="loss scaling of mixed precision",
    generations=frozenset({2, 3}),
    compile=translate,
)
