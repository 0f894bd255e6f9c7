"""Giving layers their weights, and what is said when they do not fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from converter.layouts import archive, legacy
from converter.layouts.archive import snake_case
from converter.layouts.legacy import CountMismatchError, UnknownVariablesError
from converter.model.description import Dataset, Layer, Model, TensorRef
from tests.rules.graphs import called, given, graph, nested


def stored(*names: str) -> list[tuple[str, Dataset]]:
    return [(name, Dataset(name, (1,), "float32")) for name in names]


def weights(layer: Layer) -> dict[str, str]:
    return {weight.name: weight.sources[0].path for weight in layer.weights}


def dense(name: str, **config: object) -> Layer:
    return called("Dense", name, "ids", config=config)


def bound(model: Model, **groups: list) -> Model:
    result, problems = legacy.bind(model, groups, implicit_masks=False)
    assert problems == []
    return result


def test_each_layer_gets_the_weights_of_its_group() -> None:
    model = graph(given(), dense("a"), dense("b", use_bias=False), output="a")
    after = bound(model, a=stored("x", "y"), b=stored("z"))
    assert weights(after.layers[1]) == {"kernel": "x", "bias": "y"}
    assert weights(after.layers[2]) == {"kernel": "z"}


@pytest.mark.parametrize("count", [1, 3])
def test_a_wrong_number_is_a_problem_and_the_weights_stay_as_they_are(count: int) -> None:
    model = graph(given(), dense("a"), output="a")
    after, (problem,) = legacy.bind(model, {"a": stored(*"xyz"[:count])}, implicit_masks=False)
    assert isinstance(problem, CountMismatchError)
    assert (problem.layer.name, problem.expected, problem.found) == ("a", 2, count)
    assert len(after.layers[1].weights) == count


def test_a_class_that_nobody_knows_takes_what_there_is() -> None:
    model = graph(given(), called("Mine", "a", "ids"), output="a")
    assert weights(bound(model, a=stored("x", "y", "z")).layers[1]) == dict(
        zip("xyz", "xyz", strict=True)
    )


def test_a_class_that_nobody_knows_inside_a_container_is_a_problem() -> None:
    wrapped = replace(called("TimeDistributed", "a", "ids"), inner={"layer": Layer("m", "Mine")})
    _, (problem,) = legacy.bind(
        graph(given(), wrapped, output="a"), {"a": stored("x")}, implicit_masks=False
    )
    assert isinstance(problem, UnknownVariablesError)
    assert problem.class_name == "Mine"


def test_nested_layers_share_the_group_of_their_model() -> None:
    inner = graph(
        given("i"),
        called("Dense", "first", "i"),
        called("BatchNormalization", "norm", "first"),
        called("Dense", "last", "norm"),
        output="last",
        inputs=("i",),
    )
    names = ["fk", "fb", "gamma", "beta", "lk", "lb", "mean", "variance"]
    model = bound(graph(given(), nested("n", "ids", inner), output="n"), n=stored(*names))
    _, first, norm, last = model.layers[1].model.layers
    assert weights(first) == {"kernel": "fk", "bias": "fb"}
    assert weights(norm) == {
        "gamma": "gamma",
        "beta": "beta",
        "moving_mean": "mean",
        "moving_variance": "variance",
    }
    assert weights(last) == {"kernel": "lk", "bias": "lb"}


def test_frozen_layers_inside_count_with_the_others() -> None:
    inner = graph(
        given("i"),
        called("Dense", "frozen", "i", config={"trainable": False}),
        called("Dense", "free", "frozen"),
        output="free",
        inputs=("i",),
    )
    model = bound(
        graph(given(), nested("n", "ids", inner), output="n"), n=stored("k1", "b1", "k2", "b2")
    )
    _, frozen, free = model.layers[1].model.layers
    assert weights(free) == {"kernel": "k1", "bias": "b1"}
    assert weights(frozen) == {"kernel": "k2", "bias": "b2"}


def frozen_model() -> Layer:
    """A frozen model whose layers do not say that they are, as stand-alone Keras stores it."""
    inner = graph(
        given("i"),
        called("BatchNormalization", "norm", "i"),
        called("Dense", "dense", "norm"),
        output="dense",
        inputs=("i",),
    )
    return nested("n", "ids", replace(inner, config={"trainable": False}))


@pytest.mark.parametrize(
    ("by_keras3", "order"),
    [
        (False, ["gamma", "beta", "kernel", "bias", "moving_mean", "moving_variance"]),
        (True, ["gamma", "beta", "moving_mean", "moving_variance", "kernel", "bias"]),
    ],
)
def test_inside_a_frozen_model_keras_3_goes_layer_by_layer(
    by_keras3: bool, order: list[str]
) -> None:
    slots = legacy.slots(frozen_model(), implicit_masks=by_keras3)
    assert [slot.name for slot in slots] == order


def test_a_nameless_nested_sequential_is_matched_by_its_place() -> None:
    """Up to Keras 2.2.2 its config does not hold its name."""
    inner = Model("sequential", "sequential", (Layer("d", "Dense"),))
    it = nested("sequential", "ids", inner, kind="Sequential")
    after = bound(graph(given(), it, output="sequential"), sequential_7=stored("x", "y"), ids=[])
    assert weights(after.layers[1].model.layers[0]) == {"kernel": "x", "bias": "y"}


def test_names_that_occur_twice_in_a_group_get_numbers() -> None:
    inner = Layer("n", "Mine", weights=bound_weights("w", "w", "w"), calls=dense("x").calls)
    ((name, named),) = legacy.groups(graph(inner, given(), output="n"))[1:]
    assert (name, [each for each, _ in named]) == ("n", ["n/w", "n/w_1", "n/w_2"])


def bound_weights(*names: str) -> tuple:
    return tuple(legacy.weight(name, data) for name, data in stored(*names))


def test_archives_are_bound_by_path() -> None:
    model = graph(given(), dense("b"), dense("a"), output="a")
    model = replace(model, outputs=[TensorRef("a"), TensorRef("b")])
    paths = [f"layers/dense{n}/vars/{i}" for n in ("", "_1") for i in (0, 1)]
    data = {path: Dataset(path, (1,), "float32") for path in paths}
    after, problems = archive.bind(model, data, implicit_masks=True)
    assert problems == []
    # Keras's order goes by the outputs, not by the config.
    assert weights(after.layers[2])["kernel"] == "layers/dense/vars/0"
    assert weights(after.layers[1])["kernel"] == "layers/dense_1/vars/0"
    assert sorted(path for path, _ in archive.variables(after)) == sorted(paths)


@pytest.mark.parametrize(
    ("folder", "second"), [("layers", "dense_1"), (archive.EARLY_LAYERS, "dense_2")]
)
def test_archives_of_tf_2_13_count_layers_with_weights_twice(folder: str, second: str) -> None:
    model = graph(given(), dense("a"), called("Dense", "b", "a"), output="b")
    paths = [f"{name}/vars/{index}" for name in ("dense", second) for index in (0, 1)]
    data = {f"layers/{path}": Dataset(f"{folder}/{path}", (1,), "float32") for path in paths}
    after, problems = archive.bind(model, data, implicit_masks=False)
    assert problems == []
    kernels = [weights(layer)["kernel"] for layer in after.layers if layer.class_name == "Dense"]
    assert kernels == [f"{folder}/dense/vars/0", f"{folder}/{second}/vars/0"]


def test_a_variable_that_an_archive_lacks_is_a_problem() -> None:
    data = {"layers/dense/vars/0": Dataset("k", (1,), "float32")}
    _, (problem,) = archive.bind(graph(given(), dense("a"), output="a"), data, implicit_masks=True)
    assert isinstance(problem, CountMismatchError)
    assert (problem.expected, problem.found) == (2, 1)


def test_projections_of_tf_keras_have_an_underscore() -> None:
    heads = called("MultiHeadAttention", "heads", "ids", config={"use_bias": False})
    owners = ("query", "key", "value", "output")
    paths = [f"layers/multi_head_attention/_{owner}_dense/vars/0" for owner in owners]
    data = {path: Dataset(path, (1,), "float32") for path in paths}
    after, problems = archive.bind(
        graph(given(), heads, output="heads"), data, implicit_masks=False
    )
    assert problems == []
    assert [weight.sources[0].path for weight in after.layers[1].weights] == paths


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Dense", "dense"),
        ("Conv2D", "conv2d"),
        ("ReLU", "re_lu"),
        ("PReLU", "p_re_lu"),
        ("LSTM", "lstm"),
        ("RNN", "rnn"),
        ("MultiHeadAttention", "multi_head_attention"),
        ("GlobalAveragePooling1D", "global_average_pooling1d"),
        ("Conv2DTranspose", "conv2d_transpose"),
    ],
)
def test_class_names_in_paths(name: str, expected: str) -> None:
    assert snake_case(name) == expected


def norm(source: str) -> Layer:
    return called("BatchNormalization", "n", source)


def around(*, base_first: bool = False, **config: object) -> Model:
    """A model of a dense layer, and of a model of a dense and a normalising one."""
    base = replace(graph(given(), dense("b"), norm("b"), output="n", name="base"), config=config)
    if base_first:
        last = called("Dense", "a", "base")
        inside = graph(given(), nested("base", "ids", base), last, output="a", name="middle")
    else:
        inner = nested("base", "a", base)
        inside = graph(given(), dense("a"), inner, output="base", name="middle")
    return graph(given(), nested("middle", "ids", inside), output="middle")


def weights_of_base(model: Model) -> dict[str, dict[str, str]]:
    inside = next(each for each in model.layers[1].model.layers if each.name == "base").model
    return {layer.name: weights(layer) for layer in inside.layers[1:]}


def named(layer: str, *names: str) -> list[str]:
    return [f"{layer}/{name}:0" for name in names]


DENSE, SCALES, MOMENTS = ("kernel", "bias"), ("gamma", "beta"), ("moving_mean", "moving_variance")
FROM_BASE = {
    "b": dict(zip(DENSE, named("b", *DENSE), strict=True)),
    "n": dict(zip(SCALES + MOMENTS, named("n", *SCALES, *MOMENTS), strict=True)),
}


def frozen_order(a: str = "a", b: str = "b", n: str = "n") -> list[tuple[str, Dataset]]:
    """How the file has it where the model inside was frozen: all of it behind the rest."""
    return stored(*named(a, *DENSE), *named(b, *DENSE), *named(n, *SCALES, *MOMENTS))


def test_names_in_the_order_of_the_config_change_nothing() -> None:
    assert weights_of_base(bound(around(), middle=frozen_order())) == FROM_BASE


def test_names_that_nobody_knows_change_nothing() -> None:
    after = weights_of_base(bound(around(base_first=True), middle=stored(*"abcdefgh")))
    assert list(after["b"].values()) == ["a", "b"]


def test_a_frozen_model_in_the_middle_is_known_by_the_names() -> None:
    assert weights_of_base(bound(around(base_first=True), middle=frozen_order())) == FROM_BASE


def test_a_flag_that_is_saved_is_believed() -> None:
    order = stored(*named("b", *DENSE), *named("n", *SCALES), *named("a", *DENSE))
    order += stored(*named("n", *MOMENTS))
    assert (
        weights_of_base(bound(around(base_first=True, trainable=True), middle=order)) == FROM_BASE
    )


def test_without_names_of_the_layers_prefixes_decide() -> None:
    """A layer has its variables under one prefix: n's moments can't be under another one."""
    after = weights_of_base(bound(around(base_first=True), middle=frozen_order("x", "y", "z")))
    assert after["n"]["gamma"] == "z/gamma:0"
    assert after["b"]["kernel"] == "y/kernel:0"


def test_half_of_a_bidirectional_may_be_frozen() -> None:
    halves = {
        "layer": Layer("lstm", "LSTM", {"units": 2, "trainable": False}),
        "backward_layer": Layer("backward_lstm", "LSTM", {"units": 2, "trainable": False}),
    }
    both = replace(called("Bidirectional", "both", "ids"), inner=halves)
    inside = graph(given(), both, norm("both"), output="n", name="inner")
    names = ("kernel", "recurrent_kernel", "bias")
    file = stored(*named("both/backward_lstm", *names), *named("n", *SCALES))
    file += stored(*named("both/forward_lstm", *names), *named("n", *MOMENTS))
    model = graph(given(), nested("inner", "ids", inside), output="inner")
    after = bound(model, inner=file).layers[1].model.layers[1]
    assert weights(after.inner["layer"])["kernel"] == "both/forward_lstm/kernel:0"
    assert weights(after.inner["backward_layer"])["kernel"] == "both/backward_lstm/kernel:0"


def with_own() -> Model:
    """A class that nobody knows beside a stock layer, which both make a vector."""
    mine = called("Mine", "mine", "a")
    return graph(given(), dense("a"), mine, output="mine", name="part")


def names_of_own(prefix: str = "") -> list[tuple[str, Dataset]]:
    return stored(*(f"{prefix}{name}" for name in ("a/kernel:0", "a/bias:0", "mine/w:0")))


def test_names_lead_through_models_in_models_to_a_class_that_nobody_knows() -> None:
    middle = graph(given(), nested("part", "ids", with_own()), output="part", name="middle")
    model = graph(given(), nested("middle", "ids", middle), output="middle")
    part = bound(model, middle=names_of_own()).layers[1].model.layers[1].model
    assert weights(part.layers[1]) == {"kernel": "a/kernel:0", "bias": "a/bias:0"}
    assert weights(part.layers[2]) == {"mine/w:0": "mine/w:0"}


def test_names_lead_into_a_model_in_a_time_distributed() -> None:
    inner = replace(nested("part", "ids", with_own()), calls=())
    wrapped = replace(called("TimeDistributed", "each", "ids"), inner={"layer": inner})
    after = bound(graph(given(), wrapped, output="each"), each=names_of_own())
    part = after.layers[1].inner["layer"].model
    assert weights(part.layers[2]) == {"mine/w:0": "mine/w:0"}
    ((name, named),) = legacy.groups(after)[1:]
    assert [each for each, _ in named] == [
        "each/layer/layers/a/kernel",
        "each/layer/layers/a/bias",
        "each/layer/layers/mine/mine/w:0",
    ]


def test_what_bears_no_layers_name_is_in_the_one_class_that_nobody_knows() -> None:
    model = graph(given(), nested("part", "ids", with_own()), output="part")
    file = stored("a/kernel:0", "a/bias:0", "elsewhere/w:0")
    after = bound(model, part=file).layers[1].model
    assert weights(after.layers[2]) == {"elsewhere/w:0": "elsewhere/w:0"}


def test_names_of_several_layers_leave_the_list_of_the_container_whole() -> None:
    inner = with_own()
    both = replace(inner, layers=(*inner.layers, called("Mine", "other", "a")))
    model = graph(given(), nested("part", "ids", both), output="part")
    file = stored("a/kernel:0", "a/bias:0", "elsewhere/w:0")
    after, (problem,) = legacy.bind(model, {"part": file}, implicit_masks=False)
    assert isinstance(problem, UnknownVariablesError)
    assert len(after.layers[1].weights) == 3
    ((_, named),) = legacy.groups(after)[1:]
    assert len(named) == 3


def test_a_layer_in_two_models_is_in_an_archive_once() -> None:
    one, other = (
        graph(given(), dense("a", kernel_initializer=initializer), output="a", name=name)
        for name, initializer in (("one", {}), ("other", {"shared_object_id": 7}))
    )
    model = graph(given(), nested("one", "ids", one), nested("other", "one", other), output="other")
    paths = [f"layers/functional/layers/dense/vars/{index}" for index in (0, 1)]
    data = {path: Dataset(path, (1,), "float32") for path in paths}
    after, problems = archive.bind(model, data, implicit_masks=False)
    assert problems == []
    first, second = (weights(after.layers[index].model.layers[1]) for index in (1, 2))
    assert first == second == dict(zip(("kernel", "bias"), paths, strict=True))


def test_a_layer_with_another_config_is_another() -> None:
    one, other = (
        graph(given(), dense("a", units=units), output="a", name=name)
        for name, units in (("one", 2), ("other", 3))
    )
    model = graph(given(), nested("one", "ids", one), nested("other", "one", other), output="other")
    paths = [f"layers/functional/layers/dense/vars/{index}" for index in (0, 1)]
    data = {path: Dataset(path, (1,), "float32") for path in paths}
    _, (problem,) = archive.bind(model, data, implicit_masks=False)
    assert isinstance(problem, CountMismatchError)


@pytest.mark.parametrize("name", ["Highway", "MaxoutDense"])
def test_only_classes_with_the_arguments_of_keras_1_have_its_variables(name: str) -> None:
    of_keras1 = called(name, "a", "ids", config={"W_regularizer": None, "bias": False})
    assert next(iter(legacy.slots(of_keras1))).name == "W"
    with pytest.raises(UnknownVariablesError):
        legacy.slots(called(name, "a", "ids", config={"units": 4}))


def test_what_keras_2_3_listed_twice_belongs_where_it_is_the_first_time() -> None:
    model = graph(given(), nested("part", "ids", with_own()), output="part")
    file = stored("a/kernel:0", "a/bias:0", "mine/w:0", "b'mine/w:0'_2")
    after = bound(model, part=file).layers[1].model
    assert list(weights(after.layers[2])) == ["mine/w:0", "b'mine/w:0'_2"]
    assert [legacy.first_name(each) for each in ("b'm/w:0'_2", "m/w:0", "b'm'")] == [
        "m/w:0",
        "m/w:0",
        "b'm'",
    ]


def test_a_repeated_weight_is_dropped_if_it_holds_the_same() -> None:
    from converter.engines.drafts import _once_each

    one, other = np.zeros(2), np.ones(2)
    held = {"x/m/w:0": one, "x/b'm/w:0'_2": one, "m/v:0": one, "b'm/v:0'_2": other}
    assert list(_once_each(held)) == ["x/m/w:0", "m/v:0", "b'm/v:0'_2"]
