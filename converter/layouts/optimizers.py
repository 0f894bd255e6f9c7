"""The variables of Keras 3's optimizers: which there are, in which order, in a ``.keras`` archive.

``optimizer/vars/0`` is the number of steps and ``vars/1`` the learning rate (not where that is a
schedule); then come the variables of the trained weights, in the order of
``model.trainable_variables``. A variable of a weight follows the weight wherever rules moved its
numbers: transposed, turned around or put beside others. Where a rule computes new numbers, training
is that of another parametrisation, and nothing can follow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from converter.layouts import addons
from converter.layouts.graph_order import ordered_layers
from converter.layouts.legacy import UnknownVariablesError, VariablesOf, trainable_slots
from converter.layouts.variables import variables_of
from converter.model.description import (
    Array,
    Dataset,
    Json,
    Layer,
    Model,
    OptimizerState,
    Weight,
)

Config = Mapping[str, Json]
Rounds = list[tuple[str, ...]]
"""The variables of a weight; those of one round stand together, weight by weight."""

LOSS_SCALE = "LossScaleOptimizer"
PREFIX = "optimizer/vars"
INNER_PREFIX = "optimizer/inner_optimizer/vars"
MOMENTUM_DECAY = 0.96
"""The base of Nadam's schedule."""
MOST_STEPS = 10_000


class NotCarriedError(Exception):
    """Why the variables of an optimizer can't go on with a model."""


def _always(*rounds: tuple[str, ...]) -> Callable[[Config], Rounds]:
    return lambda config: list(rounds)


def _sgd(config: Config) -> Rounds:
    return [("momentum",)] if config.get("momentum") else []


def _rmsprop(config: Config) -> Rounds:
    more = [("momentum",)] if config.get("momentum") else []
    return [("velocity",), *more, *([("average_gradient",)] if config.get("centered") else [])]


def _adam(config: Config) -> Rounds:
    more = [("velocity_hat",)] if config.get("amsgrad") else []
    return [("momentum", "velocity"), *more]


_ROUNDS: Mapping[str, Callable[[Config], Rounds]] = {
    "Adadelta": _always(("accumulated_grad", "accumulated_delta_var")),
    "Adafactor": _always(("row", "column", "velocity")),
    "Adagrad": _always(("accumulator",)),
    "Adam": _adam,
    "AdamW": _adam,
    "Adamax": _always(("momentum", "norm")),
    "Ftrl": _always(("accumulator", "linear")),
    "Lamb": _always(("momentum", "velocity")),
    "Lion": _always(("momentum",)),
    "Nadam": _always(("momentum", "velocity")),
    "RMSprop": _rmsprop,
    "SGD": _sgd,
    "ScheduleFreeAdamW": _always(("momentum", "velocity")),
}
"""Optimizers whose variables are known. Muon's depend on the names of the weights."""

FACTORS: Mapping[str, Callable[[tuple[int, ...]], tuple[int, ...]]] = {
    "row": lambda shape: shape[:-1] if len(shape) > 1 else (),
    "column": lambda shape: (*shape[:-2], *shape[-1:]) if len(shape) > 1 else (),
}
"""Variables of another shape than their weight's."""


def rounds_of(class_name: str, config: Config) -> Rounds | None:
    """What an optimizer keeps for each weight, in Keras 3's order; None where that is not known."""
    own = _ROUNDS.get(class_name)
    if own is None:
        return None
    averages: Rounds = [("average",)] if config.get("use_ema") else []
    gathered: Rounds = (
        [("gradient_accumulator",)] if config.get("gradient_accumulation_steps") else []
    )
    return averages + gathered + own(config)


