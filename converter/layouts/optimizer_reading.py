"""The variables of an optimizer as each Keras saved them, told apart and given to their weights.

- Keras 1, 2 and tf.keras 1.13 saved blocks without names: all ``m``, then all ``v``. Up to Keras
  2.0.0 the weights were sorted by their names, later they have the order of the model.
- tf.keras 1.14 to 2.10, and its legacy optimizers, named the weight and then the variable:
  ``Adam/dense/kernel/m:0``.
- tf.keras 2.11 to 2.15 named the variable and then the weight: ``Adam/m/dense/kernel:0``; in an
  archive there are numbers only.
- Keras 3 has the order that ``optimizers`` describes.

Nothing is guessed: where counts, shapes or names leave a choice, the state has a ``problem``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from converter.layouts.legacy import UnknownVariablesError
from converter.layouts.optimizers import (
    FACTORS,
    Optimizer,
    has_rate,
    rounds_of,
    slot_shape,
    trainable_weights,
)
from converter.model.description import Dataset, Layer, Model, OptimizerState, Writer

BLOCKS: Mapping[str, tuple[str, ...]] = {
    "SGD": ("momentum",),
    "RMSprop": ("velocity",),
    "Adagrad": ("accumulator",),
    "Adadelta": ("accumulated_grad", "accumulated_delta_var"),
    "Adam": ("momentum", "velocity"),
    "Adamax": ("momentum", "norm"),
    "Nadam": ("momentum", "velocity"),
}
"""What the optimizers of Keras 1 and 2 kept for each weight, block by block."""

NAMES: Mapping[str, Mapping[str, str]] = {
    "Adam": {"m": "momentum", "v": "velocity", "vhat": "velocity_hat"},
    "AdamW": {"m": "momentum", "v": "velocity", "vhat": "velocity_hat"},
    "Nadam": {"m": "momentum", "v": "velocity"},
    "Adamax": {"m": "momentum", "v": "norm", "u": "norm"},
    "RMSprop": {"rms": "velocity", "mg": "average_gradient", "velocity": "velocity"}
    | {"momentum": "momentum", "average_gradient": "average_gradient"},
    "SGD": {"momentum": "momentum", "m": "momentum"},
    "Adagrad": {"accumulator": "accumulator"},
    "Adadelta": {"accum_grad": "accumulated_grad", "accum_var": "accumulated_delta_var"}
    | {"accumulated_grad": "accumulated_grad", "accumulated_delta_var": "accumulated_delta_var"},
    "Ftrl": {"accumulator": "accumulator", "linear": "linear"},
    "Lion": {"m": "momentum"},
    "Adafactor": {"r": "row", "c": "column", "v": "velocity"},
}
"""The names of tf.keras for the variables, and those of Keras 3."""

AVERAGE = {"average": "average"}
"""The moving average of a weight, which any optimizer may keep since TensorFlow 2.11."""

SORTED_FOR_CERTAIN = (2, 0, 0)
IN_ORDER_FOR_CERTAIN = (2, 0, 6)
"""Stand-alone releases between which the order of the weights changed."""

STATISTICS = ("_running_mean", "_running_std")


class _UnclearError(Exception):
    """Why the variables can't be told apart."""


@dataclass(frozen=True)
class Saved:
    """The variables of an optimizer in a file.

    Attributes:
        variables: all, in the order of the file.
        names: how the file calls a weight of the model, by its path.
        writer: who wrote it.
        archived: whether the file numbers the variables.
    """

    variables: tuple[Dataset, ...]
    names: Mapping[str, str]
    writer: Writer
    archived: bool


