"""The declared variables of every optimizer against those of the installed Keras."""

from __future__ import annotations

from typing import Any

import pytest

from converter.layouts.optimizers import (
    DEFAULT_RATES,
    has_rate,
    optimizer_of,
    rounds_of,
    slot_shape,
)

pytestmark = pytest.mark.engine


CASES: list[tuple[str, dict[str, Any]]] = [
    ("Adadelta", {}),
    ("Adafactor", {}),
    ("Adagrad", {}),
    ("Adam", {}),
    ("Adam", {"amsgrad": True}),
    ("Adam", {"use_ema": True}),
    ("Adam", {"gradient_accumulation_steps": 2, "use_ema": True, "amsgrad": True}),
    ("AdamW", {"amsgrad": True}),
    ("Adamax", {}),
    ("Ftrl", {}),
    ("Lamb", {}),
    ("Lion", {}),
    ("Nadam", {}),
    ("Nadam", {"use_ema": True}),
    ("RMSprop", {}),
    ("RMSprop", {"momentum": 0.5}),
    ("RMSprop", {"centered": True}),
    ("RMSprop", {"momentum": 0.5, "centered": True}),
    ("SGD", {}),
    ("SGD", {"momentum": 0.5}),
    ("ScheduleFreeAdamW", {}),
]


def built(optimizer: Any) -> Any:
    import keras

    keras.backend.clear_session(free_memory=False)
    x = keras.Input((3,))
    model = keras.Model(x, keras.layers.Dense(2, name="a")(x))
    optimizer.build(model.trainable_variables)
    return optimizer


@pytest.mark.parametrize(("class_name", "arguments"), CASES)
def test_variables_stand_in_this_order(class_name: str, arguments: dict[str, Any]) -> None:
    import keras

    made = built(getattr(keras.optimizers, class_name)(**arguments))
    optimizer = optimizer_of(keras.optimizers.serialize(made))
    rounds = rounds_of(optimizer.class_name, optimizer.config)
    assert rounds is not None
    weights = [("kernel", (3, 2)), ("bias", (2,))]
    expected = [
        (f"a_{weight}_{slot}", slot_shape(slot, shape))
        for names in rounds
        for weight, shape in weights
        for slot in names
    ]
    found = [(each.path.split("/")[-1], tuple(each.shape)) for each in made.variables]
    head, found = found[:2], found[2:]
    assert [name for name, _ in head] == ["iteration", "learning_rate"]
    if class_name == "Nadam":
        assert found.pop()[1] == ()
    assert [shape for _, shape in found] == [shape for _, shape in expected]
    named = [(a, b) for (a, _), (b, _) in zip(found, expected, strict=True) if a.startswith("a_")]
    assert named or not expected
    assert [a for a, _ in named] == [b for _, b in named]


def test_every_other_optimizer_depends_on_more() -> None:
    import keras

    base = keras.optimizers.Optimizer
    exported = [getattr(keras.optimizers, name) for name in dir(keras.optimizers)]
    made = [each for each in exported if isinstance(each, type) and issubclass(each, base)]
    names = {each.__name__ for each in made} - {base.__name__, "TFOptimizer", "LossScaleOptimizer"}
    assert {name for name in names if rounds_of(name, {}) is None} == {"Muon", "MultiOptimizer"}


def test_a_schedule_takes_the_place_of_the_rate() -> None:
    import keras

    schedule = keras.optimizers.schedules.ExponentialDecay(0.5, 10, 0.5)
    made = built(keras.optimizers.SGD(schedule))
    assert [each.path.split("/")[-1] for each in made.variables] == ["iteration"]
    assert not has_rate(optimizer_of(keras.optimizers.serialize(made)).config)


@pytest.mark.parametrize("class_name", sorted({name for name, _ in CASES}))
def test_default_rates(class_name: str) -> None:
    import keras

    made = getattr(keras.optimizers, class_name)()
    assert float(made.learning_rate) == pytest.approx(DEFAULT_RATES.get(class_name, 0.001))


def test_loss_scaling_keeps_its_own_in_front() -> None:
    import keras

    made = built(keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD()))
    names = [each.path.split("/")[-1] for each in made.variables]
    own = ["iteration", "learning_rate", "step_counter", "dynamic_scale"]
    assert names == [*own, "iteration", "learning_rate"]
    optimizer = optimizer_of(keras.optimizers.serialize(made))
    assert optimizer.class_name == "SGD"
    assert optimizer.scaling is not None
