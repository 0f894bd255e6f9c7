"""Configs with parts missing or replaced are read, or told to be broken, never tripped over."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from converter.dialects import keras2, keras3
from converter.errors import KfixError, NotAModelError
from converter.layouts import archive, legacy
from converter.model.description import Writer
from converter.rules.apply import upgrade
from tests.dialects.samples_configs import configs, parse

JUNK: list[Any] = [
    *(None, True, 0, -1, 1.5, 10**30, float("nan"), "", "x", "input_1", [], {}, [[]], [None]),
    *(["a", 0, 0], [["a", 0, 0, {}]], [0, 0, 0], ["_CONSTANT_VALUE", -1, 0, {}], {"a": 1}),
    *({"class_name": "Dense"}, {"class_name": "Dense", "config": {}}, {"config": {}}),
    {"class_name": None, "config": None},
]


def paths(value: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [above, *(path for key, each in inside for path in paths(each, (*above, key)))]


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


@st.composite
def broken(draw: st.DrawFn, generation: int) -> tuple[Any, Writer]:
    """A sample's config with one to three parts removed, replaced by junk or by another part."""
    small = [each for each in configs(generation) if len(str(each[1])) < 4000]
    _, config, writer = draw(st.sampled_from(small))
    config = copy.deepcopy(config)
    for _ in range(draw(st.integers(1, 3))):
        every = paths(config)
        path = every[draw(st.integers(0, len(every) - 1))]
        if not path:
            continue
        holder = at(config, path[:-1])
        how = draw(st.sampled_from(["remove", "junk", "move"]))
        if how == "remove":
            del holder[path[-1]]
        elif how == "junk":
            holder[path[-1]] = copy.deepcopy(draw(st.sampled_from(JUNK)))
        else:
            other = every[draw(st.integers(0, len(every) - 1))]
            holder[path[-1]] = copy.deepcopy(at(config, other))
    return config, writer


def go_all_the_way(config: Any, writer: Writer) -> None:
    model = parse(config, writer)
    result = upgrade(model, writer)
    if not result.blockers:
        keras3.serialise(result.model)
        list(archive.layer_paths(result.model))
    archive.bind(model, {}, implicit_masks=True)
    legacy.bind(model, {}, implicit_masks=writer.generation >= 3)


@pytest.mark.parametrize("generation", [2, 3])
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(data=st.data())
def test_broken_configs_end_in_an_error_of_kfix_or_in_a_model(
    data: st.DataObject, generation: int
) -> None:
    config, writer = data.draw(broken(generation))
    try:
        go_all_the_way(config, writer)
    except KfixError as problem:
        assert str(problem)
        assert "\n" not in str(problem)


dialects = pytest.mark.parametrize("dialect", [keras2, keras3])


@dialects
@pytest.mark.parametrize("config", [None, [], "x", 3, {}, {"class_name": "Sequential"}])
def test_what_is_no_config_at_all(dialect: Any, config: Any) -> None:
    with pytest.raises(NotAModelError, match="class_name and config"):
        dialect.parse(config)


@dialects
def test_a_subclassed_model_is_told_with_advice(dialect: Any) -> None:
    with pytest.raises(NotAModelError, match=r"subclassed one \(MyModel\)") as raised:
        dialect.parse({"class_name": "MyModel", "config": {"units": 3}})
    assert "code that defined the class" in raised.value.hint


@dialects
def test_endless_nesting_is_told(dialect: Any) -> None:
    config: dict[str, Any] = {"class_name": "Dense", "config": {}}
    for _ in range(5000):
        config = {"class_name": "TimeDistributed", "config": {"layer": config}}
    with pytest.raises(NotAModelError, match="nested too deeply"):
        dialect.parse({"class_name": "Sequential", "config": {"name": "m", "layers": [config]}})


INPUT_2 = {
    "class_name": "InputLayer",
    "name": "a",
    "config": {"name": "a", "batch_input_shape": [None, 4]},
    "inbound_nodes": [],
}


def dense_2(name: str, *nodes: Any) -> dict[str, Any]:
    config = {"name": name, "units": 4}
    return {"class_name": "Dense", "name": name, "config": config, "inbound_nodes": list(nodes)}


def functional_2(*layers: Any, outputs: Any) -> dict[str, Any]:
    config = {"name": "m", "layers": list(layers), "input_layers": [["a", 0, 0]]}
    return {"class_name": "Model", "config": {**config, "output_layers": outputs}}


@pytest.mark.parametrize(
    ("layers", "outputs", "message"),
    [
        ([dense_2("d", [["gone", 0, 0, {}]])], [["d", 0, 0]], "layer 'gone' that it does not have"),
        ([dense_2("d", [["a", 0, 0, {}]])], [["gone", 0, 0]], "layer 'gone' that it does not have"),
        ([dense_2("d", [["a", 0, 0, {}]])], [["d", 7, 0]], "ends in call 7 of 'd'"),
        ([dense_2("d", [["e", 0, 0, {}]]), dense_2("e", [["d", 0, 0, {}]])], [["d", 0, 0]], "loop"),
        ([dense_2("d", [["a", 0, 0, {}]])] * 2, [["d", 0, 0]], "two layers of the name 'd'"),
        ([dense_2("d", [["a", 0, 0, {}]])], [3], "which is no tensor"),
        ([3], [["a", 0, 0]], "where a dictionary should be"),
    ],
)
def test_graphs_that_contradict_themselves(layers: Any, outputs: Any, message: str) -> None:
    with pytest.raises(NotAModelError, match=message):
        keras2.parse(functional_2(INPUT_2, *layers, outputs=outputs))


def test_layers_that_are_no_list() -> None:
    with pytest.raises(NotAModelError, match="layers of 'm' is 3 where a list should be"):
        keras2.parse({"class_name": "Sequential", "config": {"name": "m", "layers": 3}})


def test_nodes_of_keras_2_among_layers_of_keras_3() -> None:
    config = functional_2(INPUT_2, dense_2("d", [["a", 0, 0, {}]]), outputs=[["d", 0, 0]])
    with pytest.raises(NotAModelError, match="mixes Keras 3 layers with Keras 2"):
        keras3.parse(config)
