"""Variables of optimizers follow their weights, or are left out with a reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from converter.layouts import optimizers
from converter.layouts.optimizers import NotCarriedError, rearranges
from converter.model.description import (
    Array,
    CompileState,
    Dataset,
    Json,
    Layer,
    Model,
    OptimizerState,
    Weight,
)

SHAPE = (2, 3)
SGD = {"class_name": "SGD", "config": {"learning_rate": 0.5, "momentum": 0.5}}


def weight(function: Callable[[Array], Array] | None = None, count: int = 1) -> Weight:
    sources = tuple(Dataset(f"w{index}", SHAPE, "float32") for index in range(count))
    plain = Weight("kernel", sources, SHAPE, "float32")
    return plain if function is None else plain.map(function)


@pytest.mark.parametrize(
    "function",
    [None, np.array, lambda v: v.T, lambda v: v[::-1], lambda v: v.reshape(3, 2), np.ravel],
)
def test_moving_numbers_about_is_a_rearrangement(
    function: Callable[[Array], Array] | None,
) -> None:
    assert rearranges(weight(function))


@pytest.mark.parametrize(
    "function",
    [
        lambda v: 1.2 * v,
        lambda v: -v,
        lambda v: v + 1,
        lambda v: v[:1],
        lambda v: np.concatenate([v, v]),
        lambda v: np.concatenate([v[:1], v[:1]]),
        lambda v: np.pad(v, 1),
        lambda v: v.sum(axis=0),
        np.ones_like,
    ],
)
def test_changing_numbers_is_none(function: Callable[[Array], Array]) -> None:
    assert not rearranges(weight(function))


def test_several_sources_side_by_side() -> None:
    def beside(arrays: Sequence[Array]) -> Array:
        return np.hstack(list(arrays))

    def added(arrays: Sequence[Array]) -> Array:
        return arrays[0] + arrays[1]

    both = weight(count=2)
    assert rearranges(replace(both, compute=beside))
    assert not rearranges(replace(both, compute=added))


def model(
    *weights: Weight, optimizer: Json = SGD, steps: bool = True, trained: Sequence[str] = ("w0",)
) -> Model:
    slots = {each: {"momentum": Dataset(f"m{each[1:]}", SHAPE, "float32")} for each in trained}
    iterations = Dataset("iter", (1,), "float32") if steps else None
    state = OptimizerState((), iterations, tuple(trained), slots)
    layers = tuple(
        Layer(f"d{index}", "Dense", {"use_bias": False}, (each,))
        for index, each in enumerate(weights)
    )
    return Model("m", "sequential", layers, compile=CompileState(optimizer, variables=state))


def value(found: Weight, *arrays: Array) -> Array:
    return found.compute(list(arrays)) if found.compute else arrays[0]


def test_variables_are_numbered_and_follow_their_weights() -> None:
    turned = replace(weight(lambda v: v.T), shape=(3, 2))
    (step_path, step), (_, rate), (path, momentum) = optimizers.variables(model(turned))
    assert (step_path, path) == ("optimizer/vars/0", "optimizer/vars/2")
    assert (step.dtype, int(value(step, np.array([7.0])))) == ("int64", 7)
    assert (rate.dtype, float(value(rate))) == ("float32", 0.5)
    assert (momentum.shape, momentum.sources[0].path) == ((3, 2), "m0")
    stored = np.arange(6.0).reshape(SHAPE)
    np.testing.assert_array_equal(value(momentum, stored), stored.T)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (model(weight(lambda v: 1.2 * v)), "other numbers"),
        (model(weight(), weight()), "two places"),
        (model(weight(), trained=["w0", "w1"]), "does not train all"),
        (model(weight(count=2)), "were not trained"),
        (model(Weight("kernel", (), SHAPE, "float32", lambda arrays: np.zeros(SHAPE))), "all"),
        (model(weight(), optimizer={"class_name": "Adagrad", "config": {}}), "accumulator"),
        (model(weight(), optimizer={"class_name": "Muon", "config": {}}), "Muon"),
    ],
)
def test_what_can_not_go_on_is_said(given: Model, reason: str) -> None:
    with pytest.raises(NotCarriedError, match=reason):
        optimizers.variables(given)


def test_a_schedule_needs_the_number_of_steps() -> None:
    schedule = {"class_name": "ExponentialDecay", "config": {}}
    optimizer = {"class_name": "SGD", "config": {"learning_rate": schedule, "momentum": 0.5}}
    with pytest.raises(NotCarriedError, match="steps"):
        optimizers.variables(model(weight(), optimizer=optimizer, steps=False))
    assert len(optimizers.variables(model(weight(), optimizer=optimizer))) == 2
    assert len(optimizers.variables(model(weight(), steps=False))) == 3


def test_frozen_layers_are_not_trained() -> None:
    given = model(weight(), trained=[])
    frozen = tuple(each.with_config(trainable=False) for each in given.layers)
    assert len(optimizers.variables(replace(given, layers=frozen))) == 2


def test_a_model_that_was_not_trained_has_none() -> None:
    assert optimizers.variables(replace(model(weight()), compile=None)) == []
    assert optimizers.variables(replace(model(weight()), compile=CompileState(SGD))) == []


def test_loss_scaling_is_around_it() -> None:
    scaled = {"class_name": "LossScaleOptimizer", "config": {"inner_optimizer": SGD}}
    paths = [path for path, _ in optimizers.variables(model(weight(), optimizer=scaled))]
    own = [f"optimizer/vars/{index}" for index in range(7)]
    assert paths == [*own, *(f"optimizer/inner_optimizer/vars/{index}" for index in range(3))]


@pytest.mark.parametrize(
    ("held", "steps"),
    [(5, 5), (7.0, 7), (np.nan, 0), (np.inf, 0), (-3, 0), (np.uint64(2**64 - 1), 2**63 - 1)],
)
def test_steps_are_a_number_whatever_a_file_holds(held: float, steps: int) -> None:
    assert optimizers.steps_in(np.asarray(held)) == steps
    assert optimizers.steps_in(np.asarray([held])) == steps