def slot_shape(slot: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of one variable of a weight of the given shape."""
    return FACTORS[slot](shape) if slot in FACTORS else shape


def has_rate(config: Config) -> bool:
    """Whether the learning rate is a variable, not a schedule."""
    return not isinstance(config.get("learning_rate"), Mapping)


def trainable_weights(
    model: Model, *, implicit_masks: bool = True, variables: VariablesOf = variables_of
) -> list[Weight]:
    """The weights that training changes, in the order in which Keras hands them to the optimizer.

    Args:
        model: with its weights bound.
        implicit_masks: see ``ordered_layers``.
        variables: what each layer creates.

    Raises:
        UnknownVariablesError: a class of the user's, whose variables are not known.
    """
    if model.config.get("trainable", True) is False:
        return []
    found: list[Weight] = []
    for layer in ordered_layers(model, implicit_masks=implicit_masks):
        places = trainable_slots(layer, implicit_masks=implicit_masks, variables=variables)
        found += [_called(each, index) for each, index in places if index < len(each.weights)]
    return found


def _called(layer: Layer, index: int) -> Weight:
    """A weight that says of which layer it is."""
    weight = layer.weights[index]
    return replace(weight, name=f"{layer.name}/{weight.name}")


@dataclass(frozen=True)
class Optimizer:
    """An optimizer in Keras 3's words: its class, its arguments, and the one around it."""

    class_name: str
    config: Config
    scaling: Config | None = None


def optimizer_of(item: Json) -> Optimizer:
    """Reads the optimizer of a compile state, of any Keras; a name stands for its defaults."""
    if not isinstance(item, Mapping):
        names = {name.lower(): name for name in _ROUNDS}
        return Optimizer(names.get(str(item).lower(), str(item)), {})
    class_name, config = str(item.get("class_name")).removeprefix("Custom>"), item.get("config")
    class_name = addons.OPTIMIZERS.get(class_name, class_name)
    config = config if isinstance(config, Mapping) else {}
    inner = config.get("inner_optimizer", config.get("optimizer"))
    if class_name.startswith(LOSS_SCALE) and isinstance(inner, Mapping):
        return replace(optimizer_of(inner), scaling=config)
    return Optimizer(class_name, config)


def variables(model: Model) -> list[tuple[str, Weight]]:
    """Path and weight of each variable of a model's optimizer, as Keras 3 saves them.

    Args:
        model: in Keras 3's words; what training left is in its compile state.

    Raises:
        NotCarriedError: the file's variables don't determine them.
    """
    state = model.compile.variables if model.compile else None
    if model.compile is None or state is None:
        return []
    if state.problem:
        raise NotCarriedError(state.problem)
    optimizer = optimizer_of(model.compile.optimizer)
    try:
        weights = trainable_weights(model)
    except UnknownVariablesError as unknown:
        reason = f"the weights of {unknown.class_name} ({unknown.path}) are not known"
        raise NotCarriedError(reason) from None
    own = _own(optimizer, state, weights)
    if optimizer.scaling is None:
        return _numbered(PREFIX, own)
    around = _numbered(PREFIX, [*_scale(optimizer.scaling), *own])
    return around + _numbered(INNER_PREFIX, own)


def _numbered(prefix: str, weights: Sequence[Weight]) -> list[tuple[str, Weight]]:
    return [(f"{prefix}/{index}", each) for index, each in enumerate(weights)]


def _own(optimizer: Optimizer, state: OptimizerState, weights: list[Weight]) -> list[Weight]:
    rounds = rounds_of(optimizer.class_name, optimizer.config)
    only_ordered = bool(state.weights) and not state.slots
    if rounds is None or (rounds and only_ordered):
        return _as_they_are(optimizer, state, weights)
    found = _head(optimizer, state)
    if rounds:
        _refuse_other_weights(state, weights)
    for names in rounds:
        for weight in weights:
            found += [_slot(weight, name, state) for name in names]
    if optimizer.class_name == "Nadam":
        found.append(_momentum_product(optimizer.config, state))
    return found


def _as_they_are(
    optimizer: Optimizer, state: OptimizerState, weights: list[Weight]
) -> list[Weight]:
    """All variables of an optimizer that is not known, if its weights are what they were."""
    sources = [each.sources[0].path for each in weights if _is_as_stored(each)]
    if not state.of_keras3 or len(sources) < len(weights) or sources != list(state.weights):
        raise NotCarriedError(f"the variables of {optimizer.class_name} can't be told apart")
    return [Weight("", (each,), each.shape, each.dtype) for each in state.variables]


def _is_as_stored(weight: Weight) -> bool:
    return weight.compute is None and len(weight.sources) == 1


def _head(optimizer: Optimizer, state: OptimizerState) -> list[Weight]:
    if not has_rate(optimizer.config):
        return [_steps(state, needed=True)]
    return [_steps(state, needed=False), _rate(optimizer, state)]


def _steps(state: OptimizerState, *, needed: bool) -> Weight:
    if state.iterations is None:
        if needed:
            raise NotCarriedError("the file does not say how many steps were taken")
        return _constant("iteration", 0, "int64")

    def compute(arrays: Sequence[Array]) -> Array:
        return np.asarray(steps_in(arrays[0]), np.int64)

    return Weight("iteration", (state.iterations,), (), "int64", compute)


def steps_in(array: Array) -> int:
    """The number of steps that a variable holds; 0 where that is no number that counts any."""
    value = np.asarray(array).reshape(())
    return min(max(int(value), 0), np.iinfo(np.int64).max) if np.isfinite(value) else 0


DEFAULT_RATES: Mapping[str, float] = {"SGD": 0.01, "ScheduleFreeAdamW": 0.0025}
"""Learning rates of optimizers that a file calls by name only, where they are not 0.001."""


def _rate(optimizer: Optimizer, state: OptimizerState) -> Weight:
    if state.rate is not None:
        return Weight("learning_rate", (state.rate,), (), state.rate.dtype)
    default = DEFAULT_RATES.get(optimizer.class_name, 0.001)
    return _constant("learning_rate", optimizer.config.get("learning_rate", default), "float32")


def _constant(name: str, value: float, dtype: str) -> Weight:
    return Weight(name, (), (), dtype, lambda arrays: np.asarray(value, dtype))


def _scale(config: Config) -> list[Weight]:
    """What scales the loss, from its start: tf.keras does not save how far it got."""
    initial = config.get("initial_scale", 2.0**15)
    whole = [_constant(name, 0, "int64") for name in ("iteration", "step_counter")]
    rate = _constant("learning_rate", 0.0, "float32")
    return [whole[0], rate, whole[1], _constant("dynamic_scale", initial, "float32")]


def _refuse_other_weights(state: OptimizerState, weights: list[Weight]) -> None:
    """What is trained has to be what was trained, each number once."""
    used = [source.path for each in weights for source in each.sources]
    if len(set(used)) != len(used):
        raise NotCarriedError("a weight is in two places of the new model")
    if set(used) - set(state.slots):
        raise NotCarriedError("the new model trains weights that were not trained")
    if set(state.slots) - set(used):
        raise NotCarriedError("the new model does not train all weights that were trained")


def _slot(weight: Weight, name: str, state: OptimizerState) -> Weight:
    """The variable ``name`` of a weight, moved about like the weight."""
    if not weight.sources:
        raise NotCarriedError(f"a weight {weight.name} was added that was not trained")
    if name in FACTORS and len(weight.shape) < 2:
        return _constant(name, 0, "float32")
    kept = [state.slots[source.path].get(name) for source in weight.sources]
    stored = [each for each in kept if each is not None]
    if len(stored) < len(kept):
        raise NotCarriedError(f"the file has no {name} for each weight")
    if name in FACTORS and not _is_as_stored(weight):
        raise NotCarriedError(f"{name} can't follow {weight.name}, which has another layout now")
    if not rearranges(weight):
        raise NotCarriedError(
            f"{weight.name} holds other numbers than the file, so that its training is another"
        )
    shape = slot_shape(name, weight.shape)
    return replace(weight, name=name, sources=tuple(stored), shape=shape, dtype=stored[0].dtype)


def rearranges(weight: Weight) -> bool:
    """Whether a weight holds numbers of its sources as they are, none of them twice.

    Found by trying: each number of the sources is replaced by one of its own.
    """
    if weight.compute is None:
        return True
    arrays, first = [], 1
    for source in weight.sources:
        size = int(np.prod(source.shape, dtype=np.int64))
        arrays.append(np.arange(first, first + size, dtype=np.float64).reshape(source.shape))
        first += size
    found = np.asarray(weight.compute(arrays), np.float64).ravel()
    if found.size != first - 1:
        return False
    return bool(np.array_equal(np.sort(found), np.arange(1, first)))


def _momentum_product(config: Config, state: OptimizerState) -> Weight:
    """The product of all momentums so far, which Nadam keeps beside the weights.

    tf.keras 2.11 to 2.15 multiplied it for each weight, but for one in each of the first steps: it
    compared a counter of its own, fixed while tracing, with the number of steps.
    """
    beta, times = config.get("beta_1", 0.9), state.products
    sources: tuple[Dataset, ...] = (state.iterations,) if state.iterations else ()

    def compute(arrays: Sequence[Array]) -> Array:
        steps = steps_in(arrays[0]) if arrays else 0
        # It is 0 long before.
        taken = np.arange(1, min(steps, MOST_STEPS) + 1)
        momentums = beta * (1 - 0.5 * np.power(MOMENTUM_DECAY, taken))
        product = np.prod(np.power(momentums, times - (taken < times)))
        return np.asarray(product, np.float32)

    return Weight("u_product", sources, (), "float32", compute)


def trains_tables(model: Model) -> bool:
    """Whether an Embedding is trained: its gradients are of the rows alone that a batch uses."""
    slots = (each for layer in ordered_layers(model) for each, _ in trainable_slots(layer))
    return any(each.class_name == "Embedding" for each in slots)