def read(model: Model, optimizer: Optimizer, saved: Saved) -> OptimizerState:
    """Gives each variable of the optimizer to a weight of the model.

    Args:
        model: in the writer's words, with its weights bound.
        optimizer: its class by Keras 3's name, and its arguments.
        saved: what the file holds.
    """
    of_keras3 = saved.writer.generation >= 3
    orders: list[list[Dataset]] = []
    try:
        orders = _orders(model, saved)
        found = [_read(optimizer, saved, order) for order in orders]
    except UnknownVariablesError as unknown:
        problem = f"the weights of {unknown.class_name} ({unknown.path}) are not known"
        return OptimizerState(saved.variables, of_keras3=of_keras3, problem=problem)
    except _UnclearError as unclear:
        if of_keras3 and orders:
            paths = tuple(each.path for each in orders[0])
            return OptimizerState(saved.variables, weights=paths, of_keras3=True)
        return OptimizerState(saved.variables, problem=f"{unclear}{_hint(model, saved)}")
    first, *others = found
    if any(each.slots != first.slots for each in others):
        problem = "the order of the weights depends on the release, and both fit"
        return OptimizerState(saved.variables, problem=problem)
    return first


def _hint(model: Model, saved: Saved) -> str:
    """What may be the reason: early releases save no flag for a model inside another one."""
    inner = [each.model.config for each in model.layers if each.model is not None]
    unsaid = saved.writer.generation < 3 and any("trainable" not in each for each in inner)
    return ", perhaps an inner model was frozen, which the file does not say" if unsaid else ""


def _orders(model: Model, saved: Saved) -> list[list[Dataset]]:
    """The trained weights in the order of the optimizer; in two where the release decides."""
    writer = saved.writer
    if writer.generation == 1:
        return [_by_name(list(_trained_by_keras1(model.layers, saved.names)), saved.names)]
    weights = trainable_weights(model, implicit_masks=writer.generation >= 3)
    if any(len(each.sources) != 1 for each in weights):
        raise _UnclearError("a weight is made of several in the file")
    in_order = [each.sources[0] for each in weights]
    if writer.tf_keras or writer.version >= IN_ORDER_FOR_CERTAIN:
        return [in_order]
    by_name = _by_name(in_order, saved.names)
    if writer.version <= SORTED_FOR_CERTAIN:
        return [by_name]
    fitting = [each for each in (by_name, in_order) if _fits_shapes(each, saved)]
    return fitting or [in_order]


def _fits_shapes(order: Sequence[Dataset], saved: Saved) -> bool:
    """Whether the last block of the file may be that of the weights in this order."""
    last = saved.variables[-len(order) :] if order else ()
    return [each.shape for each in last] == [each.shape for each in order]


def _trained_by_keras1(layers: Iterable[Layer], names: Mapping[str, str]) -> Iterator[Dataset]:
    """The arrays of all layers that are not frozen, but for statistics of batches."""
    for layer in layers:
        config = layer.config if layer.model is None else layer.model.config
        if config.get("trainable", True) is False:
            continue
        for source in (source for weight in layer.weights for source in weight.sources):
            if not names.get(source.path, "").split(":")[0].endswith(STATISTICS):
                yield source
        yield from _trained_by_keras1(layer.inner.values(), names)
        if layer.model is not None:
            yield from _trained_by_keras1(layer.model.layers, names)


def _by_name(weights: Sequence[Dataset], names: Mapping[str, str]) -> list[Dataset]:
    called = [names.get(each.path, "") for each in weights]
    if len(set(called)) != len(called) or any(re.match(r"param_\d+$", name) for name in called):
        raise _UnclearError("the weights were sorted by names that the file does not hold")
    return [each for _, each in sorted(zip(called, weights, strict=True), key=lambda pair: pair[0])]


Slots = dict[str, dict[str, Dataset]]
"""The variables of each weight, by its path and then by name."""


def _read(optimizer: Optimizer, saved: Saved, order: list[Dataset]) -> OptimizerState:
    every = saved.variables
    if saved.archived or saved.writer.generation >= 3:
        return _numbered(optimizer, saved, order)
    short = [each.path.split("/", 1)[-1].split(":")[0] for each in every]
    if re.search(r"(^|/)iter$", short[0]):
        named = [(_weight_first(name), each) for name, each in zip(short, every, strict=True)]
    elif short[0] == "iteration":
        prefixed = _are_prefixed(short[1:], optimizer)
        named = [
            (_variable_first(name, prefixed), each) for name, each in zip(short, every, strict=True)
        ]
    else:
        return _blocks(optimizer, saved, order)
    return _state(saved, order, _by_words(optimizer, saved, order, named[1:]), every[0])


