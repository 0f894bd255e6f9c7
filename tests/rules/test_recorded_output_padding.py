"""Output padding that only the shapes of a file show."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from converter.model.description import Call, Layer, Model, TensorRef
from converter.model.findings import Severity
from converter.rules.apply import Upgrade, upgrade
from tests.rules.upgrading import KERAS_3, TF_2, findings, found, in_graph, in_sequential, only

CODE = "KF242"


def transposed(shape: Any = (None, 4, 5, 3), **config: Any) -> Layer:
    usual = {"kernel_size": [3, 3], "strides": [3, 3], "data_format": "channels_last"}
    return Layer("it", "Conv2DTranspose", {**usual, **config}, build_config={"input_shape": shape})


def behind(shape: Any) -> Layer:
    call = Call((TensorRef("it"),))
    return Layer("behind", "Flatten", {}, calls=(call,), build_config={"input_shape": shape})


def upgraded(it: Layer, made: Any) -> Upgrade:
    graph = in_graph(it)
    return upgrade(replace(graph, layers=(*graph.layers, behind(made))), KERAS_3)


def padding(result: Upgrade) -> Any:
    return found(result.model).config.get("output_padding")


@pytest.mark.parametrize("made", [(None, 12, 15, 2), (None, None, None, 2), None, "?", (None, 24)])
def test_shapes_that_show_none_change_nothing(made: Any) -> None:
    result = upgraded(transposed(), made)
    assert findings(result, CODE) == []
    assert padding(result) is None


def test_a_layer_that_says_it_stays() -> None:
    result = upgraded(transposed(output_padding=[1, 1]), (None, 14, 17, 2))
    assert findings(result, CODE) == []
    assert padding(result) == [1, 1]


def test_other_writers_save_it() -> None:
    graph = in_graph(transposed())
    result = upgrade(replace(graph, layers=(*graph.layers, behind((None, 14, 17, 2)))), TF_2)
    assert findings(result, CODE) == []


@pytest.mark.parametrize(
    ("config", "made", "expected"),
    [
        ({}, (None, 14, 17, 2), [2, 2]),
        ({"padding": "same"}, (None, 11, 14, 2), [1, 1]),
        ({"strides": [2, 2], "kernel_size": [2, 3], "padding": "same"}, (None, 8, 9, 2), [2, 0]),
        ({"strides": [1, 2], "dilation_rate": [2, 1]}, (None, 8, 12, 2), [0, 1]),
    ],
)
def test_the_shape_behind_shows_it(config: Any, made: Any, expected: list[int]) -> None:
    result = upgraded(transposed(**config), made)
    assert only(result, CODE).severity is Severity.SILENT
    assert padding(result) == expected


def test_channels_first() -> None:
    it = transposed((None, 3, 4, 5), data_format="channels_first")
    graph = in_graph(it)
    graph = replace(graph, layers=(*graph.layers, behind((None, 2, 14, 17))))
    assert only(upgrade(graph, KERAS_3), CODE).severity is Severity.SILENT


def test_the_next_layer_of_a_sequential() -> None:
    graph = in_sequential(transposed())
    graph = replace(graph, layers=(*graph.layers, replace(behind((None, 14, 17, 2)), calls=())))
    assert padding(upgrade(graph, KERAS_3)) == [2, 2]


def test_one_of_several_merged_tensors() -> None:
    shapes = [[None, 14, 17, 1], [None, 14, 17, 2]]
    merged = Layer(
        "merged",
        "Concatenate",
        {},
        calls=(Call(([TensorRef("other"), TensorRef("it")],)),),
        build_config={"input_shape": shapes},
    )
    other = Layer("other", "Identity", calls=(Call((TensorRef("given"),)),))
    graph = in_graph(transposed())
    model: Model = replace(graph, layers=(*graph.layers, other, merged))
    assert padding(upgrade(model, KERAS_3)) == [2, 2]


def test_an_open_axis_is_refused() -> None:
    result = upgraded(transposed((None, None, 5, 3)), (None, None, 17, 2))
    assert only(result, CODE).severity is Severity.REFUSED
