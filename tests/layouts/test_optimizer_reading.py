"""Variables of optimizers told apart, in the forms of every Keras."""

from __future__ import annotations

import pytest

from converter.layouts import optimizer_reading
from converter.layouts.optimizer_reading import Saved
from converter.layouts.optimizers import Optimizer
from converter.model.description import Dataset, Layer, Model, OptimizerState, Weight, Writer

KERAS_1 = Writer((1, 2, 2))
KERAS_2_0_0 = Writer((2, 0, 0))
KERAS_2_0_3 = Writer((2, 0, 3))
KERAS_2 = Writer((2, 2, 4))
TF = Writer((2, 8, 0), tf_keras=True)
KERAS_3 = Writer((3, 15, 1))


def dense(name: str, inputs: int, units: int, **config: object) -> Layer:
    shapes = {"kernel": (inputs, units), "bias": (units,)}
    weights = [
        Weight(each, (Dataset(f"w/{name}/{each}", shape, "float32"),), shape, "float32")
        for each, shape in shapes.items()
    ]
    return Layer(name, "Dense", config, tuple(weights))


def model(*layers: Layer) -> Model:
    return Model("m", "sequential", layers)


TWO = model(dense("b", 3, 4), dense("a", 4, 2))
ORDER = [("b/kernel", (3, 4)), ("b/bias", (4,)), ("a/kernel", (4, 2)), ("a/bias", (2,))]
NAMES = {f"w/{name}": f"{name}:0" for name, _ in ORDER}
STEPS = Dataset("optimizer_weights/Adam/iterations:0", (), "int64")


def variables(*named: tuple[str, tuple[int, ...]]) -> tuple[Dataset, ...]:
    return tuple(Dataset(f"optimizer_weights/{name}", shape, "float32") for name, shape in named)


def read(
    found: tuple[Dataset, ...],
    writer: Writer = KERAS_2,
    optimizer: str = "Adam",
    given: Model = TWO,
    names: dict[str, str] = NAMES,
    archived: bool = False,
    **config: object,
) -> OptimizerState:
    return optimizer_reading.read(
        given, Optimizer(optimizer, config), Saved(found, names, writer, archived)
    )


def slot(state: OptimizerState, weight: str, name: str) -> str:
    return state.slots[f"w/{weight}"][name].path.split("/", 1)[1]


def blocks(*words: str, order: list[tuple[str, tuple[int, ...]]] = ORDER) -> tuple[Dataset, ...]:
    return variables(
        *((f"{word}{index}", s) for word in words for index, (_, s) in enumerate(order))
    )


def test_blocks_have_the_order_of_the_model() -> None:
    state = read((STEPS, *blocks("m", "v")))
    assert state.iterations == STEPS
    assert slot(state, "a/kernel", "momentum") == "m2"
    assert slot(state, "a/bias", "velocity") == "v3"


def test_blocks_without_a_number_of_steps() -> None:
    state = read(blocks("a"), optimizer="RMSprop")
    assert state.iterations is None
    assert slot(state, "b/bias", "velocity") == "a1"


def test_a_block_of_single_zeros_is_not_amsgrad() -> None:
    zeros = variables(*((f"z{index}", (1,)) for index in range(4)))
    state = read((STEPS, *blocks("m", "v"), *zeros))
    assert set(state.slots["w/b/bias"]) == {"momentum", "velocity"}
    state = read((STEPS, *blocks("m", "v", "h")), amsgrad=True)
    assert slot(state, "b/bias", "velocity_hat") == "h1"


def test_keras_1_sorted_its_weights_by_name() -> None:
    names = {f"w/{name}": name.replace("/kernel", "_W").replace("/bias", "_b") for name, _ in ORDER}
    in_order = [ORDER[2], ORDER[3], ORDER[0], ORDER[1]]
    state = read(blocks("a", order=in_order), KERAS_1, "Adagrad", names=names)
    assert not state.problem
    assert slot(state, "a/kernel", "accumulator") == "a0"
    assert slot(state, "b/kernel", "accumulator") == "a2"


def test_without_names_keras_1_is_not_guessed() -> None:
    names = {f"w/{name}": f"param_{index}" for index, (name, _) in enumerate(ORDER)}
    assert "names" in read(blocks("a"), KERAS_1, "Adagrad", names=names).problem


def test_between_two_orders_shapes_decide() -> None:
    by_name = sorted(ORDER)
    state = read(blocks("a", order=by_name), KERAS_2_0_3, "Adagrad")
    assert slot(state, "a/bias", "accumulator") == "a0"
    assert slot(read(blocks("a"), KERAS_2_0_3, "Adagrad"), "a/bias", "accumulator") == "a3"
    square = model(dense("b", 3, 3), dense("a", 3, 3))
    shapes = [(name, (3, 3) if "kernel" in name else (3,)) for name, _ in ORDER]
    found = read(blocks("a", order=shapes), KERAS_2_0_3, "Adagrad", square)
    assert not found.problem
    alike = model(*(dense(name, 3, 3, use_bias=False) for name in "ba"))
    alike = model(*(Layer(e.name, "Dense", e.config, e.weights[:1]) for e in alike.layers))
    kernels = [("b/kernel", (3, 3)), ("a/kernel", (3, 3))]
    assert "release" in read(blocks("a", order=kernels), KERAS_2_0_3, "Adagrad", alike).problem


def test_frozen_layers_have_none() -> None:
    given = model(dense("b", 3, 4, trainable=False), dense("a", 4, 2))
    state = read(blocks("a", order=ORDER[2:]), optimizer="Adagrad", given=given)
    assert set(state.slots) == {"w/a/kernel", "w/a/bias"}