def _state(
    saved: Saved,
    order: Sequence[Dataset],
    slots: Slots,
    iterations: Dataset | None,
    rate: Dataset | None = None,
) -> OptimizerState:
    if iterations is not None and iterations.shape not in ((), (1,)):
        raise _UnclearError("the number of steps is no number")
    if any(each.dtype.startswith("complex") for each in saved.variables):
        raise _UnclearError("its variables are complex numbers")
    of_keras3 = saved.writer.generation >= 3
    is_new = saved.writer.tf_keras and iterations is not None and not _is_old(iterations)
    products = len(order) if is_new else 1
    paths = tuple(each.path for each in order)
    return OptimizerState(saved.variables, iterations, paths, slots, rate, products, of_keras3)


def _is_old(iterations: Dataset) -> bool:
    """Whether the optimizer is of tf.keras before 2.11, by the name of its number of steps."""
    return not re.search(r"(^|/)(iteration(:0)?|vars/0)$", iterations.path)


# Words


def _weight_first(name: str) -> tuple[str, str]:
    """The variable's word and the weight of ``Adam/dense/kernel/m``."""
    weight, _, word = name.rpartition("/")
    return re.sub(r"_\d+$", "", word), weight


def _are_prefixed(names: Sequence[str], optimizer: Optimizer) -> bool:
    """Whether the optimizer's name stands in front; inside loss scaling it does not."""
    first = {name.split("/")[0] for name in names}
    return len(first) == 1 and first.isdisjoint(_words(optimizer))


def _variable_first(name: str, prefixed: bool) -> tuple[str, str]:
    """The variable's word and the weight of ``Adam/m/dense/kernel``."""
    word, _, weight = (name.split("/", 1)[-1] if prefixed else name).partition("/")
    return word, weight


def _words(optimizer: Optimizer) -> Mapping[str, str]:
    words = NAMES.get(optimizer.class_name)
    if words is None:
        raise _UnclearError(f"the variables of {optimizer.class_name} are not known")
    return {**words, **AVERAGE}


def _by_words(
    optimizer: Optimizer,
    saved: Saved,
    order: Sequence[Dataset],
    named: Sequence[tuple[tuple[str, str], Dataset]],
) -> Slots:
    words = _words(optimizer)
    groups: dict[str, list[tuple[str, Dataset]]] = {}
    for (word, weight), dataset in named:
        # Nadam's product of momentums stands beside the weights.
        if word in words:
            groups.setdefault(words[word], []).append((weight, dataset))
    slots: Slots = {each.path: {} for each in order}
    for slot, group in groups.items():
        found = _ordered(slot, group, order, saved)
        for owner, dataset in zip(_having(slot, order), found, strict=True):
            slots[owner.path][slot] = dataset
    return slots


def _having(slot: str, order: Sequence[Dataset]) -> list[Dataset]:
    """The weights that have such a variable: factors are of matrices only."""
    return [each for each in order if slot not in FACTORS or len(each.shape) > 1]


def _ordered(
    slot: str, group: Sequence[tuple[str, Dataset]], order: Sequence[Dataset], saved: Saved
) -> list[Dataset]:
    """The variables in the order of their weights: by name, or as they stand if no name fits."""
    weights = _having(slot, order)
    if len(group) != len(weights):
        raise _UnclearError(
            f"{len(group)} variables {slot} don't fit {len(weights)} trained weights"
        )
    called = [saved.names.get(each.path, "").split(":")[0] for each in weights]
    matches = [[data for name, data in group if _is_called(name, word)] for word in called]
    if all(len(each) == 1 for each in matches):
        found = [each[0] for each in matches]
        if len({each.path for each in found}) < len(found):
            raise _UnclearError(f"a variable {slot} is of two weights by its name")
    elif any(matches) and len(set(called)) == len(called):
        raise _UnclearError(f"not all variables {slot} are of trained weights by their names")
    else:
        found = [data for _, data in group]
    _check(slot, found, weights)
    return found


def _is_called(name: str, weight: str) -> bool:
    return bool(weight) and (name == weight or name.endswith(f"/{weight}"))


def _check(slot: str, found: Sequence[Dataset], weights: Sequence[Dataset]) -> None:
    shapes = [slot_shape(slot, each.shape) for each in weights]
    if [each.shape for each in found] != shapes:
        raise _UnclearError(f"the variables {slot} have other shapes than the trained weights")


# Blocks and numbers


def _blocks(optimizer: Optimizer, saved: Saved, order: list[Dataset]) -> OptimizerState:
    """Keras 1 and 2: numbers of steps where they were saved, then a block for each variable."""
    blocks = list(BLOCKS.get(optimizer.class_name, ()))
    if not blocks:
        raise _UnclearError(f"the variables of {optimizer.class_name} are not known")
    every, count = saved.variables, len(order)
    if optimizer.class_name == "Adam" and len(every) > 3 * count:
        # Where amsgrad is off, this block is of single zeros.
        blocks.append("velocity_hat" if optimizer.config.get("amsgrad") else "")
    lead = len(every) - len(blocks) * count
    if not 0 <= lead <= 2 or any(each.shape not in ((), (1,)) for each in every[:lead]):
        raise _UnclearError(f"{len(every)} variables don't fit {count} trained weights")
    slots: Slots = {each.path: {} for each in order}
    for index, slot in enumerate(blocks):
        found = every[lead + index * count :][:count]
        if slot:
            _check(slot, found, order)
            for weight, dataset in zip(order, found, strict=True):
                slots[weight.path][slot] = dataset
    return _state(saved, order, slots, every[0] if lead else None)


SCALING_VARIABLES = 4
"""What Keras 3 keeps beside an optimizer that it scales the loss for."""


def _numbered(optimizer: Optimizer, saved: Saved, order: list[Dataset]) -> OptimizerState:
    """Archives, and all files of Keras 3: the order says what is what."""
    rounds = rounds_of(optimizer.class_name, optimizer.config)
    if rounds is None:
        raise _UnclearError(f"the variables of {optimizer.class_name} are not known")
    of_keras3 = saved.writer.generation >= 3
    every = [each for each in saved.variables if "/inner_optimizer/" not in each.path]
    if optimizer.scaling is not None and of_keras3:
        every = every[SCALING_VARIABLES:]
    head = 1 + (of_keras3 and has_rate(optimizer.config))
    expected = [
        (slot, weight)
        for names in rounds
        for weight in order
        for slot in names
        if of_keras3 or weight in _having(slot, order)
    ]
    shapes = [slot_shape(slot, weight.shape) for slot, weight in expected]
    places = [
        range(first, first + len(expected))
        for first in _starts(optimizer, head, len(every) - len(expected))
        if [each.shape for each in every[first : first + len(expected)]] == shapes
    ]
    if len(places) != 1:
        raise _UnclearError(f"{len(every)} variables don't fit {len(order)} trained weights")
    slots: Slots = {each.path: {} for each in order}
    for place, (slot, weight) in zip(places[0], expected, strict=True):
        slots[weight.path][slot] = every[place]
    return _state(saved, order, slots, every[0], every[1] if head > 1 else None)


def _starts(optimizer: Optimizer, head: int, others: int) -> list[int]:
    """Where the variables of the weights may begin.

    Nadam's product of momentums is in front of them in the first releases of Keras 3, and later
    behind them. SGD of tf.keras has its variables even without a momentum.
    """
    if optimizer.class_name == "Nadam" and others == head + 1:
        return [head, head + 1]
    return [head] if others == head or optimizer.class_name == "SGD" else []