def named(*words: str, order: list[tuple[str, tuple[int, ...]]] = ORDER) -> tuple[Dataset, ...]:
    return variables(
        ("Adam/iter:0", ()), *((f"Adam/{name}/{w}:0", s) for w in words for name, s in order)
    )


def test_words_behind_the_weight() -> None:
    state = read(named("m", "v"), TF)
    assert slot(state, "a/kernel", "velocity") == "Adam/a/kernel/v:0"


def test_names_go_before_the_order() -> None:
    backwards = [*reversed(ORDER)]
    state = read(named("m", "v", order=backwards), TF)
    assert slot(state, "b/bias", "momentum") == "Adam/b/bias/m:0"


def test_unknown_names_leave_the_order() -> None:
    others = [(f"x{index}/w", shape) for index, (_, shape) in enumerate(ORDER)]
    state = read(named("m", "v", order=others), TF)
    assert slot(state, "a/bias", "momentum") == "Adam/x3/w/m:0"


def test_names_that_fit_in_part_are_a_problem() -> None:
    others = [("x/w", (3, 4)), *ORDER[1:]]
    assert "names" in read(named("m", "v", order=others), TF).problem


def test_words_before_the_weight() -> None:
    found = variables(
        ("iteration:0", ()), *((f"Adam/{w}/{name}:0", s) for name, s in ORDER for w in "mv")
    )
    state = read(found, TF)
    assert slot(state, "b/kernel", "velocity") == "Adam/v/b/kernel:0"
    assert state.products == len(ORDER)


@pytest.mark.parametrize("prefix", ["Adam/", ""])
def test_a_layer_may_be_called_like_a_variable(prefix: str) -> None:
    given = model(dense("m", 3, 4), dense("v", 4, 2))
    order = [("m/kernel", (3, 4)), ("m/bias", (4,)), ("v/kernel", (4, 2)), ("v/bias", (2,))]
    names = {f"w/{name}": f"{name}:0" for name, _ in order}
    found = variables(
        ("iteration:0", ()), *((f"{prefix}{w}/{name}:0", s) for name, s in order for w in "mv")
    )
    state = read(found, TF, given=given, names=names)
    assert slot(state, "m/kernel", "velocity") == f"{prefix}v/m/kernel:0"


def numbered(shapes: list[tuple[int, ...]]) -> tuple[Dataset, ...]:
    return tuple(
        Dataset(f"optimizer/vars/{index}", shape, "float32") for index, shape in enumerate(shapes)
    )


PAIRS = [shape for _, shape in ORDER for _ in "mv"]


def test_numbers_of_keras_3() -> None:
    state = read(numbered([(), (), *PAIRS]), KERAS_3, names={}, archived=True)
    assert state.rate is not None and state.rate.path == "optimizer/vars/1"
    assert slot(state, "b/kernel", "velocity") == "vars/3"


def test_a_schedule_has_no_number() -> None:
    rate = {"class_name": "ExponentialDecay", "config": {}}
    state = read(numbered([(), *PAIRS]), KERAS_3, names={}, archived=True, learning_rate=rate)
    assert state.rate is None
    assert slot(state, "b/kernel", "momentum") == "vars/1"


@pytest.mark.parametrize("place", ["front", "back"])
def test_nadams_product_in_front_and_behind(place: str) -> None:
    shapes = [(), (), (), *PAIRS] if place == "front" else [(), (), *PAIRS, ()]
    state = read(numbered(shapes), KERAS_3, "Nadam", names={}, archived=True)
    first = "vars/3" if place == "front" else "vars/2"
    assert slot(state, "b/kernel", "momentum") == first


def test_an_unknown_optimizer_of_keras_3_keeps_its_variables() -> None:
    state = read(numbered([(), (), *PAIRS]), KERAS_3, "Muon", names={}, archived=True)
    assert (state.slots, state.problem, state.of_keras3) == ({}, "", True)
    assert state.weights == tuple(f"w/{name}" for name, _ in ORDER)


@pytest.mark.parametrize(
    ("found", "writer", "optimizer"),
    [
        ((STEPS, *blocks("m")), KERAS_2, "Adam"),
        (blocks("m", "v", "w", "x"), KERAS_2, "Adam"),
        ((STEPS, *blocks("m", "v", order=ORDER[:3])), KERAS_2, "Adam"),
        ((STEPS, *blocks("m", "v", order=sorted(ORDER))), KERAS_2, "Adam"),
        ((STEPS, *blocks("m", "v")), KERAS_2, "Own"),
        (named("m", "v", order=ORDER[:3]), TF, "Adam"),
        (named("m", "v"), TF, "Own"),
    ],
)
def test_what_does_not_fit_is_a_problem(
    found: tuple[Dataset, ...], writer: Writer, optimizer: str
) -> None:
    state = read(found, writer, optimizer)
    assert state.problem
    assert state.slots == {}


def test_the_users_own_layers_are_a_problem() -> None:
    given = model(dense("b", 3, 4), Layer("mine", "Mine"))
    assert "Mine" in read(blocks("a"), optimizer="Adagrad", given=given).problem


@pytest.mark.parametrize(
    ("shape", "dtype", "told"),
    [
        ((0,), "int64", "the number of steps is no number"),
        ((), "complex64", "its variables are complex numbers"),
    ],
)
def test_steps_that_are_no_number_are_not_carried(
    shape: tuple[int, ...], dtype: str, told: str
) -> None:
    blocks = variables(*[(f"{name}/{word}", shape) for word in "mv" for name, shape in ORDER])
    found = (Dataset("optimizer_weights/Adam/iter:0", shape, dtype), *blocks)
    assert told in read(found, TF).problem
